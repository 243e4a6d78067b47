"""Layers as operators of PyTorch: opcheck, gradcheck, compiled and exported models."""

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from torch.nn.utils.rnn import pack_padded_sequence

import gatedcore as gk
from gatedcore.interop.torch.core_calls import Layers, Operands
from gatedcore.interop.torch.layer_ops import layers_op, run_layers
from interop.torch.beside_torch import assert_same, everything, pair

T, B, I, H = 3, 2, 2, 3  # noqa: E741  # the letters of the equations
CELLS = pytest.mark.parametrize("cell", ["lstm", "gru"])
# The compiler looks at .grad of all that it is given, leaf or not.
LOOKS_AT_GRADIENTS = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
STACKS = pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True)])


def operands(cell, layers, bidirectional, *, wanted=True, given=True, sizes=None, **options):
    """Return float64 operands of a call, all of them leaves."""
    torch.manual_seed(0)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    weights = [
        w.detach().requires_grad_(wanted)
        for w in kind(
            I, H, layers, bidirectional=bidirectional, dtype=torch.float64, **options
        ).parameters()
    ]

    def leaf(*shape):
        return torch.randn(shape, dtype=torch.float64, requires_grad=wanted)

    D = layers * (1 + bidirectional)
    widths = options.get("proj_size", H), H
    h0, c0 = (leaf(D, B, width) if given else None for width in widths)
    return Operands(
        leaf(T, B, I) if sizes is None else leaf(sum(sizes), I),
        weights,
        h0,
        c0 if cell == "lstm" else None,
        batch_sizes=None if sizes is None else torch.tensor(sizes),
    )


@CELLS
@STACKS
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("wanted", [False, True])
def test_the_operator_is_what_pytorch_asks_of_one(
    cell, layers, bidirectional, given, time_major, wanted
):
    a = operands(cell, layers, bidirectional, wanted=wanted, given=given)
    if not time_major:
        a = a._replace(x=a.x.detach().transpose(0, 1).contiguous().requires_grad_(wanted))
    torch.library.opcheck(layers_op, (*a, cell, layers, bidirectional, time_major, wanted))


@CELLS
def test_the_operator_of_packed_steps(cell):
    a = operands(cell, 1, False, sizes=[2, 2, 1])
    torch.library.opcheck(layers_op, (*a, cell, 1, False, True, True))


@CELLS
@STACKS
@pytest.mark.parametrize("sizes", [None, [2, 2, 1]])
@pytest.mark.parametrize("way", ["function", "operator"])
def test_gradients_by_finite_differences(cell, layers, bidirectional, sizes, way):
    a = operands(cell, layers, bidirectional, sizes=sizes)
    shape = Layers(cell, layers, bidirectional, time_major=True)

    def call(x, h0, c0, *weights):
        given = a._replace(x=x, h0=h0, c0=c0, weights=list(weights))
        if way == "function":
            return tuple(r for r in run_layers(shape, given) if r is not None)
        return layers_op(*given, *shape, True)[: 3 if cell == "lstm" else 2]

    assert torch.autograd.gradcheck(call, (a.x, a.h0, a.c0, *a.weights))


@CELLS
def test_second_derivatives_of_the_operator(cell):
    a = operands(cell, 1, False)

    def call(x, h0, c0, *weights):
        given = a._replace(x=x, h0=h0, c0=c0, weights=list(weights))
        return layers_op(*given, cell, 1, False, True, True)[: 3 if cell == "lstm" else 2]

    inputs = (a.x, a.h0, a.c0, *a.weights)
    assert torch.autograd.gradgradcheck(call, inputs)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("sizes", [None, [2, 2, 1]])
def test_the_operator_with_a_projection(bias, sizes):
    a = operands("lstm", 2, True, sizes=sizes, proj_size=2, bias=bias)
    shape = Layers("lstm", 2, bidirectional=True, time_major=True)
    torch.library.opcheck(layers_op, (*a, *shape, True))

    def call(x, h0, c0, *weights):
        given = a._replace(x=x, h0=h0, c0=c0, weights=list(weights))
        return layers_op(*given, *shape, True)[:3]

    inputs = (a.x, a.h0, a.c0, *a.weights)
    assert torch.autograd.gradcheck(call, inputs)
    assert torch.autograd.gradgradcheck(call, inputs, atol=1e-4)


