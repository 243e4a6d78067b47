"""Tensors of ONNX files as NumPy arrays; what they claim is checked before memory is taken."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from gatedcore.interop.onnx.external import Beside

Tensor = npt.NDArray[Any]

# The element types that NumPy has too. Of the others (bfloat16, float8, strings) none is computed
# with here.
DTYPES: dict[int, np.dtype[Any]] = {
    TensorProto.FLOAT: np.dtype(np.float32),
    TensorProto.DOUBLE: np.dtype(np.float64),
    TensorProto.FLOAT16: np.dtype(np.float16),
    TensorProto.INT8: np.dtype(np.int8),
    TensorProto.INT16: np.dtype(np.int16),
    TensorProto.INT32: np.dtype(np.int32),
    TensorProto.INT64: np.dtype(np.int64),
    TensorProto.UINT8: np.dtype(np.uint8),
    TensorProto.UINT16: np.dtype(np.uint16),
    TensorProto.UINT32: np.dtype(np.uint32),
    TensorProto.UINT64: np.dtype(np.uint64),
    TensorProto.BOOL: np.dtype(np.bool_),
}
MAX_AXES = 32  # what every NumPy takes
# Which repeated field holds the elements of a type that are not written as raw bytes.
_FIELDS = {
    TensorProto.FLOAT: "float_data",
    TensorProto.DOUBLE: "double_data",
    TensorProto.INT64: "int64_data",
    TensorProto.UINT32: "uint64_data",
    TensorProto.UINT64: "uint64_data",
}
_ALL_FIELDS = ("float_data", "double_data", "int32_data", "int64_data", "uint64_data")


def dtype_of(where: str, element_type: int) -> np.dtype[Any]:
    """Return the NumPy dtype of an ONNX element type.

    Raises
    ------
    ValueError
        If NumPy has none.
    """
    found = DTYPES.get(element_type)
    if found is None:
        known = TensorProto.DataType.keys()
        name = known[element_type] if 0 <= element_type < len(known) else str(element_type)
        raise ValueError(
            f"{where}: element type {name}, expected one that NumPy has; convert the model to "
            "float32"
        )
    return found


def element_type_of(dtype: np.dtype[Any]) -> int:
    """Return the ONNX element type of a NumPy dtype that has one."""
    return next(number for number, known in DTYPES.items() if known == dtype)


def to_array(where: str, tensor: TensorProto, beside: Beside | None = None) -> Tensor:
    """Return a tensor's elements as an array.

    Parameters
    ----------
    where : str
        Who asks and for which tensor, for errors.
    tensor : TensorProto
        Of a file that is not trusted.
    beside : Beside, optional
        Where elements may stand that are not in it; by default nowhere.

    Returns
    -------
    ndarray
        New memory, as large as what the file holds for it.

    Raises
    ------
    ValueError
        If elements stand elsewhere, are of a type that NumPy does not have, or are not as many as
        the shape says.
    """
    dtype = dtype_of(where, tensor.data_type)
    shape = tuple(tensor.dims)
    if len(shape) > MAX_AXES or any(size < 0 for size in shape):
        raise ValueError(
            f"{where}: shape {shape[:MAX_AXES]}, expected at most {MAX_AXES} sizes of at least 0; "
            "repair the file"
        )
    count = math.prod(shape)
    external = tensor.data_location == TensorProto.EXTERNAL or len(tensor.external_data) > 0
    raw = tensor.raw_data if tensor.HasField("raw_data") else None
    field = _FIELDS.get(tensor.data_type, "int32_data")
    used = [name for name in _ALL_FIELDS if len(getattr(tensor, name))]
    if external and raw is None and not used:
        raw = (beside or Beside(None)).read(where, tensor, count * dtype.itemsize)
        external = False
    elements = getattr(tensor, field)
    given = len(elements) if raw is None else len(raw) / dtype.itemsize
    others = [name for name in used if raw is not None or name != field]
    if given != count or others or external:
        raise ValueError(
            f"{where}: {given:g} elements of {dtype} for shape {shape}, expected {count}"
            f"{f' and none in {others[0]}' if others else ''}"
            f"{' and none in another file' if external else ''}; repair the file"
        )
    if raw is not None:
        return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
    if tensor.data_type == TensorProto.FLOAT16:  # as the bits of an unsigned integer
        return _converted(where, elements, np.dtype(np.uint16)).view(dtype).reshape(shape)
    return _converted(where, elements, dtype).reshape(shape)


def _converted(where: str, elements: Any, dtype: np.dtype[Any]) -> Tensor:
    """Return elements in a dtype that may be narrower than the field that they stand in."""
    if dtype.kind in "iu":  # NumPy before 2 wraps around what does not fit
        known = np.iinfo(dtype)
        outside = [element for element in elements if not known.min <= element <= known.max]
        if outside:
            raise ValueError(
                f"{where}: an element is no {dtype} ({outside[0]}), expected its range; "
                "repair the file"
            )
    return np.fromiter(elements, dtype, len(elements))
