"""The table of operators: what registers, and how a node reaches it."""

import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx import operators


def test_both_ways_to_register(monkeypatch):
    monkeypatch.setattr(operators, "OPERATORS", {})

    @operators.operator("One", "Two")
    def compute(node, x):
        return node, x

    @operators.prepared("Three")
    def prepare(node, constants):
        return lambda x: (node, constants, x)

    assert set(operators.OPERATORS) == {"One", "Two", "Three"}
    assert operators.OPERATORS["Two"]("node", [])(1) == ("node", 1)
    assert operators.OPERATORS["Three"]("node", [2])(1) == ("node", [2], 1)
    assert compute("node", 3) == ("node", 3)
    assert prepare("node", [])(4) == ("node", [], 4)
