"""Models written as ONNX files: both kinds of model, their ends, what cannot be expressed."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from gatedcore.interop.onnx import export as export_function
from gatedcore.interop.onnx.export import _WRITERS
from graphs import GRAPHS
from interop.onnx.exported import assert_close, assert_exports, outputs_of

X = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)


def small():
    return gk.Sequential([gk.Input((None, 3), name="series"), gk.LSTM(4), gk.Dense(2, name="out")])


def axes(value):
    return [one.dim_param or one.dim_value for one in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("graph", GRAPHS)
def test_graphs_in_float64(graph):
    # ONNX Runtime has no float64 in its recurrent operators; this library has.
    model, x = graph()
    made = gk.onnx.export(model)
    given = x if isinstance(x, list) else [x]
    found = gk.onnx.load(made)(given)
    listed = [found] if isinstance(found, np.ndarray) else found
    for one, other in zip(listed, outputs_of(model, x), strict=True):
        assert one.dtype == np.float64
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_inputs_that_are_outputs_too():
    x = gk.Input((5, 3), name="series")
    tokens = gk.Input((5,), dtype="int32", name="tokens")
    states = [gk.GRU(2)(x), gk.GRU(2)(gk.Embedding(4, 3)(tokens))]
    made = gk.onnx.export(gk.Model([x, tokens], [*states, x, tokens]))
    series, numbers = X[:, :5], np.arange(5 * len(X)).reshape(-1, 5) % 4
    found = gk.onnx.load(made)([series, numbers])
    np.testing.assert_array_equal(found[2], series)
    np.testing.assert_array_equal(found[3], numbers)


def test_a_file_is_written_and_read(tmp_path):
    model = small()
    path = tmp_path / "model.onnx"
    made = gk.onnx.export(model, path)
    assert onnx.load(path) == made
    assert_close([gk.onnx.load(path)(X)], [model(X)])
    gk.onnx.export(model, str(path))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["model.onnx"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="stateful"):
        gk.onnx.export(gk.Sequential([gk.LSTM(2, stateful=True, input_shape=(None, 3))]), path)
    assert path.read_bytes() == b"old"
    with pytest.raises(OSError, match="no folder"):
        gk.onnx.export(small(), tmp_path / "no folder" / "model.onnx")


def test_the_ends_have_the_models_names_and_open_axes():
    made = assert_exports(small(), X)
    (x,), (y,) = made.graph.input, made.graph.output
    assert (x.name, axes(x)) == ("series", ["batch", "time", 3])
    assert (y.name, axes(y)) == ("out", ["batch", 2])


def test_sizes_that_are_fixed_stay_so():
    made = assert_exports(gk.Sequential([gk.Input((5, 3)), gk.Flatten(), gk.Dense(1)]), X)
    assert axes(made.graph.input[0]) == ["batch", 5, 3]


def test_without_an_input_layer_it_is_called_input():
    made = assert_exports(gk.Sequential([gk.LSTM(2, input_shape=(None, 3))]), X)
    assert made.graph.input[0].name == "input"
    late = gk.Sequential([gk.LSTM(2), gk.Dense(1)])
    late(X)
    assert_exports(late, X)


def test_several_inputs_and_outputs_by_name():
    a, b = gk.Input((None, 3), name="a"), gk.Input((None, 3), name="b")
    layer = gk.GRU(2, name="shared")
    model = gk.Model({"a": a, "b": b}, {"one": layer(a), "two": layer(b)})
    made = gk.onnx.export(model)
    assert [axes(one)[1] for one in made.graph.input] == ["a_time", "b_time"]
    found = dict(zip(["one", "two"], gk.onnx.load(made)({"a": X, "b": 2 * X}), strict=True))
    expected = model({"a": X, "b": 2 * X})
    assert [one.name for one in made.graph.output] == ["one", "two"]
    assert_close([found["one"], found["two"]], [expected["one"], expected["two"]])


def test_outputs_of_one_layer_have_names_of_their_own():
    x = gk.Input((None, 3), name="x")
    model = gk.Model(x, list(gk.LSTM(2, return_state=True, name="lstm")(x)))
    made = assert_exports(model, X)
    assert [one.name for one in made.graph.output] == ["lstm", "lstm_1", "lstm_2"]


def test_models_within_models():
    inner = gk.Sequential([gk.Input((None, 3)), gk.GRU(4, return_sequences=True), gk.Dense(3)])
    x = gk.Input((None, 3), name="x")
    assert_exports(gk.Model(x, gk.LSTM(2)(inner(inner(x)))), X)


def test_the_model_stays_as_it_is():
    model = small()
    model.compile("adam", "mse")
    before = model.get_weights()
    gk.onnx.export(model)
    model.fit(X, np.zeros((4, 2)), epochs=1, verbose=0)
    assert len(before) == len(model.get_weights())
    assert_exports(model, X)


def test_a_model_is_built_and_a_model():
    with pytest.raises(ValueError, match=r"gk\.onnx\.export: model has no weights yet"):
        gk.onnx.export(gk.Sequential([gk.LSTM(3)]))
    with pytest.raises(TypeError, match="model has type LSTM, expected a Sequential or a Model"):
        gk.onnx.export(gk.LSTM(3))


class Doubling(gk.layers.Layer):
    def call(self, x):
        return 2 * x


class Wider(gk.Dense):
    pass


@pytest.mark.parametrize(
    "layer", [Doubling(name="own"), Wider(3, name="own"), gk.layers.Lambda(abs, name="own")]
)
def test_layers_of_ones_own_are_named(layer):
    kind = type(layer).__name__
    with pytest.raises(ValueError, match=f"own is a {kind}, expected one of gatedcore's own"):
        gk.onnx.export(gk.Sequential([gk.Input((None, 3)), layer]))


# Layers without a writer of their own, and why.
OTHERS = {
    "Layer": "what all are made of",
    "Wrapper": "likewise",
    "Lambda": "a function of one's own",
    "Input": "an end of the graph",
    "InputLayer": "likewise",
    "TextVectorization": "texts, before there are numbers",
    "LSTMCell": "within RNN",
    "GRUCell": "within RNN",
    "SimpleRNNCell": "within RNN",
    "StackedRNNCells": "within RNN",
}


def test_every_layer_can_be_written():
    kinds = {n: getattr(gk.layers, n) for n in gk.layers.__all__}
    found = {n for n, kind in kinds.items() if isinstance(kind, type) and kind in _WRITERS}
    layers = {
        n for n, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, gk.layers.Layer)
    }  # fmt: skip
    assert layers - found - set(OTHERS) == set()
    assert export_function is gk.onnx.export
