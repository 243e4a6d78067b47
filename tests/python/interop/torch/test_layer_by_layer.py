"""What torch.nn has not: resets, gates, recurrent dropout; beside plain PyTorch operations."""

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence

import gatedcore as gk
from gatedcore.interop.torch import unrolled
from gatedcore.interop.torch.core_calls import Layers, Operands
from interop.torch.beside_torch import assert_same, everything, pair, tensors

T, B, I, H = 6, 4, 3, 5  # noqa: E741  # the letters of the equations
BOTH = pytest.mark.parametrize("kind", ["LSTM", "GRU"])
STACKS = pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True)])
RESET = torch.rand(T, B, generator=torch.Generator().manual_seed(0)) < 0.3


def module_of(kind, layers=1, bidirectional=False, **options):
    torch.manual_seed(1)
    return getattr(gk.torch, kind)(
        I, H, layers, bidirectional=bidirectional, dtype=torch.float64, **options
    )


def states(kind, directions):
    h, c = (torch.randn(directions, B, H, dtype=torch.float64) for _ in range(2))
    return (h, c) if kind == "LSTM" else h


class Loop(torch.nn.Module):
    """A module of ours, computed by PyTorch's own operations."""

    def __init__(self, module, m_h=None):
        super().__init__()
        self.module, self.m_h = module, m_h

    def forward(self, x, hx=None, reset=None):
        m = self.module
        h0, c0 = (*(() if hx is None else tensors(hx)), None, None)[:2]
        layers = Layers(m._cell, m.num_layers, m.bidirectional, not m.batch_first)
        a = Operands(x, list(m.parameters()), h0, c0, self.m_h, reset)
        return tuple(r for r in unrolled.forward(layers, a) if r is not None)


@BOTH
@STACKS
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_resets(kind, layers, bidirectional, batch_first, given):
    module = module_of(kind, layers, bidirectional, batch_first=batch_first)
    x, reset = torch.randn(T, B, I, dtype=torch.float64), RESET
    if batch_first:
        x, reset = x.transpose(0, 1), reset.t()
    hx = states(kind, layers * (1 + bidirectional)) if given else None
    assert_same(
        everything(module, x, hx, reset=reset), everything(Loop(module), x, hx, reset=reset)
    )


@BOTH
def test_a_reset_is_what_calls_of_their_own_give(kind):
    module = module_of(kind, 2)
    x = torch.randn(T, 1, I, dtype=torch.float64)
    reset = torch.zeros(T, 1, dtype=torch.bool)
    reset[4] = True
    output, last = module(x, reset=reset)
    first, _ = module(x[:4])
    second, last_of_second = module(x[4:])
    assert_same([output, *tensors(last)], [torch.cat([first, second]), *tensors(last_of_second)])


@BOTH
def test_resets_of_a_lone_sequence(kind):
    module = module_of(kind, bidirectional=True)
    x, reset = torch.randn(T, I, dtype=torch.float64), RESET[:, 0]
    mine = module(x, reset=reset)
    batch = module(x[:, None], reset=reset[:, None])
    assert_same(tensors(mine), [t.squeeze(1) for t in tensors(batch)])


@BOTH
def test_second_derivatives_with_resets(kind):
    module = module_of(kind)
    found = []
    for one in (module, Loop(module)):
        x = torch.linspace(-1, 1, T * B * I, dtype=torch.float64).reshape(T, B, I).requires_grad_()
        loss = tensors(one(x, reset=RESET))[0].square().sum()
        (d_x,) = torch.autograd.grad(loss, x, create_graph=True)
        found.append(torch.autograd.grad(d_x.square().sum(), [x, *module.parameters()]))
    assert_same(*found)


@BOTH
@STACKS
@pytest.mark.parametrize("packed", [False, True])
def test_recurrent_dropout_is_one_draw_for_all_steps(kind, layers, bidirectional, packed):
    module = module_of(kind, layers, bidirectional, recurrent_dropout=0.5)
    x = torch.randn(T, B, I, dtype=torch.float64)
    directions = layers * (1 + bidirectional)
    torch.manual_seed(3)
    ones = torch.ones(directions, B, H, dtype=torch.float64)
    m_h = torch.nn.functional.dropout(ones, 0.5)
    torch.manual_seed(3)
    if packed:
        steps = torch.nn.utils.rnn.pack_padded_sequence(x, [T] * B)
        output, last = module(steps)
        wanted = Loop(module, m_h)(x)
        mine = [output.data.reshape(T, B, -1), *tensors(last)]
        assert_same(mine, list(wanted))
    else:
        assert_same(everything(module, x), everything(Loop(module, m_h), x))


