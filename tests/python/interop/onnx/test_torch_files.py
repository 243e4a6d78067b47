"""Models that PyTorch exported: read here, they compute what they did there."""

import io
import warnings

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import gatedcore as gk

ATOL = 1e-5  # float32, sums of a dozen numbers in two orders


class LastStep(torch.nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.rnn = kind(3, 5, **options)
        self.out = torch.nn.Linear(10 if options.get("bidirectional") else 5, 2)

    def forward(self, x):
        y, _ = self.rnn(x)
        last = y[:, -1] if self.rnn.batch_first else y[-1]
        return torch.log_softmax(self.out(torch.relu(last)), -1)


class Tagger(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(10, 4)
        self.rnn = torch.nn.LSTM(4, 6, 2, bidirectional=True, batch_first=True, dropout=0.1)
        self.norm = torch.nn.LayerNorm(12)
        self.out = torch.nn.Linear(12, 3)

    def forward(self, tokens):
        y, (h, _) = self.rnn(self.table(tokens))
        return self.out(torch.nn.functional.gelu(self.norm(y))).mean(1), h


class GivenStates(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(3, 5)

    def forward(self, x, h, c):
        y, (h, c) = self.rnn(x, (h, c))
        return y, h, c


def exported(module, inputs, opset):
    names = [f"input_{k}" for k in range(len(inputs))]
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what will change in PyTorch
        torch.onnx.export(
            module.eval(), inputs, file, dynamo=False, opset_version=opset, input_names=names,
            dynamic_axes={name: {0: "a", 1: "b"} for name in names},
        )  # fmt: skip
    return gk.onnx.load(file.getvalue())


def assert_agrees(model, module, inputs):
    with torch.no_grad():
        expected = module(*inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    found = model([one.numpy() for one in inputs])
    found = found if isinstance(found, list) else [found]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=ATOL)


@pytest.mark.parametrize("opset", [9, 13, 20])
@pytest.mark.parametrize(
    "options",
    [{}, {"batch_first": True}, {"bidirectional": True, "num_layers": 2, "batch_first": True}],
    ids=lambda options: "+".join(options) or "plain",
)
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_modules(kind, options, opset):
    torch.manual_seed(0)
    module = LastStep(getattr(torch.nn, kind), **options)
    model = exported(module, (torch.randn(4, 6, 3),), opset)
    for shape in ((4, 6, 3), (2, 9, 3)):
        assert_agrees(model, module, (torch.randn(*shape),))


@pytest.mark.parametrize("opset", [11, 17, 20])
def test_a_tagger(opset):
    torch.manual_seed(0)
    module = Tagger()
    model = exported(module, (torch.randint(0, 10, (3, 7)),), opset)
    for shape in ((3, 7), (1, 12)):
        assert_agrees(model, module, (torch.randint(0, 10, shape),))


def test_states_as_inputs_and_outputs():
    torch.manual_seed(0)
    inputs = torch.randn(6, 4, 3), torch.randn(1, 4, 5), torch.randn(1, 4, 5)
    module = GivenStates()
    assert_agrees(exported(module, inputs, 17), module, inputs)
