"""ONNX models in and out: ``gatedcore.onnx.load``; needs the package onnx."""

from gatedcore.interop.onnx import *  # noqa: F403
from gatedcore.interop.onnx import __all__ as __all__