@BOTH
def test_recurrent_dropout_ends_with_training(kind):
    module = module_of(kind, recurrent_dropout=0.5)
    x = torch.randn(T, B, I, dtype=torch.float64)
    assert not torch.equal(module(x)[0], module(x)[0])
    module.eval()
    assert_same(tensors(module(x)), list(Loop(module)(x)))
    assert "recurrent_dropout=0.5" in repr(module)


@BOTH
@pytest.mark.parametrize("dropout", [1.0, -0.1, "much"])
def test_wrong_rates(kind, dropout):
    with pytest.raises((TypeError, ValueError), match="recurrent_dropout is"):
        module_of(kind, recurrent_dropout=dropout)


@BOTH
@STACKS
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("wanted", [False, True])
def test_gates(kind, layers, bidirectional, batch_first, wanted):
    module = module_of(kind, layers, bidirectional, batch_first=batch_first)
    x = torch.randn(B, T, I, dtype=torch.float64)
    x = x if batch_first else x.transpose(0, 1)
    with torch.set_grad_enabled(wanted):
        output, last, gates = module(x, return_gates=True)
        assert_same([output, *tensors(last)], tensors(module(x)))
    assert len(gates) == layers * (1 + bidirectional)
    assert gates[0]._fields == (("i", "f", "g", "o", "c") if kind == "LSTM" else ("z", "r", "n"))
    for index, of_direction in enumerate(gates[-1 - bidirectional :]):
        h = output[..., index * H : (index + 1) * H]
        if kind == "LSTM":
            assert_same([of_direction.o * of_direction.c.tanh()], [h])
        else:
            before = torch.zeros_like(h)
            time = 1 if batch_first else 0
            earlier, later = (slice(1, None), slice(-1)) if index else (slice(-1), slice(1, None))
            at = (slice(None),) * time
            before[(*at, later)] = h[(*at, earlier)]
            assert_same([of_direction.z * before + (1 - of_direction.z) * of_direction.n], [h])
    if wanted:
        output.sum().backward()
        assert module.weight_ih_l0.grad is not None


@BOTH
def test_gates_in_inference_mode(kind):
    module = module_of(kind)
    x = torch.randn(T, B, I, dtype=torch.float64)
    with torch.inference_mode():
        _, _, (gates,) = module(x, return_gates=True)
    _, _, (wanted,) = module(x, return_gates=True)
    assert_same(gates, wanted)


@BOTH
def test_gates_of_a_lone_sequence(kind):
    module = module_of(kind)
    _, _, (gates,) = module(torch.randn(T, I, dtype=torch.float64), return_gates=True)
    assert all(g.shape == (T, H) for g in gates)


@BOTH
@pytest.mark.parametrize(
    ("reset", "error", "message"),
    [
        (RESET.t(), ValueError, r"reset has shape \(4, 6\), expected \(T, B\) = \(6, 4\)"),
        (RESET.float(), TypeError, r"reset is torch\.float32, expected a tensor of torch\.bool"),
        (RESET.numpy(), TypeError, "reset is ndarray, expected"),
        (
            RESET.to("meta"),
            ValueError,
            r"reset is on the device meta, expected cpu.*reset\.cpu\(\)",
        ),
    ],
)
def test_wrong_resets(kind, reset, error, message):
    with pytest.raises(error, match=message):
        module_of(kind)(torch.randn(T, B, I, dtype=torch.float64), reset=reset)


@BOTH
def test_extras_where_pytorch_would_serve_are_errors(kind):
    _, ours = pair(kind, I, H, dtype=torch.bfloat16)
    x = torch.randn(T, B, I, dtype=torch.bfloat16)
    for name, extra in {"reset": RESET, "return_gates": True}.items():
        with pytest.raises(ValueError, match=f"{name} came with a call that it does not serve"):
            ours(x, **{name: extra})


