"""The command ``gatedcore convert``."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import cli, conversion
from gatedcore.interop.gate_order import keras_to_torch

X = np.random.default_rng(0).standard_normal((2, 4, 3)).astype(np.float32)


def small():
    model = gk.Sequential([gk.LSTM(2, input_shape=(None, 3), name="lstm"), gk.Dense(1, name="d")])
    model.compile("adam", "mse")
    return model


@pytest.fixture
def own(tmp_path):
    model = small()
    model.save(tmp_path / "own.safetensors")
    return model, str(tmp_path / "own.safetensors")


def run(*arguments):
    return cli.main(["convert", *map(str, arguments)])


def test_own_files_are_told_from_those_of_torch(own, tmp_path, capsys):
    from safetensors.numpy import save_file

    model, path = own
    assert run(path, tmp_path / "copy.safetensors") == 0
    copy = gk.load_model(tmp_path / "copy.safetensors")
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert copy.optimizer is not None
    assert run(path, tmp_path / "copy.safetensors", "--no-compile") == 0
    assert gk.load_model(tmp_path / "copy.safetensors").optimizer is None

    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    weights = dict(zip(names, keras_to_torch("lstm", *model.layers[0].get_weights()), strict=True))
    save_file({f"net.{n}": w for n, w in weights.items()}, tmp_path / "torch.safetensors")
    arguments = ("--prefix", "net.", "--last-state")
    assert run(tmp_path / "torch.safetensors", tmp_path / "copy.safetensors", *arguments) == 0
    copy = gk.load_model(tmp_path / "copy.safetensors")
    np.testing.assert_array_equal(copy.predict(X), model.layers[0](X))
    out = capsys.readouterr().out
    assert "Sequential 'sequential" in out
    assert "net  LSTM  48" in out


def test_the_report_names_what_was_read():
    lines = conversion.report("a.keras", small())
    assert lines[0].startswith("a.keras: Sequential 'sequential")
    assert lines[0].endswith(", 2 layers, 51 parameters")
    assert lines[1:] == ["  lstm  LSTM   48", "  d     Dense   3"]
    assert conversion.report("a", gk.Sequential([gk.LSTM(2)]))[0].endswith("no weights yet")


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.filterwarnings("default")  # Keras warns as it likes
def test_to_keras_and_back(own, tmp_path, ending):
    pytest.importorskip("keras", reason="Keras is not installed")
    pytest.importorskip("h5py", reason="h5py is not installed")
    model, path = own
    assert run(path, tmp_path / f"a.{ending}") == 0
    assert run(tmp_path / f"a.{ending}", tmp_path / "back.safetensors") == 0
    back = gk.load_model(tmp_path / "back.safetensors")
    np.testing.assert_array_equal(back.predict(X), model.predict(X))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"a.{ending}",
        "back.safetensors",
        "own.safetensors",
    ]


def test_to_torch_and_back(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    model = gk.Sequential([gk.GRU(2, input_shape=(None, 3), return_sequences=True, name="gru")])
    model.save(tmp_path / "a.safetensors")
    assert run(tmp_path / "a.safetensors", tmp_path / "a.pt") == 0
    assert run(tmp_path / "a.pt", tmp_path / "b.safetensors", "--prefix", "gru.") == 0
    found = gk.load_model(tmp_path / "b.safetensors").predict(X)
    np.testing.assert_array_equal(found, model.predict(X))


def test_to_onnx_and_back(own, tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    model, path = own
    assert run(path, tmp_path / "a.onnx") == 0
    found = gk.onnx.load(tmp_path / "a.onnx")(X)
    np.testing.assert_allclose(found, model.predict(X), rtol=1e-5, atol=1e-6)
    assert run(tmp_path / "a.onnx", tmp_path / "back.safetensors") == 0
    back = gk.load_model(tmp_path / "back.safetensors")
    np.testing.assert_array_equal(back.predict(X), model.predict(X))


def test_a_graph_that_is_no_row_is_told(tmp_path, capsys):
    pytest.importorskip("onnx", reason="onnx is not installed")
    x = gk.Input((None, 3))
    model = gk.Model(x, gk.Add()([gk.LSTM(2)(x), gk.GRU(2)(x)]))
    gk.onnx.export(model, tmp_path / "a.onnx")
    assert run(tmp_path / "a.onnx", tmp_path / "b.safetensors") == 2
    error = capsys.readouterr().err
    assert "takes two values that follow from the input" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("a.bin", "b.keras", "IN is 'a.bin', expected a name that ends in .keras, "),
        ("own.safetensors", "b.bin", "OUT is 'b.bin', expected a name that ends in .safetensors"),
        ("absent.keras", "b.safetensors", "absent.keras: No such file or directory"),
        ("absent.keras", "absent/b.keras", "absent/b.keras: there is no folder /"),
    ],
)
def test_errors_are_one_line(own, tmp_path, capsys, monkeypatch, source, target, message):
    monkeypatch.chdir(tmp_path)
    assert run(source, target) == 2
    error = capsys.readouterr().err
    assert error.startswith("gatedcore: ")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("option", [("--prefix", "a."), ("--last-state",), ("--batch-size", "2")])
@pytest.mark.parametrize("name", ["own.safetensors", "in.keras", "in.onnx"])
def test_an_option_for_other_files_is_an_error(own, tmp_path, capsys, option, name):
    target = tmp_path / "copy.safetensors"
    assert run(tmp_path / name, target, *option) == 2
    assert f"gatedcore: convert: got {option[0]} for " in capsys.readouterr().err
    assert not target.exists()


def test_a_file_is_not_written_over_itself(own, capsys):
    _, path = own
    assert run(path, path) == 2
    assert "the file that is read; choose another name" in capsys.readouterr().err


def test_what_is_not_installed_is_told(own, tmp_path, capsys, monkeypatch):
    def absent(model, path, options):
        raise ModuleNotFoundError("to_keras: the module keras is not installed, expected it")

    monkeypatch.setitem(conversion.WRITERS, ".keras", absent)
    assert run(own[1], tmp_path / "a.keras") == 2
    assert "gatedcore: to_keras: the module keras is not installed" in capsys.readouterr().err
