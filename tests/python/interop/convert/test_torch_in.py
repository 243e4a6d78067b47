"""Modules and state dicts of PyTorch in: the same weights, the same outputs."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.archive import SavedFileError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn

X = np.random.default_rng(0).standard_normal((3, 6, 5)).astype(np.float32)
TOKENS = np.random.default_rng(0).integers(0, 10, (3, 6))


def computed(module, x):
    with torch.no_grad():
        return module.eval()(torch.from_numpy(x))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_modules(kind, layers, bidirectional, bias):
    torch.manual_seed(0)
    module = kind(5, 4, layers, bias=bias, bidirectional=bidirectional, batch_first=True)
    output, states = computed(module, X)
    ours = gk.from_torch(module)
    np.testing.assert_allclose(ours.predict(X), output.numpy(), rtol=1e-5, atol=1e-6)
    h = states[0] if kind is nn.LSTM else states
    last = torch.cat(list(h[-(1 + bidirectional) :]), -1).numpy()
    for source in (module, module.state_dict()):
        ours = gk.from_torch(source, return_sequences=False)
        np.testing.assert_allclose(ours.predict(X), last, rtol=1e-5, atol=1e-6)


def test_float64_and_relu():
    module = nn.RNN(5, 4, nonlinearity="relu", batch_first=True).double()
    x = X.astype(np.float64)
    ours = gk.from_torch(module)
    assert ours.dtype == np.float64
    np.testing.assert_allclose(ours.predict(x), computed(module, x)[0].numpy(), rtol=1e-12)


def test_dropout_between_layers_comes_over():
    ours = gk.from_torch(nn.GRU(5, 4, 2, dropout=0.3))
    assert [type(layer) for layer in ours.layers] == [gk.GRU, gk.Dropout, gk.GRU]


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 5)
        self.lstm = nn.LSTM(5, 4, 2, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(
            nn.LayerNorm(8),
            nn.Linear(8, 3),
            nn.GELU(),
            nn.Sequential(nn.Linear(3, 2), nn.Softmax(-1)),
        )

    def forward(self, tokens):
        _, (h, _) = self.lstm(self.embedding(tokens))
        return self.head(torch.cat([h[-2], h[-1]], -1))


def test_modules_in_a_list_feed_each_other():
    torch.manual_seed(0)
    theirs = Classifier()
    ours = gk.from_torch([theirs.embedding, theirs.lstm, theirs.head], return_sequences=False)
    expected = computed(theirs, TOKENS).numpy()
    np.testing.assert_allclose(ours.predict(TOKENS), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"module '' \(Classifier\): a Classifier has no counter"):
        gk.from_torch(theirs)


def test_names_come_from_paths():
    row = nn.Sequential()
    row.add_module("fc", nn.Linear(5, 4))
    row.add_module("out", nn.Sequential(nn.Tanh(), nn.Linear(4, 1)))
    row.add_module("2", nn.Tanh())
    names = [layer.name for layer in gk.from_torch(row).layers]
    assert names[:3] == ["fc", "out_0", "out_1"]
    assert names[3].startswith("activation")


@pytest.mark.parametrize("ending", ["pt", "pth", "safetensors"])
def test_files_of_state_dicts(tmp_path, ending):
    torch.manual_seed(0)
    theirs = Classifier()
    path = tmp_path / f"model.{ending}"
    if ending == "safetensors":
        from safetensors.torch import save_file

        save_file(theirs.state_dict(), path)
    else:
        torch.save(theirs.state_dict(), path)
    ours = gk.from_torch(path, prefix="lstm.")
    assert [layer.name for layer in ours.layers] == ["lstm_l0", "lstm_l1"]
    np.testing.assert_allclose(
        ours.predict(X), computed(theirs.lstm, X)[0].numpy(), rtol=1e-5, atol=1e-6
    )
    with pytest.raises(SavedFileError, match=r"weights are called .*pass those alone, their"):
        gk.from_torch(path)


def test_the_shape_of_the_input_is_told_or_passed():
    assert gk.from_torch(nn.Linear(5, 2)).input_shape == (None, 5)
    assert gk.from_torch(nn.Linear(5, 2), input_shape=(None, 5)).predict(X).shape == (3, 6, 2)
    row = nn.Sequential(nn.Flatten(), nn.Linear(30, 2))
    with pytest.raises(ValueError, match=r"do not say the shape of their input; pass input_shape"):
        gk.from_torch(row)
    expected = computed(row, X).numpy()
    np.testing.assert_allclose(
        gk.from_torch(row, input_shape=(6, 5)).predict(X), expected, rtol=1e-5, atol=1e-6
    )
    assert gk.from_torch(nn.Tanh()).predict(X).shape == X.shape


def test_arguments_are_checked(tmp_path):
    with pytest.raises(TypeError, match="has type int, expected a torch"):
        gk.from_torch(3)
    with pytest.raises(ValueError, match="there is no module, expected at least one"):
        gk.from_torch([])
    with pytest.raises(ValueError, match="prefix='a' came with modules, expected a state dict"):
        gk.from_torch(nn.Linear(3, 2), prefix="a")
    with pytest.raises(ValueError, match=r"'a\.bin' is no name of a file of weights"):
        gk.from_torch("a.bin")
    with pytest.raises(FileNotFoundError):
        gk.from_torch(tmp_path / "absent.pt")
    with pytest.raises(TypeError, match="return_sequences"):
        gk.from_torch(nn.Linear(3, 2), return_sequences=1)
