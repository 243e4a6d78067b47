"""Tensors as arrays and back: over the same memory where that can be."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from gatedcore.interop.torch.sharing import array_of, rows_of, rows_of_given, tensor_of

T, B, I = 5, 3, 2  # noqa: E741  # the letters of the equations


def test_a_tensor_is_handed_over_where_it_is():
    for x in (
        torch.randn(T, B, I),
        torch.randn(B, T, I).transpose(0, 1),
        torch.randn(9, B, I)[::2],
    ):
        assert array_of(x).ctypes.data == x.data_ptr()
    leaf = torch.randn(T, B, I, requires_grad=True)
    assert array_of(leaf).ctypes.data == leaf.data_ptr()
    turned = torch.randn(I, B, T).permute(2, 1, 0)
    assert array_of(turned).strides[-1] == 4
    assert (array_of(turned) == turned.numpy()).all()


def test_rows_are_contiguous():
    x = torch.randn(T, B, requires_grad=True)
    assert rows_of(x).ctypes.data == x.data_ptr()
    assert rows_of(x.t()).flags.c_contiguous
    assert (rows_of_given(x.t()) == x.detach().numpy().T).all()
    assert rows_of_given(None) is None


def test_negated_views_are_read_as_they_look():
    x = torch.randn(T, dtype=torch.complex64).conj().imag
    assert x.is_neg()
    assert (array_of(x) == x.clone().numpy()).all()


def test_a_tensor_takes_the_memory_of_an_array_unless_its_steps_run_backwards():
    array = np.arange(6.0).reshape(3, 2)
    assert tensor_of(array).data_ptr() == array.ctypes.data
    assert tensor_of(array[::-1]).tolist() == [[4.0, 5.0], [2.0, 3.0], [0.0, 1.0]]
