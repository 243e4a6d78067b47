"""The bytes of a file before they are parsed: how many parts they would become.

A parser makes an object of some hundred bytes of each part, and two bytes of a file can be one. So
a file of a few megabytes could take the memory of the machine before there is anything to check.
"""

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from onnx import ModelProto

MAX_PARTS = 2_000_000  # far beyond models of a hundred thousand nodes; 0.3 GB as objects

_VARINT, _EIGHT, _PARTS, _FOUR = 0, 1, 2, 5  # protocol buffers, encoding: wire types
_MAX_VARINT = 10  # bytes


def check_wire(where: str, data: bytes, most: int = MAX_PARTS) -> None:
    """Raise unless bytes are fields of an ONNX model, not too many, and its texts UTF-8.

    Parameters
    ----------
    where : str
        Who asks, for errors.
    data : bytes
        The file.
    most : int
        Fields that it may have, in all its messages together.

    Raises
    ------
    ValueError
        If there are more, one does not end within its message, or a text is no UTF-8.

    References
    ----------
    https://protobuf.dev/programming-guides/encoding/
    """
    kinds: dict[str, dict[int, FieldDescriptor]] = {}
    waiting: list[tuple[int, int, Any]] = [(0, len(data), ModelProto.DESCRIPTOR)]
    count = 0
    while waiting:
        place, end, message = waiting.pop()
        inner = kinds.get(message.full_name)
        if inner is None:
            inner = kinds[message.full_name] = dict(message.fields_by_number)
        while place < end:
            count += 1
            if count > most:
                raise ValueError(
                    f"{where}: file has more than {most} parts, expected at most as many; export "
                    "the model without what it does not need"
                )
            key, place = _number(where, data, place, end)
            kind = key & 7
            if kind == _VARINT:
                _, place = _number(where, data, place, end)
            elif kind == _PARTS:
                size, place = _number(where, data, place, end)
                field = inner.get(key >> 3)
                if field is not None and size <= end - place:
                    if field.message_type is not None:
                        waiting.append((place, place + size, field.message_type))
                    elif field.type == FieldDescriptor.TYPE_STRING:
                        _check_text(where, field.full_name, data[place : place + size])
                place += size
            elif kind in (_FOUR, _EIGHT):
                place += 4 if kind == _FOUR else 8
            else:
                raise _damaged(where, place)
        if place > end:
            raise _damaged(where, end)


def _number(where: str, data: bytes, place: int, end: int) -> tuple[int, int]:
    """Return an integer of variable length, and where the next field begins."""
    value = 0
    for k in range(min(_MAX_VARINT, end - place)):
        byte = data[place + k]
        value |= (byte & 127) << (7 * k)
        if byte < 128:
            return value, place + k + 1
    raise _damaged(where, place)


def _check_text(where: str, name: str, text: bytes) -> None:
    try:
        text.decode()
    except UnicodeDecodeError:
        raise ValueError(
            f"{where}: {name} is {text[:40]!r}, expected UTF-8; export the model anew"
        ) from None


def _damaged(where: str, place: int) -> ValueError:
    return ValueError(
        f"{where}: file is no ONNX model, or damaged at byte {place}, expected a whole one; export "
        "it anew"
    )
