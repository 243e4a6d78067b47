"""Strict calls of the compiled module with small valid arguments, to be spoilt one at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatedcore import _core

B, T, I, H = 3, 4, 2, 5  # noqa: E741 (the equations' letters)


def lstm_arguments(dtype: str = "float32") -> dict[str, Any]:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> Any:
        return rng.normal(size=shape).astype(dtype)

    return {
        "x": draw(B, T, I),
        "kernel": draw(I, 4 * H),
        "recurrent_kernel": draw(H, 4 * H),
        "bias": draw(4 * H),
        "h0": draw(B, H),
        "c0": draw(B, H),
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "time_major": False,
        "go_backwards": False,
        "return_sequences": True,
        "save": True,
    }


def gru_arguments(dtype: str = "float32", reset_after: bool = True) -> dict[str, Any]:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> Any:
        return rng.normal(size=shape).astype(dtype)

    return {
        "x": draw(B, T, I),
        "kernel": draw(I, 3 * H),
        "recurrent_kernel": draw(H, 3 * H),
        "bias": draw(2, 3 * H) if reset_after else draw(3 * H),
        "h0": draw(B, H),
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "reset_after": reset_after,
        "time_major": False,
        "go_backwards": False,
        "return_sequences": True,
        "save": True,
    }


def lstm_gradients(dtype: str = "float32") -> dict[str, Any]:
    return {
        "d_h": np.ones((B, T, H), dtype),
        "d_h_last": np.ones((B, H), dtype),
        "d_c_last": np.ones((B, H), dtype),
        "need_d_x": True,
        "d_kernel": np.zeros((I, 4 * H), dtype),
        "d_recurrent_kernel": np.zeros((H, 4 * H), dtype),
        "d_bias": np.zeros(4 * H, dtype),
    }


def gru_gradients(dtype: str = "float32", reset_after: bool = True) -> dict[str, Any]:
    return {
        "d_h": np.ones((B, T, H), dtype),
        "d_h_last": np.ones((B, H), dtype),
        "need_d_x": True,
        "d_kernel": np.zeros((I, 3 * H), dtype),
        "d_recurrent_kernel": np.zeros((H, 3 * H), dtype),
        "d_bias": np.zeros((2, 3 * H) if reset_after else 3 * H, dtype),
    }


def lstm_cache() -> _core.LSTMCache:
    cache = _core.lstm_forward(**lstm_arguments())[3]
    assert cache is not None
    return cache


def gru_cache() -> _core.GRUCache:
    cache = _core.gru_forward(**gru_arguments())[2]
    assert cache is not None
    return cache


def misaligned(array: np.ndarray) -> np.ndarray:
    """Return a copy whose elements stand one byte off their alignment."""
    memory = np.zeros(array.nbytes + 1, np.uint8)
    view = memory[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view
