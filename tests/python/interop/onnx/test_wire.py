"""Files before they are parsed: parts counted, ends found."""

import tracemalloc

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from gatedcore.interop.onnx import wire
from gatedcore.interop.onnx.wire import check_wire
from interop.onnx.models import one_node

X = np.ones((2, 3), np.float32)


def varint(number):
    out = []
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def part(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def test_models_pass():
    model = one_node("Neg", {"x": X})
    model.graph.initializer.append(onnx.numpy_helper.from_array(X, "w"))
    model.graph.node[0].doc_string = "x" * 300
    model.metadata_props.add(key="k", value="v")
    check_wire("here", model.SerializeToString())
    check_wire("here", b"")


def test_parts_are_counted_in_all_messages():
    data = one_node("Neg", {"x": X}).SerializeToString()
    with pytest.raises(ValueError, match="here: file has more than 10 parts"):
        check_wire("here", data, most=10)
    count = next(n for n in range(10, 100) if passes(data, n))
    check_wire("here", data, most=count)
    assert not passes(data, count - 1)
    assert not passes(data + part(20, b"") * 3, count)  # what it does not know counts as well


def passes(data, most):
    try:
        check_wire("here", data, most=most)
    except ValueError:
        return False
    return True


def test_many_empty_nodes_are_never_made(monkeypatch):
    monkeypatch.setattr(wire, "MAX_PARTS", 1000)
    monkeypatch.setattr(check_wire, "__defaults__", (1000,))
    data = part(7, part(1, b"") * 100_000)
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 1000 parts"):
        gk.onnx.load(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(data) + 100_000


@pytest.mark.parametrize("cut", range(1, 40))
def test_what_is_cut_off_is_found_here_or_later(cut):
    data = one_node("Neg", {"x": X}).SerializeToString()
    with pytest.raises(ValueError, match=r"gk\.onnx\.load"):
        gk.onnx.load(data[:-cut])


def test_texts_are_utf8():
    data = one_node("Neg", {"x": X}).SerializeToString().replace(b"Neg", b"N\xffg")
    with pytest.raises(ValueError, match=r"here: onnx\.NodeProto\.op_type is b'N.*expected UTF-8"):
        check_wire("here", data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x3a\x05\x0a",  # a graph longer than the file
        b"\x3a\x02\x0a\x05",  # a node longer than its graph
        b"\x08" + b"\xff" * 10 + b"\x01",  # a number of eleven bytes
        b"\x09\x00",  # eight bytes that are not there
        b"\x0d\x00",  # four
        b"\x0b",  # a group
        b"\x0f",  # nothing that is
        b"\x08",  # a field without its number
    ],
)
def test_what_does_not_end_is_damaged(data):
    with pytest.raises(ValueError, match="here: file is no ONNX model, or damaged at byte"):
        check_wire("here", data)
