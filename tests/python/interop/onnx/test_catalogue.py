"""All operators that are known, beside those that ONNX has, and those that docs/onnx.md names."""

from pathlib import Path

import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx.catalogue import computing
from gatedcore.interop.onnx.load import NEWEST_OPSET
from gatedcore.interop.onnx.node import Node
from gatedcore.interop.onnx.operators import OPERATORS

PAGE = Path(__file__).parents[4] / "docs" / "onnx.md"


def test_onnx_has_them_all():
    if onnx.defs.onnx_opset_version() < NEWEST_OPSET:
        pytest.skip("an older onnx has fewer")
    for name in OPERATORS:
        assert onnx.defs.get_schema(name).name == name


def test_the_page_has_them_all():
    line = next(t for t in PAGE.read_text().split("\n\n") if t.startswith("`Abs`"))
    assert sorted(line.replace("`", "").replace(",", "").replace(".", "").split()) == sorted(
        OPERATORS
    )


def test_another_one_is_named():
    node = Node("node 7 (Einsum)", "Einsum", 12, {}, ("x",), ("y",), 1000)
    with pytest.raises(ValueError, match=r"node 7 \(Einsum\): operator is not supported, expected"):
        computing(node, [None])
