"""Calls of the core with tensors: memory is shared, and what is saved tells when it is stale."""

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from gatedcore.interop.torch import core_calls
from gatedcore.interop.torch.core_calls import Layers, Operands

T, B, I, H = 5, 3, 2, 4  # noqa: E741  # the letters of the equations
LSTM = Layers("lstm", 1, bidirectional=False, time_major=True)


def operands():
    return Operands(torch.randn(T, B, I), list(torch.nn.LSTM(I, H).parameters()), None, None)


def test_results_take_the_memory_of_the_core():
    results, saved = core_calls.forward(LSTM, operands(), save=True)
    assert saved is not None
    assert saved.output.data_ptr() == results.output.data_ptr()
    assert saved.output.grad_fn is None


def test_what_is_saved_serves_one_backward_call():
    results, saved = core_calls.forward(LSTM, operands(), save=True)
    assert saved.is_intact
    d = (torch.ones_like(results.output), None, None)
    core_calls.backward(LSTM, saved, d, need_d_x=False)
    assert not saved.is_intact


def test_what_is_saved_is_stale_once_its_output_changes():
    results, saved = core_calls.forward(LSTM, operands(), save=True)
    results.output[0, 0, 0] = 0.0
    assert not saved.is_intact


def test_without_gradients_nothing_is_saved():
    assert core_calls.forward(LSTM, operands(), save=False)[1] is None


def test_layers_are_parts_of_a_call():
    layers = Layers("lstm", 3, bidirectional=True, time_major=True)
    weights = list(torch.nn.LSTM(I, H, 3, bidirectional=True).parameters())
    h0 = torch.arange(6.0).reshape(6, 1, 1)
    a = Operands(torch.zeros(1, 1, I), weights, h0, None)
    own = a.of_layer(1, layers)
    assert [w is v for w, v in zip(own.weights, weights[8:16], strict=True)] == [True] * 8
    assert own.h0.flatten().tolist() == [2.0, 3.0]
    assert a.of_direction(3, layers)[0] is weights[12]
