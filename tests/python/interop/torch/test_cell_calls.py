"""One step as an operator and a function: opcheck, gradcheck, and arrays that follow weights."""

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

import numpy as np

from gatedcore.interop.torch import cell_calls
from gatedcore.interop.torch.cell_calls import Step, WeightArrays, cell_op, run_step

I, H = 3, 5  # noqa: E741  # the letters of the equations
CELLS = pytest.mark.parametrize("cell", ["lstm", "gru"])


def step_of(cell, batch=2, *, wanted=True, states=True, biases=True):
    torch.manual_seed(0)
    G = 4 if cell == "lstm" else 3

    def leaf(*shape):
        return torch.randn(shape, dtype=torch.float64, requires_grad=wanted)

    return Step(
        leaf(batch, I),
        leaf(batch, H) if states else None,
        leaf(batch, H) if states and cell == "lstm" else None,
        leaf(G * H, I),
        leaf(G * H, H),
        leaf(G * H) if biases else None,
        leaf(G * H) if biases else None,
    )


@CELLS
@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize("biases", [False, True])
def test_the_operator_is_what_pytorch_asks_of_one(cell, wanted, states, biases):
    step = step_of(cell, wanted=wanted, states=states, biases=biases)
    torch.library.opcheck(cell_op, (*step, cell, wanted))


@CELLS
@pytest.mark.parametrize("way", ["function", "operator"])
@pytest.mark.parametrize("few", [True, False])
def test_gradients_by_finite_differences(cell, way, few, monkeypatch):
    if not few:
        monkeypatch.setattr(cell_calls, "_FEW_ROWS", 0)
        monkeypatch.setattr(cell_calls, "_FEW_PRODUCTS", 0)
    step = step_of(cell)

    def call(*given):
        if way == "function":
            return tuple(s for s in run_step(cell, Step(*given), WeightArrays()) if s is not None)
        return cell_op(*given, cell, True)[: 2 if cell == "lstm" else 1]

    assert torch.autograd.gradcheck(call, tuple(step))
    assert torch.autograd.gradgradcheck(call, tuple(step))


def test_arrays_follow_what_is_written_to_weights():
    known = WeightArrays()
    w = torch.nn.Parameter(torch.zeros(4, 2))
    array, none = known.of((w, None))
    assert none is None
    w.data.fill_(3.0)  # which no counter of changes notices
    assert known.of((w, None))[0] is array
    assert (array == 3.0).all()
    w.data = torch.ones(4, 2)
    assert np.array_equal(known.of((w, None))[0], np.ones((4, 2)))


def test_weights_that_are_not_contiguous_are_read_anew():
    known = WeightArrays()
    w = torch.arange(6.0).reshape(2, 3).t()
    assert np.array_equal(known.of((w,))[0], w.numpy())
    w += 1.0
    assert np.array_equal(known.of((w,))[0], w.numpy())
