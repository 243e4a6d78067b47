"""The layers in PyTorch's own operations are those of torch.nn."""

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from torch.nn.utils.rnn import pack_padded_sequence

from gatedcore.interop.torch import unrolled
from gatedcore.interop.torch.core_calls import Layers, Operands
from interop.torch.beside_torch import assert_same, pair, tensors

T, B, I, H = 5, 3, 2, 4  # noqa: E741  # the letters of the equations


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_agrees_with_pytorch(kind, bias, batch_first, packed):
    module = getattr(torch.nn, kind)(
        I, H, 2, bias, batch_first, bidirectional=True, dtype=torch.float64
    )
    x = torch.randn(T, B, I, dtype=torch.float64)
    h0, c0 = (torch.randn(4, B, H, dtype=torch.float64) for _ in range(2))
    c0 = c0 if kind == "LSTM" else None
    hx = (h0, c0) if kind == "LSTM" else h0
    layers = Layers(kind.lower(), 2, True, not batch_first)
    weights = list(module.parameters())
    if packed:
        steps = pack_padded_sequence(x, [5, 3, 1])
        output, last = module(steps, hx)
        wanted = [output.data, *(last if kind == "LSTM" else [last])]
        a = Operands(steps.data, weights, h0, c0, batch_sizes=steps.batch_sizes)
    else:
        x = x.transpose(0, 1) if batch_first else x
        output, last = module(x, hx)
        wanted = [output, *(last if kind == "LSTM" else [last])]
        a = Operands(x, weights, h0, c0)
    found = [r for r in unrolled.forward(layers, a) if r is not None]
    torch.testing.assert_close(found, wanted)


def test_gradients_are_given_for_what_wants_them():
    module = torch.nn.GRU(I, H)
    module.bias_hh_l0.requires_grad_(False)
    x = torch.randn(T, B, I)
    a = Operands(x, list(module.parameters()), None, None)
    d_output = torch.randn(T, B, H)
    d_x, d_h0, d_c0, *d_weights = unrolled.gradients(
        Layers("gru", 1, False, True), a, (d_output, None)
    )
    assert d_x is None
    assert d_h0 is None
    assert d_c0 is None
    assert d_weights[3] is None
    wanted = torch.autograd.grad(module(x)[0], list(module.parameters())[:3], d_output)
    torch.testing.assert_close(d_weights[:3], list(wanted))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "LSTMCell", "GRUCell"])
def test_operands_that_come_from_one_another_are_told_apart(kind):
    theirs, ours = pair(kind, I, H, dtype=torch.float64)
    x = torch.randn(*((T,) if "Cell" not in kind else ()), B, I, dtype=torch.float64)
    x.requires_grad_()
    found = []
    for module in (ours, theirs):
        before = module(x)  # the states of the second call come from its input and weights
        results = tensors(module(x, before if "Cell" in kind else before[1]))
        loss = sum(t.square().sum() for t in results)
        first = torch.autograd.grad(loss, [x, *module.parameters()], create_graph=True)
        second = torch.autograd.grad(
            sum(d.square().sum() for d in first), [x, *module.parameters()]
        )
        found.append([*first, *second])
    assert_same(*found)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "LSTMCell", "GRUCell"])
def test_many_gradients_at_once(kind):
    x = torch.randn(*((T,) if "Cell" not in kind else ()), B, I, dtype=torch.float64)
    found = []
    for module in pair(kind, I, H, dtype=torch.float64):
        found.append(
            torch.autograd.functional.jacobian(
                lambda x, module=module: tensors(module(x))[0], x, vectorize=True
            )
        )
    assert_same(found[1:], found[:1])
