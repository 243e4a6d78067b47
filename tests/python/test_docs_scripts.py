"""The page on scripts written for Keras: its errors name what it says."""

import re
from pathlib import Path

import pytest

import gatedcore as gk
from gatedcore import keras_names

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scripts.md").read_text()


def test_names_that_it_calls_absent_are_absent_and_others_are_there() -> None:
    absent = {
        name for names in keras_names._ADVICE["gatedcore.layers"].values() for name in names.split()
    }
    assert {
        "Attention",
        "MultiHeadAttention",
        "BatchNormalization",
        "Conv1D",
        "MaxPooling1D",
    } <= absent
    for name in ("Lambda", "dot", "LayerNormalization", "Masking", "Add"):
        assert f"{name}(" in PAGE or f"`{name}`" in PAGE
        assert hasattr(gk.layers, name)
    for name in ("adadelta", "adamax"):
        with pytest.raises(
            ValueError, match=f"optimizer is '{name}', expected one of sgd, rmsprop"
        ):
            gk.optimizers.get(name)
    (row,) = re.findall(r"rarer ones \| (.*?) \|", PAGE)
    for name in row.split(", "):
        assert hasattr(gk.optimizers, name)


@pytest.mark.parametrize("argument", ["unroll", "implementation", "run_eagerly", "jit_compile"])
def test_arguments_that_it_says_are_taken_are(argument: str) -> None:
    assert f"`{argument}`" in PAGE
    if argument in ("unroll", "implementation"):
        gk.LSTM(2, **{argument: 1 if argument == "implementation" else True})
    else:
        gk.Sequential([gk.Dense(1)]).compile("adam", "mse", **{argument: True})
