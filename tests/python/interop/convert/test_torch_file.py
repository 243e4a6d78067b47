"""Files with state dicts of PyTorch."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.archive import SavedFileError
from gatedcore.interop.convert.foreign import FACTOR, SLACK
from gatedcore.interop.convert.torch_file import read_state_dict

WEIGHTS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(2)}


def refuse(path, message):
    with pytest.raises(SavedFileError, match=message):
        read_state_dict("from_x", str(path))


def assert_read(path):
    found = read_state_dict("from_x", str(path))
    assert set(found) == set(WEIGHTS)
    for name, array in WEIGHTS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_safetensors_are_read_without_torch(tmp_path):
    from safetensors.numpy import save_file

    save_file(WEIGHTS, tmp_path / "a.safetensors")
    assert_read(tmp_path / "a.safetensors")


def test_safetensors_of_other_numbers_are_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"a": np.ones(2, np.int32)}, tmp_path / "a.safetensors")
    refuse(tmp_path / "a.safetensors", "holds I32 as a, expected float32 or float64; save model")


def test_a_file_of_this_library_is_told(tmp_path):
    gk.Sequential([gk.Dense(1, input_shape=(3,))]).save(tmp_path / "a.safetensors")
    refuse(tmp_path / "a.safetensors", "is a file of this library, .*read it with load_model")


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_files_that_are_cut_off_or_something_else(tmp_path, ending):
    if ending == "pt":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    from safetensors.numpy import save

    path = tmp_path / f"a.{ending}"
    data = save(WEIGHTS)
    for part in (b"", b"something else", data[:-1], data[:20], b"\xff" * 100):
        path.write_bytes(part)
        refuse(path, "is damaged or no such file")
    with pytest.raises(FileNotFoundError):
        read_state_dict("from_x", str(tmp_path / f"absent.{ending}"))


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed")


def test_a_saved_state_dict(torch, tmp_path):
    tensors = {name: torch.from_numpy(array) for name, array in WEIGHTS.items()}
    torch.save(tensors, tmp_path / "a.pt")
    assert_read(tmp_path / "a.pt")
    for name in ("state_dict", "model_state_dict", "model"):
        torch.save({"epoch": 3, name: tensors}, tmp_path / "b.pth")
        assert_read(tmp_path / "b.pth")


def test_views_are_read_as_they_look(torch, tmp_path):
    whole = torch.arange(12.0).reshape(4, 3)
    torch.save({"a": whole.T, "b": whole[1:3]}, tmp_path / "a.pt")
    found = read_state_dict("from_x", str(tmp_path / "a.pt"))
    np.testing.assert_array_equal(found["a"], whole.numpy().T)
    np.testing.assert_array_equal(found["b"], whole.numpy()[1:3])


def test_code_in_a_file_is_not_run(torch, tmp_path, capsys):
    class Trap:
        def __reduce__(self):
            return (print, ("run",))

    for content in ({"a": Trap()}, torch.nn.Linear(3, 2)):
        torch.save(content, tmp_path / "a.pt")
        refuse(tmp_path / "a.pt", r"holds more than tensors, which is code .*model\.state_dict")
    assert not capsys.readouterr().out


@pytest.mark.parametrize("content", [[1, 2], {"a": 3}, {3: 4}, {"state_dict": {"a": "b"}}])
def test_what_is_no_state_dict_is_refused(torch, tmp_path, content):
    torch.save(content, tmp_path / "a.pt")
    refuse(tmp_path / "a.pt", r"holds a (list|dict|OrderedDict), expected a state dict")


def test_other_numbers_are_refused(torch, tmp_path):
    torch.save({"a": torch.ones(2, dtype=torch.complex64)}, tmp_path / "a.pt")
    refuse(tmp_path / "a.pt", r"holds torch\.complex64 as a, expected float32 or float64")


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_halves_are_read_as_the_floats_that_they_are(torch, tmp_path, ending):
    from safetensors.torch import save_file

    values = torch.tensor([[1.0, -2.5, 0.1], [3e-41, float("inf"), 65504.0]])
    tensors = {
        "bf16": values.bfloat16(),
        "f16": values.half(),
        "f32": values,
        "f64": values.double() / 3,
        "none": torch.ones(0, 2).bfloat16(),
    }
    path = tmp_path / f"a.{ending}"
    for names in (list(tensors), ["f16", "f32"]):
        written = {name: tensors[name] for name in names}
        save_file(written, path) if ending == "safetensors" else torch.save(written, path)
        found = read_state_dict("from_x", str(path))
        assert set(found) == set(names)
        for name, tensor in written.items():
            wide = tensor if name == "f64" else tensor.float()
            assert found[name].flags.writeable
            assert found[name].dtype == wide.numpy().dtype
            np.testing.assert_array_equal(found[name], wide.numpy())


@pytest.mark.filterwarnings("ignore:.*Sparse CSR")
def test_tensors_that_are_no_plain_arrays_are_refused(torch, tmp_path):
    eye = torch.eye(3)
    for tensor, message in (
        (eye.to_sparse(), r"holds a sparse_coo tensor as a, expected dense ones"),
        (eye.to_sparse_csr(), r"holds a sparse_csr tensor as a, expected dense ones"),
    ):
        torch.save({"a": tensor}, tmp_path / "a.pt")
        refuse(tmp_path / "a.pt", message)


def test_one_number_that_stands_for_many_is_refused(torch, tmp_path):
    count = (SLACK + FACTOR * 10_000) // 4
    torch.save({"a": torch.ones(1).expand(count)}, tmp_path / "a.pt")
    refuse(tmp_path / "a.pt", r"claims \d+ bytes of a \(\d+,\), .*made to fill the memory")


def test_what_torch_wrote_long_ago_is_refused(torch, tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    refuse(tmp_path / "a.pt", "expected a state dict saved with torch.save of version 1.6 or later")
