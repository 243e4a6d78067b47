"""Truncated backpropagation through time: batches of long sequences, cut into chunks of steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.batches import Step
from gatedcore.checks import check_count
from gatedcore.layers.base import Layer
from gatedcore.layers.sequence import SequenceLayer


def check_cut(
    where: str, steps: object, layers: Sequence[Layer], input_shape: Shape, output_shape: Shape
) -> int:
    """Return the argument ``tbptt`` as an int, for a model whose sequences can be cut.

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is below 1, or a step of the model's output needs more than the steps before it.
    """
    size = check_count(where, "tbptt", steps)
    for layer in layers:
        reason = layer.why_whole()
        if reason is not None:
            raise ValueError(
                f"{where}: tbptt={size} came with {layer.name}, which {reason}, expected layers "
                "that go forward step by step; leave tbptt out, or change the layer"
            )
    if len(input_shape) < 2 or len(output_shape) < 3 or input_shape[1] != output_shape[1]:
        raise ValueError(
            f"{where}: tbptt={size} came with a model from {input_shape} to {output_shape}, "
            "expected outputs (batch, time steps, features), one for each step of the input; give "
            "the last recurrent layer return_sequences=True"
        )
    return size


def cut(
    where: str, x: Array, y: Any, weights: Array | None, size: int
) -> Iterator[tuple[Step, float]]:
    """Yield chunks of x, y and weights in the order of time, and what share of all each is.

    Raises
    ------
    ValueError
        If inputs and targets have different numbers of steps.
    """
    steps = x.shape[1]
    if y.shape[1] != steps:
        raise ValueError(
            f"{where}: y has {y.shape[1]} time steps, expected {steps} as x; pass one target for "
            "each step"
        )
    for start in range(0, steps, size):
        chosen = slice(start, min(start + size, steps))
        chunk = weights if weights is None or weights.ndim < 2 else weights[:, chosen]
        share = (chosen.stop - start) / steps
        yield (x[:, chosen], np.ascontiguousarray(y[:, chosen]), chunk), share


@contextmanager
def states_between_chunks(layers: Sequence[Layer]) -> Iterator[None]:
    """Let recurrent layers carry their states from one training forward to the next within."""
    carrying = [layer for layer in layers if isinstance(layer, SequenceLayer)]
    try:
        for layer in carrying:
            layer.begin_chunks()
        yield
    finally:
        for layer in carrying:
            layer.end_chunks()
