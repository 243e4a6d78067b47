"""cpp/bindings/bind_ceilings.cpp: the loops that measure the machine do what they are said to."""

import numpy as np
import pytest

from gatedcore import _core


def test_multiply_add_counts_the_operations_of_its_rounds():
    one, _ = _core.multiply_add(1, 0.5, 0.25)
    assert one > 0
    assert one % 2 == 0
    assert _core.multiply_add(1000, 0.5, 0.25)[0] == 1000 * one
    assert _core.multiply_add(0, 0.5, 0.25)[0] == _core.multiply_add(-3, 0.5, 0.25)[0] == 0


def test_multiply_add_runs_them():
    operations, total = _core.multiply_add(1000, 0.5, 0.25)
    chains = operations // 2000
    assert total == pytest.approx(0.5 * chains, rel=1e-5)  # x = x / 2 + 1 / 4 ends at 1 / 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [0, 1, 1000, 12345])
def test_read_all_reads_every_element(dtype, count):
    data = np.arange(count, dtype=dtype) % 8  # sums of whole numbers are exact
    assert _core.read_all(data, 1) == data.sum(dtype=np.float64)
    assert _core.read_all(data, 2) == 2 * data.sum(dtype=np.float64)


def test_read_all_takes_what_the_other_calls_take():
    with pytest.raises(TypeError, match="read_all: data has dtype int64"):
        _core.read_all(np.arange(3), 1)
    with pytest.raises(ValueError, match="read_all: data"):
        _core.read_all(np.ones((4, 4), np.float32)[:, ::2], 1)