LENGTHS = [4, 6, 2, 6]  # not in order


def pack(x):
    return pack_padded_sequence(x, LENGTHS, enforce_sorted=False)


def alone(call):
    """Return what a call of each sequence alone gives: outputs, and by direction the gates."""
    found = [call(b, length) for b, length in enumerate(LENGTHS)]
    outputs = pack_sequence([output for output, _, _ in found], enforce_sorted=False)
    by_direction = zip(*(gates for _, _, gates in found), strict=True)
    gates = [
        [pack_sequence(list(gate), enforce_sorted=False) for gate in zip(*each, strict=True)]
        for each in by_direction
    ]
    return outputs, gates


@BOTH
@STACKS
def test_packed_sequences_with_resets_and_gates(kind, layers, bidirectional):
    module = module_of(kind, layers, bidirectional)
    x = torch.randn(T, B, I, dtype=torch.float64)
    output, _, gates = module(pack(x), reset=pack(RESET), return_gates=True)
    wanted, wanted_gates = alone(
        lambda b, length: module(x[:length, b], reset=RESET[:length, b], return_gates=True)
    )
    assert torch.equal(output.unsorted_indices, wanted.unsorted_indices)
    assert_same([output.data], [wanted.data])
    assert len(gates) == layers * (1 + bidirectional)
    for mine, theirs in zip(gates, wanted_gates, strict=True):
        assert_same([g.data for g in mine], [g.data for g in theirs])


@BOTH
@STACKS
def test_gradients_of_packed_sequences_with_resets(kind, layers, bidirectional):
    module = module_of(kind, layers, bidirectional)
    x = torch.randn(T, B, I, dtype=torch.float64)
    hx = states(kind, layers * (1 + bidirectional))
    wanted = []
    for way in (module, Loop(module)):
        x_leaf = x.clone().requires_grad_()
        steps, reset = pack(x_leaf), pack(RESET)
        order = steps.sorted_indices
        if way is module:
            output, last = module(steps, hx, reset=reset)
            output, last = output.data, [s.index_select(1, order) for s in tensors(last)]
        else:
            sorted_hx = [s.index_select(1, order) for s in tensors(hx)]
            h0, c0 = (*sorted_hx, None)[:2]
            a = Operands(
                steps.data, list(module.parameters()), h0, c0, None, reset.data, steps.batch_sizes
            )
            shape = Layers(module._cell, layers, bidirectional, time_major=True)
            output, *last = [r for r in unrolled.forward(shape, a) if r is not None]
        outputs = [output, *last]
        module.zero_grad()
        sum(t.square().sum() for t in outputs).backward()
        wanted.append([*outputs, x_leaf.grad, *(p.grad.clone() for p in module.parameters())])
    assert_same(*wanted)


@BOTH
@STACKS
def test_gates_of_cut_sequences(kind, layers, bidirectional):
    module = module_of(kind, layers, bidirectional)
    x = torch.randn(T, 1, I, dtype=torch.float64)
    reset = torch.zeros(T, 1, dtype=torch.bool)
    reset[4] = True
    _, _, gates = module(x, reset=reset, return_gates=True)
    pieces = [module(part, return_gates=True)[2] for part in (x[:4], x[4:])]
    for mine, first, second in zip(gates, *pieces, strict=True):
        assert_same(mine, [torch.cat(both) for both in zip(first, second, strict=True)])


@BOTH
def test_resets_that_are_packed_otherwise_are_errors(kind):
    module = module_of(kind)
    steps = pack(torch.randn(T, B, I, dtype=torch.float64))
    with pytest.raises(TypeError, match="reset is Tensor, expected a PackedSequence"):
        module(steps, reset=RESET)
    for lengths in ([6, 4, 2, 6], [5, 6, 2, 6]):
        other = pack_padded_sequence(RESET, lengths, enforce_sorted=False)
        with pytest.raises(ValueError, match="other batch_sizes or sorted_indices"):
            module(steps, reset=other)
    with pytest.raises(TypeError, match=r"reset is torch\.float32"):
        module(steps, reset=pack(RESET.float()))
