"""Large results have memory of the core's; to their users they are arrays like any other."""

import copy
import pickle

import numpy as np
import pytest

from gatedcore import _core, ops


def large() -> np.ndarray:
    return ops.lstm(np.ones((8, 100, 4)), np.ones((4, 64)), np.ones((16, 64)))[0]


def test_large_results_are_arrays_like_any_other() -> None:
    h = large()
    assert isinstance(h.base, _core.ResultMemory)
    assert h.flags.writeable
    assert h.flags.aligned
    assert h.flags.c_contiguous
    h.flags.writeable = False
    h.flags.writeable = True
    h += 1
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(h)), h)
    np.testing.assert_array_equal(copy.deepcopy(h), h)
    assert np.frombuffer(h.base, np.float64)[: h.size].tolist() == h.ravel().tolist()


def test_memory_lives_as_long_as_a_view_of_it() -> None:
    h = large()
    part, kept = h[0, 0], h[0, 0].copy()
    del h
    others = [large() + i for i in range(5)]
    np.testing.assert_array_equal(part, kept)
    assert len(others) == 5


def test_results_that_are_alive_do_not_share_memory() -> None:
    results = [large() for _ in range(4)]
    for i, a in enumerate(results):
        for b in results[:i]:
            assert not np.shares_memory(a, b)


def test_small_results_belong_to_numpy() -> None:
    h = ops.lstm(np.ones((1, 2, 4)), np.ones((4, 8)), np.ones((2, 8)))[0]
    assert h.base is None


def test_a_saved_pass_makes_its_large_output_read_only() -> None:
    h, _, cache = ops.lstm(
        np.ones((8, 100, 4)), np.ones((4, 64)), np.ones((16, 64)), return_cache=True
    )
    with pytest.raises(ValueError, match="read-only"):
        h += 1
    ops.lstm_backward(cache, h)


def test_zeros() -> None:
    for rows, columns in ((0, 3), (2, 3), (100, 300)):
        for dtype in (np.float32, np.float64):
            array = _core.zeros(rows, columns, dtype == np.float64)
            np.testing.assert_array_equal(array, np.zeros((rows, columns), dtype), strict=True)
            array += 1  # what is used again must be zeros again
    with pytest.raises(ValueError, match=r"zeros: shape is \(-1, 3\), expected sizes"):
        _core.zeros(-1, 3, True)
    with pytest.raises(ValueError, match=r"zeros: 9.67\d*e\+24 bytes are needed"):
        _core.zeros(2**40, 2**40, True)
