"""Bridges to PyTorch, Keras and ONNX: the only files that import another framework."""