class Model(torch.nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.recurrent = getattr(gk.torch, kind)(I, H, **options)
        self.head = torch.nn.Linear(options.get("proj_size") or H, 1)

    def forward(self, x, hx=None):
        return self.head(torch.relu(self.recurrent(x, hx)[0]))


@pytest.mark.parametrize(
    ("kind", "options"), [("LSTM", {}), ("GRU", {}), ("LSTM", {"proj_size": 2})]
)
@pytest.mark.parametrize("whole", [False, True])
@LOOKS_AT_GRADIENTS
def test_compiled_models(kind, options, whole):
    torch._dynamo.reset()
    model = Model(kind, num_layers=2, **options)
    compiled = torch.compile(model, backend="aot_eager", fullgraph=whole)
    x = torch.randn(T, B, I)
    # As nn.LSTM, ours splits the graph unless the compiler is told to look into such modules.
    with torch._dynamo.config.patch(allow_rnn=whole):
        assert_same(everything(compiled, x), everything(model, x))
        with torch.no_grad():
            torch.testing.assert_close(compiled(x), model(x))


@LOOKS_AT_GRADIENTS
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the compiler's own code
def test_compiled_to_native_code():
    # relu of the results is what a compiler would like to write in their place.
    torch._dynamo.reset()
    model = Model("GRU")
    x = torch.randn(T, B, I)
    with torch._dynamo.config.patch(allow_rnn=True):
        mine = everything(torch.compile(model, fullgraph=True), x)
    assert_same(mine, everything(model, x))


@pytest.mark.parametrize(
    ("kind", "options"), [("LSTM", {}), ("GRU", {}), ("LSTM", {"proj_size": 2})]
)
def test_exported_models_take_any_batch_and_any_time(kind, options):
    model = Model(kind, **options)
    sizes = {0: torch.export.Dim("T", min=2), 1: torch.export.Dim("B", min=2)}
    program = torch.export.export(model, (torch.randn(T, B, I),), dynamic_shapes={"x": sizes})
    assert layers_op._opoverload in {n.target for n in program.graph.nodes}
    x = torch.randn(T + 3, B + 1, I)
    torch.testing.assert_close(program.module()(x), model(x))


def test_fake_tensors_have_the_shapes_of_real_ones():
    from torch._subclasses.fake_tensor import FakeTensorMode

    for kind in ("LSTM", "GRU"):
        theirs, ours = pair(kind, I, H, 2, bidirectional=True, batch_first=True)
        x = torch.randn(B, T, I)
        with FakeTensorMode(allow_non_fake_inputs=True) as mode:
            fake = ours(mode.from_tensor(x))
        real = theirs(x)
        flat = torch.utils._pytree.tree_leaves
        assert [t.shape for t in flat(fake)] == [t.shape for t in flat(real)]


def test_a_result_of_the_operator_may_be_written_to_before_backward():
    a = operands("gru", 1, False)
    found = []
    for in_place in (False, True):
        output = layers_op(*a, "gru", 1, False, True, True)[0]
        output = output.relu_() if in_place else output.relu()
        found.append(torch.autograd.grad(output.sum(), [a.x, *a.weights]))
    assert_same(*found)


@LOOKS_AT_GRADIENTS
def test_packed_steps_within_a_compiled_model():
    torch._dynamo.reset()
    _, ours = pair("LSTM", I, H)

    def run(x):
        return ours(pack_padded_sequence(x, torch.tensor([3, 2])))[0].data

    x = torch.randn(T, B, I)
    with torch._dynamo.config.patch(allow_rnn=True):
        mine = torch.compile(run, backend="aot_eager")(x)
    torch.testing.assert_close(mine, run(x))
