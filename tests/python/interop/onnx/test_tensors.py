"""Tensors of files as arrays: what they hold, and what they only claim."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import TensorProto, helper, numpy_helper

from gatedcore.interop.onnx.external import Beside
from gatedcore.interop.onnx.tensors import DTYPES, dtype_of, element_type_of, to_array


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
@pytest.mark.parametrize("raw", [True, False])
def test_every_dtype_both_ways(dtype, raw):
    array = np.array([[0, 1, 2], [3, 100, 1]]).astype(dtype)
    tensor = numpy_helper.from_array(array, "t")
    if not raw:
        values = array.reshape(-1).tolist()
        tensor = helper.make_tensor("t", element_type_of(dtype), array.shape, values)
        assert not tensor.HasField("raw_data")
    found = to_array("here", tensor)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, array)
    assert found.flags.writeable
    assert dtype_of("here", element_type_of(dtype)) == dtype


def test_no_elements_and_a_single_one():
    for array in (np.zeros((0, 3), np.float32), np.array(2.5)):
        found = to_array("here", numpy_helper.from_array(array))
        assert (found.shape, found.dtype) == (array.shape, array.dtype)


def tensor(**fields):
    return TensorProto(name="t", **{"data_type": TensorProto.FLOAT, **fields})


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            {"dims": [2**40], "raw_data": b"1234"},
            "1 elements of float32 for shape .1099511627776,.",
        ),
        ({"dims": [2**62, 2**62, 0, 3], "float_data": [1.0]}, "1 elements .* expected 0"),
        ({"dims": [-1], "raw_data": b""}, "expected at most 32 sizes of at least 0"),
        ({"dims": [1] * 40, "float_data": [1.0]}, "expected at most 32 sizes"),
        ({"dims": [1], "raw_data": b"123"}, "0.75 elements"),
        (
            {"dims": [1], "raw_data": b"1234", "float_data": [1.0]},
            "expected 1 and none in float_data",
        ),
        (
            {"dims": [1], "float_data": [1.0], "int64_data": [1]},
            "expected 1 and none in int64_data",
        ),
        ({"dims": [1], "double_data": [1.0]}, "0 elements"),
        (
            {"dims": [1], "int32_data": [300], "data_type": TensorProto.INT8},
            "an element is no int8",
        ),
        ({"dims": [1], "data_type": TensorProto.BFLOAT16}, "element type BFLOAT16"),
        ({"dims": [1], "data_type": 99}, "element type 99"),
        ({"dims": [1], "data_type": TensorProto.STRING}, "element type STRING"),
    ],
)
def test_what_does_not_fit_is_named(bad, message):
    with pytest.raises(ValueError, match=f"here: .*{message}"):
        to_array("here", tensor(**bad))


def test_elements_in_other_files_are_read_only_where_that_is_allowed(tmp_path):
    one = tensor(dims=[1], data_location=TensorProto.EXTERNAL)
    entry = one.external_data.add()
    entry.key, entry.value = "location", "elements"
    (tmp_path / "elements").write_bytes(np.float32(2.5).tobytes())
    assert to_array("here", one, Beside(tmp_path)) == np.float32(2.5)
    with pytest.raises(ValueError, match="here: elements stand in the file 'elements'"):
        to_array("here", one)
    one.float_data.append(1.0)
    with pytest.raises(ValueError, match="expected 1 and none in another file"):
        to_array("here", one, Beside(tmp_path))
