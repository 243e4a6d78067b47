"""Graphs in a row as models that can be trained: from this library, from PyTorch, and no others."""

import tracemalloc

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import helper, numpy_helper

import gatedcore as gk
from interop.onnx.models import model_of, one_node

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 6, 3)).astype(np.float32)
TOKENS = RNG.integers(0, 9, (4, 6))
F = np.float32


def again(model):
    return gk.onnx.load(gk.onnx.export(model)).to_sequential()


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


ROWS = [
    [gk.LSTM(4), gk.Dense(2)],
    [gk.GRU(4, return_sequences=True), gk.Dense(2, "softmax")],
    [gk.GRU(4, reset_after=False, activation="elu", recurrent_activation="hard_sigmoid")],
    [gk.LSTM(4, return_sequences=True, go_backwards=True), gk.LSTM(3, go_backwards=True)],
    [gk.SimpleRNN(4, "relu", return_sequences=True), gk.SimpleRNN(3, use_bias=False)],
    [gk.Bidirectional(gk.LSTM(4, return_sequences=True)), gk.Bidirectional(gk.GRU(3))],
    [gk.LSTM(4, activation="linear", use_bias=False), gk.Dense(3, use_bias=False)],
    [gk.Dense(4, "tanh"), gk.LayerNormalization(), gk.GRU(3, return_sequences=True)],
    [gk.LayerNormalization(center=False), gk.Flatten(), gk.Dense(1)],
    [gk.layers.GlobalAveragePooling1D(), gk.Dense(2), gk.Activation("relu")],
    [gk.Dense(2), gk.layers.GlobalMaxPooling1D(), gk.Activation("tanh"), gk.layers.LeakyReLU(0.1)],
    [gk.Dropout(0.3), gk.LSTM(4, dropout=0.2), gk.Dense(2, "exponential")],
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "+".join(layer.name for layer in row))
def test_rows_come_back(row):
    model = gk.Sequential([gk.Input((6, 3), name="series"), *row])
    back = again(model)
    np.testing.assert_array_equal(back(X), model(X))
    said = [n for n in kinds(model) if n != "Dropout"]  # which leaves nothing
    if ["Dense", "Activation"] in (said[k : k + 2] for k in range(len(said))):
        said.remove("Activation")  # the dense layer has it now
    assert kinds(back) == said
    assert (back.input_shape, back.inputs[0].name) == ((None, 6, 3), "series")


def test_tokens_come_back():
    model = gk.Sequential(
        [gk.Input((None,), dtype="int64"), gk.Embedding(9, 4), gk.GRU(3), gk.Dense(2, "sigmoid")]
    )
    back = again(model)
    np.testing.assert_array_equal(back(TOKENS), model(TOKENS))
    assert kinds(back) == ["Embedding", "GRU", "Dense"]
    assert back.input_shape == (None, None)


def test_float64_comes_back():
    model = gk.Sequential([gk.Input((None, 3), dtype="float64"), gk.LSTM(4), gk.Dense(2)])
    back = again(model)
    assert back.dtype == np.float64
    np.testing.assert_array_equal(back(X.astype(np.float64)), model(X.astype(np.float64)))


def test_what_comes_back_learns_and_is_written_again():
    model = again(gk.Sequential([gk.Input((None, 3)), gk.LSTM(4), gk.Dense(1)]))
    y = X[:, -1, :1]
    model.compile(gk.Adam(0.05), "mse")
    loss = model.fit(X, y, epochs=40, verbose=0).history["loss"]
    assert loss[-1] < loss[0] / 3
    np.testing.assert_array_equal(again(model)(X), model(X))


def torch_model(module, x, **options):
    import io
    import warnings

    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what will change in PyTorch
        torch.onnx.export(
            module.eval(), (x,), file, dynamo=False, opset_version=17, input_names=["x"],
            dynamic_axes={"x": {0: "a", 1: "b"}}, **options,
        )  # fmt: skip
    return gk.onnx.load(file.getvalue()).to_sequential()


def torch_classes():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn

    class LastStep(nn.Module):
        def __init__(self, kind, **options):
            super().__init__()
            self.rnn = kind(3, 5, **options)
            self.out = nn.Linear(5, 2)

        def forward(self, x):
            y, _ = self.rnn(x)
            return torch.tanh(self.out(y[:, -1] if self.rnn.batch_first else y[-1]))

    class EveryStep(nn.Module):
        def __init__(self, kind, **options):
            super().__init__()
            self.table = nn.Embedding(9, 4)
            self.rnn = kind(4, 5, bidirectional=True, **options)
            self.out = nn.Linear(10, 2)

        def forward(self, tokens):
            return self.out(self.rnn(self.table(tokens))[0])

    return torch, LastStep, EveryStep


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_modules_of_pytorch(kind, batch_first):
    torch, last_step, every_step = torch_classes()
    options = {"batch_first": batch_first, "num_layers": 2}
    for make, x in ((last_step, torch.from_numpy(X)), (every_step, torch.from_numpy(TOKENS))):
        module = make(getattr(torch.nn, kind), **options)
        given = x if batch_first else x.swapaxes(0, 1).contiguous()
        model = torch_model(module, given)
        with torch.no_grad():
            expected = module(given).numpy()
        if not batch_first and expected.ndim == 3:
            expected = expected.swapaxes(0, 1)
        np.testing.assert_allclose(model(x.numpy()), expected, atol=1e-5)  # sums in another order
        assert model.count_params() > 0


