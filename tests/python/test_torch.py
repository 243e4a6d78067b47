"""gatedcore.torch: what it is called, and what happens without PyTorch."""

import subprocess
import sys

import pytest

import gatedcore as gk


def test_it_is_an_attribute_and_a_module():
    pytest.importorskip("torch", reason="the bridge to PyTorch needs it")
    import gatedcore.torch
    from gatedcore.interop import torch as bridge

    assert gk.torch is gatedcore.torch
    for name in gk.torch.__all__:
        assert getattr(gk.torch, name) is getattr(bridge, name)


def test_without_pytorch_it_says_how_to_get_it():
    code = """
import sys
sys.modules["torch"] = None  # as if it were not there
import gatedcore as gk
try:
    gk.torch
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == (
        "gatedcore.torch: the module torch is not installed, expected it; "
        "run pip install 'gatedcore[torch]'\n"
    )
