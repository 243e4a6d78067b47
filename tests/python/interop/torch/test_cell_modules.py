"""LSTMCell and GRUCell beside torch.nn's."""

import pickle

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

import gatedcore as gk
from interop.torch.beside_torch import (
    assert_same,
    assert_same_error,
    copies,
    everything,
    pair,
    states,
    tensors,
)

I, H = 6, 19  # noqa: E741  # the letters of the equations
BOTH = pytest.mark.parametrize("kind", ["LSTMCell", "GRUCell"])


@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("batch", [None, 0, 1, 3, 200])
def test_agrees_with_pytorch(kind, dtype, bias, given, batch):
    theirs, ours = pair(kind, I, H, bias, dtype=dtype)
    rows = () if batch is None else (batch,)
    x = torch.randn(*rows, I, dtype=dtype)
    hx = states(kind, *rows, H, dtype=dtype) if given else None
    assert_same(everything(ours, x, hx), everything(theirs, x, hx))
    with torch.no_grad():
        assert_same(tensors(ours(x, hx)), tensors(theirs(x, hx)))


@BOTH
def test_a_loop_over_steps(kind):
    theirs, ours = pair(kind, I, H)
    x = torch.randn(7, 3, I)
    found = []
    for module in (ours, theirs):
        module.zero_grad()
        leaf, hx, outputs = x.clone().requires_grad_(), None, []
        for step in leaf:
            hx = module(step, hx)
            outputs.append(tensors(hx)[0])
        torch.stack(outputs).square().sum().backward()
        found.append([*outputs, leaf.grad, *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
@pytest.mark.parametrize("which", [0, -1])
def test_a_result_may_be_written_to_before_backward(kind, which):
    theirs, ours = pair(kind, I, H)
    x, hx = torch.randn(3, I), states(kind, 3, H)
    found = []
    for module in (ours, theirs):
        module.zero_grad()
        results = tensors(module(x, hx))
        results[which].mul_(2.0)
        sum(t.square().sum() for t in results).backward()
        found.append([*results, *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
def test_second_derivatives(kind):
    theirs, ours = pair(kind, I, H, dtype=torch.float64)
    found = []
    for module in (ours, theirs):
        x = torch.linspace(-1, 1, 2 * I, dtype=torch.float64).reshape(2, I).requires_grad_()
        loss = sum(t.square().sum() for t in tensors(module(x)))
        first = torch.autograd.grad(loss, [x, *module.parameters()], create_graph=True)
        sum(d.square().sum() for d in first).backward()
        found.append([*first, x.grad, *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
def test_weights_that_change_in_any_way_count(kind):
    theirs, ours = pair(kind, I, H)
    x = torch.randn(1, I)
    changes = [
        lambda m: m.weight_hh.data.mul_(2.0),
        lambda m: setattr(m.weight_ih, "data", m.weight_ih.data.flip(0)),
        lambda m: setattr(m, "bias_ih", torch.nn.Parameter(torch.ones_like(m.bias_ih))),
        lambda m: torch.nn.init.ones_(m.bias_hh),
        lambda m: m.load_state_dict({k: v / 2 for k, v in m.state_dict().items()}),
    ]
    with torch.no_grad():
        for change in changes:
            ours(x)
            for module in (ours, theirs):
                change(module)
            assert_same(tensors(ours(x)), tensors(theirs(x)))


@BOTH
@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated")
def test_weights_computed_from_others(kind):
    theirs, ours = pair(kind, I, H)
    for module in (ours, theirs):
        torch.nn.utils.weight_norm(module, "weight_hh")
    x = torch.randn(2, I)
    assert_same(everything(ours, x), everything(theirs, x))


@BOTH
def test_parameters_given_from_outside(kind):
    theirs, ours = pair(kind, I, H)
    given = {name: 2 * p.detach() for name, p in theirs.named_parameters()}
    x = torch.randn(2, I)
    ours(x)
    mine = torch.func.functional_call(ours, given, (x,))
    assert_same(tensors(mine), tensors(torch.func.functional_call(theirs, given, (x,))))


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # PyTorch's, of its own kernel
def test_vmap_falls_back():
    theirs, ours = pair("GRUCell", I, H)
    x = torch.randn(5, 2, I)
    with pytest.warns(UserWarning, match=r"it is within a transform of torch\.func"):
        mine = torch.func.vmap(ours)(x)
    assert_same(tensors(mine), tensors(torch.func.vmap(theirs)(x)))


def test_vmap_which_pytorch_refuses():
    for module in pair("LSTMCell", I, H):
        with pytest.raises(RuntimeError, match="Batching rule not implemented for aten::lstm_cell"):
            torch.func.vmap(module)(torch.randn(5, 2, I))


@BOTH
def test_copies_and_files_hold_the_same_module(kind):
    theirs, ours = pair(kind, I, H)
    x = torch.randn(2, I)
    wanted = tensors(ours(x))
    for module in copies(ours):
        assert type(module) is type(ours)
        assert_same(tensors(module(x)), wanted)
        assert vars(module).keys() - vars(theirs).keys() <= {"_gatedcore_arrays"}
    assert "_gatedcore_arrays" not in pickle.dumps(ours).decode("latin-1")
    theirs.load_state_dict(ours.state_dict())
    assert repr(ours) == repr(theirs)


@BOTH
def test_accelerate_and_restore(kind):
    module = getattr(torch.nn, kind)(I, H)
    x = torch.randn(2, I)
    wanted = tensors(module(x))
    before = vars(module).copy()
    assert gk.torch.accelerate(module).replaced == ("",)
    assert type(module) is getattr(gk.torch, kind)
    assert_same(tensors(module(x)), wanted)
    gk.torch.restore(module)
    assert type(module) is getattr(torch.nn, kind)
    assert vars(module) == before


@BOTH
def test_compiled_cells(kind):
    torch._dynamo.reset()
    _, ours = pair(kind, I, H)
    x = torch.randn(3, I)
    compiled = torch.compile(ours, backend="aot_eager", fullgraph=True)
    with torch.no_grad():
        assert_same(tensors(compiled(x)), tensors(ours(x)))
    assert_same(everything(compiled, x), everything(ours, x))


@BOTH
def test_results_of_compiled_cells_may_be_written_to(kind):
    def loss(x):
        results = tensors(ours(x))
        results[-1].mul_(2.0)
        return sum(t.square().sum() for t in results)

    torch._dynamo.reset()
    _, ours = pair(kind, I, H)
    x = torch.randn(3, I, requires_grad=True)
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    assert_same(torch.autograd.grad(compiled(x), x), torch.autograd.grad(loss(x), x))


@BOTH
@pytest.mark.parametrize(
    ("x", "hx"),
    [
        (torch.zeros(2, I + 1), None),
        (torch.zeros(I + 1), None),
        (torch.zeros(1, 2, I), None),
        (torch.zeros(2, I, dtype=torch.float64), None),
        (torch.zeros(2, I), (3, H)),
        (torch.zeros(2, I), (2, H + 1)),
        (torch.zeros(2, I), (1, 2, H)),
        ([[1.0]], None),
    ],
)
def test_wrong_calls_raise_what_pytorch_raises(kind, x, hx):
    theirs, ours = pair(kind, I, H)
    hx = None if hx is None else states(kind, *hx)
    assert_same_error(ours, theirs, x, hx)
