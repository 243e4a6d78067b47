"""Small files changed at random: an error that says why, or a model that runs; never more."""

import functools
import random
import tracemalloc

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from damage import damaged
from gatedcore.interop.onnx import chains
from interop.onnx.damage import damaged_parts

ROUNDS = 60  # of changes to each of the files
MEMORY = 10**6  # what a model that came through may take to run
# Beside a few times the file: objects of the parser's and ours, whatever the file is.
BASE = 200_000


@functools.cache
def files():
    """Return files of several kinds of models, some ten kilobytes together."""
    x = gk.Input((None, 3), name="x")
    y, *states = gk.Bidirectional(gk.GRU(2, return_state=True))(gk.Masking()(x))
    tokens = gk.Input((None,), dtype="int64", name="tokens")
    e = gk.Embedding(5, 3, mask_zero=True)(tokens)
    models = [
        gk.Sequential([gk.Input((None, 3)), gk.LSTM(4, activation="elu"), gk.Dense(2, "gelu")]),
        gk.Model([x, tokens], [gk.Concatenate()([y, *states]), gk.GRU(2)(gk.Add()([e, x]))]),
        gk.Sequential([gk.Input((5, 3)), gk.TimeDistributed(gk.Dense(2)), gk.Flatten()]),
        gk.Sequential([gk.Input((5, 3)), gk.LayerNormalization(), gk.SimpleRNN(2)]),
        gk.Sequential([gk.Input((3,)), gk.RepeatVector(3), gk.layers.GlobalAveragePooling1D()]),
    ]
    return [gk.onnx.export(model).SerializeToString() for model in models]


def shape_of(value):
    """Return what is said of a shape, or one where nothing is."""
    return (2, 4, 3) if value.shape is None else value.shape


def inputs_for(model, rng):
    """Return arrays that suit what a model says of its inputs."""
    sizes = {None: 4}
    return {
        one.name: rng.integers(0, 4, [sizes.get(n, n) for n in shape_of(one)])
        .clip(0, 3)
        .astype(one.dtype)
        for one in model.inputs
    }


def traced(run):
    """Return what a function returns, or None and the ValueError it raises; and the memory."""
    tracemalloc.start()
    result, message = None, ""
    try:
        result = run()
    except ValueError as error:
        message = str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, message, peak


def try_all(data, rng):
    """Load and run a file; return whether it loaded, and the memory that both took."""
    model, message, loading = traced(lambda: gk.onnx.load(data, max_memory=MEMORY))
    if model is None:
        assert message.startswith("gk.onnx.load: ")
        return False, loading, 0
    if any(n is not None and n > 20 for one in model.inputs for n in shape_of(one)):
        return True, loading, 0
    row, message, taking = traced(model.to_sequential)
    assert row is not None or message.startswith(f"{chains.WHERE}: ")
    assert taking < BASE + 6 * len(data)
    given = inputs_for(model, rng)
    result, message, running = traced(lambda: model.run(given))
    assert result is not None or message.startswith("gk.onnx.load: node"), message
    return True, loading, running


@pytest.mark.parametrize("change", [damaged, damaged_parts])
@pytest.mark.parametrize("number", range(5))
def test_changed_files(change, number):
    rng = random.Random(number)
    data = files()[number]
    loaded = 0
    for _ in range(ROUNDS):
        new = change(data, rng)
        came, loading, running = try_all(new, np.random.default_rng(number))
        assert loading < BASE + 6 * len(new)
        assert running < BASE + 3 * MEMORY
        loaded += came
    assert loaded < ROUNDS  # some do not, so that errors are tried


def test_files_as_they_are_load_and_run():
    for data in files():
        came, loading, running = try_all(data, np.random.default_rng(0))
        assert came
        assert running > 0
        assert loading < BASE + 6 * len(data)