def add_weight(model, name, array):
    """Make an input of a model a constant of it."""
    model.graph.initializer.append(numpy_helper.from_array(array, name))


def lstm(**given):
    """Return a model of one LSTM; arrays given by name are constants, attributes are others."""
    shapes = {"W": (1, 12, 3), "R": (1, 12, 3), "B": (1, 24), "P": (1, 9)}
    arrays = {n: np.ones(shapes.get(n, (1, 4, 3)), F) for n in ("W", "R")}
    arrays |= {n: a for n, a in given.items() if isinstance(a, np.ndarray)}
    rest = {n: a for n, a in given.items() if not isinstance(a, np.ndarray)}
    order = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
    inputs = {"X": X.swapaxes(0, 1), **{n: arrays.get(n) for n in order[1:]}}
    model = one_node("LSTM", inputs, ("Y",), opset=14, **rest)
    for name, array in arrays.items():
        add_weight(model, name, array)
    squeeze = helper.make_node("Squeeze", ["Y", "axis"], ["y"])
    add_weight(model, "axis", np.array([1]))
    model.graph.node.append(squeeze)
    model.graph.output[0].name = "y"
    return model


def test_an_lstm_of_ones():
    model = gk.onnx.load(lstm())
    row = model.to_sequential()
    found = row(X)  # the batch first
    np.testing.assert_allclose(found.swapaxes(0, 1), model(X.swapaxes(0, 1)), rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"P": np.ones((1, 9), F)}, "node 0 .LSTM.: has P, expected none"),
        ({"sequence_lens": np.array([6, 6, 6, 1], np.int32)}, "has sequence_lens"),
        ({"initial_h": np.ones((1, 4, 3), F)}, "has first states, expected zeros"),
        ({"clip": 0.5}, "has computed weights, clip or input_forget"),
        ({"input_forget": 1}, "has computed weights, clip or input_forget"),
        ({"activations": ["Sigmoid", "Tanh", "Relu"]}, "two activations of candidate and cell"),
        ({"activations": ["HardSigmoid", "Tanh", "Tanh"]}, "activation HardSigmoid with options"),
        ({"direction": "reverse"}, "output has the axes rbf"),
    ],
)
def test_what_layers_have_not_is_named(given, message):
    with pytest.raises(ValueError, match=message):
        gk.onnx.load(lstm(**given)).to_sequential()


def test_first_states_of_zeros_are_none():
    model = gk.onnx.load(lstm(initial_h=np.zeros((1, 4, 3), F), initial_c=np.zeros((1, 4, 3), F)))
    assert kinds(model.to_sequential()) == ["LSTM"]


NEG = helper.make_node("Neg", ["x"], ["y"])


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([("Neg", ["x"], ["y"])], r"node 0 \(Neg\): expected an operator that is a layer"),
        ([("Add", ["x", "x"], ["y"])], "takes two values that follow from the input"),
        ([("Add", ["x", "w"], ["y"])], "adds something, expected the bias of a product"),
        ([("MatMul", ["w", "x"], ["y"])], "expected features times a matrix"),
        ([("Identity", ["x"], ["y"])], "output is the input"),
        ([("Exp", ["x"], ["v"]), ("Neg", ["v"], ["y"])], "node 1 .Neg.: expected an operator"),
        ([("Softmax", ["x"], ["y"], {"axis": 1})], "has options"),
        ([("ReduceMean", ["x"], ["y"], {"axes": [0]})], "expected time alone"),
        ([("Transpose", ["x"], ["y"], {"perm": [2, 1, 0]})], "output has the axes ftb"),
        ([("Transpose", ["x"], ["y"], {"perm": [1, 0, 2]})], "output has the axes tbf"),
        ([("Neg", ["w"], ["v"]), ("Neg", ["x"], ["y"])], "expected an operator"),
        ([("Neg", ["w"], ["y"])], "output has the axes nothing"),
        ([("MatMul", ["x", "w"], ["y"])], "layers do not make a row"),
        ([("Transpose", ["x"], ["y"], {"perm": [1, 0, 5]})], "is no layer here"),
    ],
)
def test_other_graphs_are_no_row(nodes, message):
    made = [helper.make_node(op, i, o, **(a[0] if a else {})) for op, i, o, *a in nodes]
    weight = numpy_helper.from_array(np.ones((4, 4), F), "w")
    model = model_of(made, {"x": X}, {"y": F}, [weight])
    with pytest.raises(ValueError, match=rf"gk\.onnx\.to_sequential: .*{message}"):
        gk.onnx.load(model).to_sequential()


def test_no_weights_are_made_for_sizes_that_are_only_claimed():
    made = gk.onnx.export(gk.Sequential([gk.Input((None, 3)), gk.LSTM(4), gk.Dense(1)]))
    made.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 2**40
    model = gk.onnx.load(made)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"lstm\S* has weights for other inputs than \(None, None"):
        model.to_sequential()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**6


def test_one_input_and_one_output_of_known_axes():
    two = model_of([NEG, helper.make_node("Abs", ["x"], ["z"])], {"x": X}, {"y": F, "z": F})
    with pytest.raises(ValueError, match="1 inputs and 2 outputs, expected one of each"):
        gk.onnx.load(two).to_sequential()
    with pytest.raises(ValueError, match=r"input 'x' has shape \(4,\)"):
        gk.onnx.load(model_of([NEG], {"x": X[:, 0, 0]}, {"y": F})).to_sequential()
