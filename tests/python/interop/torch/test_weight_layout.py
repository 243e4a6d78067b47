"""Parameters of torch.nn in the layout of the core, beside gate_order's arrays, and back."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from gatedcore.interop import gate_order
from gatedcore.interop.torch.weight_layout import (
    TorchParameters,
    from_core,
    gradient_memory,
    to_core,
)

I, H = 3, 5  # noqa: E741  # the letters of the equations
CELLS = pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3)])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def parameters(gates, dtype, biases):
    generator = torch.Generator().manual_seed(gates)
    shapes = [(gates * H, I), (gates * H, H)] + 2 * biases * [(gates * H,)]
    return [torch.randn(s, dtype=dtype, generator=generator, requires_grad=True) for s in shapes]


@CELLS
@DTYPES
@pytest.mark.parametrize("biases", [True, False])
def test_the_layout_is_that_of_gate_order(cell, gates, dtype, biases):
    given = parameters(gates, dtype, biases)
    wanted = gate_order.torch_to_keras(cell, *(p.detach().numpy() for p in given))
    assert to_core(cell, given).projection is None
    for mine, other in zip(to_core(cell, given).plain, wanted, strict=True):
        if other is None:
            assert mine is None
        else:
            assert mine.flags.c_contiguous
            assert mine.dtype == other.dtype
            assert np.array_equal(mine, other)


@CELLS
@DTYPES
@pytest.mark.parametrize("biases", [True, False])
def test_gradients_go_the_way_back(cell, gates, dtype, biases):
    given = parameters(gates, dtype, biases)
    memory = gradient_memory(to_core(cell, given))
    sums = [p.detach().clone() for p in given]
    if biases and cell == "lstm":  # their gradient is one
        sums[2] = sums[3] = sums[2] + sums[3]
    for place, value in zip(memory, to_core(cell, given), strict=True):
        if value is None:
            assert place is None
        else:
            assert not place.any()
            place += value
    found = from_core(cell, memory)
    assert len({t.data_ptr() for t in found}) == len(given)
    for mine, wanted in zip(found, sums, strict=True):
        assert mine.is_contiguous()
        assert torch.equal(mine, wanted)


@DTYPES
@pytest.mark.parametrize("biases", [True, False])
def test_a_projection_goes_there_and_back(dtype, biases):
    P = 2
    module = torch.nn.LSTM(I, H, bias=biases, proj_size=P, dtype=dtype)
    given = list(module.parameters())
    names = TorchParameters.of(given)
    assert names.w_r is module.weight_hr_l0
    assert names.b_h is (module.bias_hh_l0 if biases else None)
    core = to_core("lstm", given)
    assert core.recurrent_kernel.shape == (P, 4 * H)
    assert np.array_equal(core.projection, module.weight_hr_l0.detach().numpy().T)
    found = from_core("lstm", core)
    assert len(found) == len(given)
    for index in (0, 1, -1):
        assert torch.equal(found[index], given[index])
