"""The package as a whole: its names, and what a plain import costs."""

import subprocess
import sys

import pytest

import gatedcore as gk


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_every_public_name_is_there() -> None:
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    for name in gk.__all__:
        assert getattr(gk, name) is not None
    assert isinstance(gk.__version__, str)
    with pytest.raises(AttributeError, match="module 'gatedcore' has no attribute 'nonsense'"):
        _ = gk.nonsense


def test_a_plain_import_loads_nothing_heavy() -> None:
    heavy = [
        "tqdm",
        "safetensors",
        "hashlib",
        "matplotlib",
        "pandas",
        "torch",
        "keras",
        "tensorflow",
        "jax",
        "onnx",
        "onnxruntime",
        "h5py",
        "gatedcore.interop",
        "numpy.random",
        "gatedcore.reference",
        "ctypes",
    ]
    loaded = run(
        "import sys, numpy; before = set(sys.modules); import gatedcore;"
        f"print(sorted((set(sys.modules) - before) & set({heavy})))"
    )
    assert loaded.strip() == "[]"
