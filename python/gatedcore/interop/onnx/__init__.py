"""The bridge to ONNX: models of its files, and files of models."""

from gatedcore.frameworks import require

require("gatedcore.onnx", "onnx", "onnx")

from gatedcore.interop.onnx.backend import (  # noqa: E402
    Backend,
    is_compatible,
    prepare,
    run_model,
    run_node,
    supports_device,
)
from gatedcore.interop.onnx.export import export  # noqa: E402
from gatedcore.interop.onnx.inference import InferenceModel  # noqa: E402
from gatedcore.interop.onnx.load import load  # noqa: E402

__all__ = [
    "Backend",
    "InferenceModel",
    "export",
    "is_compatible",
    "load",
    "prepare",
    "run_model",
    "run_node",
    "supports_device",
]
