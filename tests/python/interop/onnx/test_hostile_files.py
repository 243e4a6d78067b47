"""Small files changed at random: an error that says why, or a model that runs; never more."""

import functools
import tracemalloc

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from gatedcore.interop.onnx import chains

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


def changed_bytes(data, rng):
    """Return a file with some bytes changed, left out, doubled or moved."""
    data = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        place, size = int(rng.integers(len(data))), int(rng.integers(1, 20))
        kind = rng.integers(5)
        if kind == 0:
            data[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            data[place] = int(rng.choice([0, 1, 127, 128, 255]))
        elif kind == 2:
            del data[place : place + size]
        elif kind == 3:
            data[place:place] = data[place : place + size]
        else:
            data[place : place + size] = rng.integers(0, 256, size, np.uint8).tobytes()
    return bytes(data)


def changed_parts(data, rng):
    """Return a file with some of its numbers, names or parts changed, which still parses."""
    model = onnx.ModelProto.FromString(data)
    for _ in range(int(rng.integers(1, 4))):
        message = model
        while True:  # down to a message that is changed
            inner = [
                one
                for field, value in message.ListFields()
                if field.message_type is not None
                for one in (value if hasattr(value, "append") or hasattr(value, "add") else [value])
            ]
            if not inner or rng.random() < 0.2:
                break
            message = inner[int(rng.integers(len(inner)))]
        change_one(message, rng)
    return model.SerializeToString()


def change_one(message, rng):
    """Change a field of a message."""
    fields = message.ListFields()
    if not fields:
        return
    field, value = fields[int(rng.integers(len(fields)))]
    number = int(rng.choice([0, 1, -1, 2, 3, 7, 2**31 - 1, -(2**31), 2**62, -(2**63)]))
    if hasattr(value, "add") or hasattr(value, "append"):
        if rng.random() < 0.4 or not len(value):
            del value[:]
        elif field.message_type is not None:
            value.append(value[int(rng.integers(len(value)))])
        elif field.type == field.TYPE_INT64:
            value[int(rng.integers(len(value)))] = number
        else:
            value.append(value[0])
    elif field.message_type is not None:
        message.ClearField(field.name)
    elif field.type == field.TYPE_STRING:
        setattr(message, field.name, str(rng.choice(["", "x", "tokens", "LSTM", "Concat", "If"])))
    elif field.type == field.TYPE_BYTES:
        setattr(message, field.name, bytes(value)[: int(rng.integers(len(value) + 1))])
    elif field.type == field.TYPE_FLOAT:
        setattr(message, field.name, float(rng.choice([0, -1, np.inf, np.nan, 1e30])))
    elif field.type == field.TYPE_ENUM:
        values = list(field.enum_type.values_by_number)
        setattr(message, field.name, int(rng.choice(values)))
    else:
        wide = field.type == field.TYPE_INT64
        setattr(message, field.name, number if wide else int(np.clip(number, -(2**31), 2**31 - 1)))


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


@pytest.mark.parametrize("change", [changed_bytes, changed_parts])
@pytest.mark.parametrize("number", range(5))
def test_changed_files(change, number):
    rng = np.random.default_rng(number)
    data = files()[number]
    loaded = 0
    for _ in range(ROUNDS):
        new = change(data, rng)
        came, loading, running = try_all(new, rng)
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
