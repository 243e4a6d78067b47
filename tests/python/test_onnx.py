"""The name gatedcore.onnx: the bridge, loaded when it is asked for."""

import pytest

import gatedcore as gk

onnx = pytest.importorskip("onnx", reason="onnx is not installed")


def test_the_name_is_that_of_the_bridge():
    import gatedcore.onnx
    from gatedcore.interop import onnx as bridge

    assert gk.onnx is gatedcore.onnx
    assert {name: getattr(gk.onnx, name) for name in bridge.__all__} == {
        name: getattr(bridge, name) for name in bridge.__all__
    }
    assert gk.onnx.__all__ == bridge.__all__
    assert gk.onnx is not onnx
