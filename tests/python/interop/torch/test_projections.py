"""LSTMs that project their state (proj_size) beside torch.nn's."""

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from torch.nn.utils.rnn import pack_padded_sequence

import gatedcore as gk
from gatedcore.interop.torch import unrolled
from gatedcore.interop.torch.core_calls import Layers, Operands
from interop.torch.beside_torch import assert_same, assert_same_error, everything, pair, tensors

T, B, I, H = 5, 4, 3, 7  # noqa: E741  # the letters of the equations
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])

PROJECTED = pytest.mark.parametrize(
    "options",
    [
        {},
        {"bias": False},
        {"num_layers": 2, "bidirectional": True},
        {"num_layers": 2, "bidirectional": True, "bias": False, "batch_first": True},
    ],
)
P = 4  # proj_size
# torch.nn's own, of float32.
SLOWLY = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


def states(options, *batch, dtype=torch.float32):
    directions = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    return torch.randn(directions, *batch, P, dtype=dtype), torch.randn(
        directions, *batch, H, dtype=dtype
    )


@SLOWLY
@DTYPES
@PROJECTED
@pytest.mark.parametrize("given", [False, True])
def test_agrees_with_pytorch(dtype, options, given):
    theirs, ours = pair("LSTM", I, H, proj_size=P, dtype=dtype, **options)
    x = torch.randn(T, B, I, dtype=dtype)
    x = x.transpose(0, 1) if options.get("batch_first") else x
    hx = states(options, B, dtype=dtype) if given else None
    assert_same(everything(ours, x, hx), everything(theirs, x, hx))
    with torch.no_grad():
        assert_same(tensors(ours(x, hx)), tensors(theirs(x, hx)))


@SLOWLY
@PROJECTED
@pytest.mark.parametrize("given", [False, True])
def test_a_lone_sequence(options, given):
    theirs, ours = pair("LSTM", I, H, proj_size=P, **options)
    hx = states(options) if given else None
    x = torch.randn(T, I)
    assert_same(everything(ours, x, hx), everything(theirs, x, hx))


@SLOWLY
@DTYPES
@PROJECTED
@pytest.mark.parametrize("given", [False, True])
def test_packed_sequences(dtype, options, given):
    theirs, ours = pair("LSTM", I, H, proj_size=P, dtype=dtype, **options)
    hx = states(options, B, dtype=dtype) if given else None

    def pack(x):
        return pack_padded_sequence(x, [2, 5, 1, 4], enforce_sorted=False)

    x = torch.randn(T, B, I, dtype=dtype)
    assert_same(everything(ours, x, hx, pack), everything(theirs, x, hx, pack))


@SLOWLY
def test_dropout_between_projected_layers():
    theirs, ours = pair("LSTM", I, H, 3, dropout=0.5, proj_size=P, bidirectional=True)
    found = []
    for module in (ours, theirs):
        torch.manual_seed(5)
        found.append(everything(module, torch.randn(T, B, I)))
    assert_same(*found)


@pytest.mark.parametrize("packed", [False, True])
def test_second_derivatives(packed):
    theirs, ours = pair(
        "LSTM", I, H, 2, proj_size=P, bidirectional=True, bias=False, dtype=torch.float64
    )
    data, found = torch.randn(T, B, I, dtype=torch.float64), []
    for module in (ours, theirs):
        x = data.clone().requires_grad_()
        output = module(pack_padded_sequence(x, [5, 4, 2, 2]) if packed else x)
        loss = sum(t.square().sum() for t in tensors(output))
        first = torch.autograd.grad(loss, [x, *module.parameters()], create_graph=True)
        sum(d.square().sum() for d in first).backward()
        found.append([*first, x.grad, *(p.grad for p in module.parameters())])
    assert_same(*found)


@SLOWLY
@pytest.mark.parametrize("shapes", [((1, B, H), (1, B, H)), ((1, B, P), (1, B, P))])
def test_wrong_states_raise_what_pytorch_raises(shapes):
    theirs, ours = pair("LSTM", I, H, proj_size=P)
    hx = tuple(torch.zeros(s) for s in shapes)
    assert_same_error(ours, theirs, torch.zeros(T, B, I), hx)


def test_recurrent_dropout_draws_for_the_projected_state():
    module = gk.torch.LSTM(I, H, 2, proj_size=P, recurrent_dropout=0.5, dtype=torch.float64)
    x = torch.randn(T, B, I, dtype=torch.float64)
    torch.manual_seed(3)
    m_h = torch.nn.functional.dropout(torch.ones(2, B, P, dtype=torch.float64), 0.5)
    a = Operands(x, list(module.parameters()), None, None, m_h)
    wanted = unrolled.forward(Layers("lstm", 2, False, True), a)
    torch.manual_seed(3)
    assert_same(tensors(module(x)), list(wanted))


@pytest.mark.parametrize("packed", [False, True])
def test_gates_and_resets_stand_before_the_projection(packed):
    module = gk.torch.LSTM(I, H, bidirectional=True, proj_size=P, dtype=torch.float64)
    x, reset = torch.randn(T, B, I, dtype=torch.float64), torch.rand(T, B) < 0.3
    if packed:
        x, reset = (pack_padded_sequence(t, [5, 3, 2, 2]) for t in (x, reset))
    output, _, gates = module(x, reset=reset, return_gates=True)
    (output,) = tensors(output)
    for k, w_r in enumerate((module.weight_hr_l0, module.weight_hr_l0_reverse)):
        o, c = tensors(gates[k])[3:]
        assert c.shape[-1] == H
        assert_same([o * c.tanh() @ w_r.t()], [output[..., k * P : (k + 1) * P]])
