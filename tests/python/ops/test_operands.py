import numpy as np
import pytest

from gatedcore import ops
from gatedcore.ops.operands import check_cache, mask_operand, state_operand, weight_operands

FLOAT64 = np.dtype(np.float64)


def test_weights_become_contiguous_arrays_of_one_dtype() -> None:
    kernel = np.asfortranarray(np.ones((2, 8), np.float32))
    weights = weight_operands("here", kernel, [[1] * 8] * 2, None, gates=4, inputs=2, dtype=FLOAT64)
    assert weights.kernel.flags.c_contiguous
    assert weights.kernel.dtype == weights.recurrent_kernel.dtype == FLOAT64
    assert weights.bias is None


def test_no_features() -> None:
    with pytest.raises(ValueError, match="here: x has no features, expected at least one"):
        weight_operands(
            "here", np.ones((0, 8)), np.ones((2, 8)), None, gates=4, inputs=0, dtype=FLOAT64
        )


def test_state() -> None:
    assert state_operand("here", "h0", None, 3, 2, FLOAT64) is None
    assert state_operand("here", "h0", np.ones((3, 2), int), 3, 2, FLOAT64).dtype == FLOAT64


def test_cache_of_another_kind() -> None:
    with pytest.raises(TypeError, match="gru_backward: cache has type str, expected GRUCache"):
        check_cache("gru_backward", "", ops.GRUCache)


def test_mask() -> None:
    assert mask_operand("here", "mask", None, 2, 3, time_major=False) is None
    given = [[True, False, True], [False, True, True]]
    assert mask_operand("here", "mask", given, 2, 3, time_major=False).dtype == bool
    assert mask_operand("here", "mask", np.array(given).T, 2, 3, time_major=True).shape == (3, 2)
    with pytest.raises(ValueError, match=r"here: mask has shape \(2, 3\), expected \(T, B\) = "):
        mask_operand("here", "mask", given, 2, 3, time_major=True)
    with pytest.raises(TypeError, match="here: mask has dtype float64, expected bool"):
        mask_operand("here", "mask", np.ones((2, 3)), 2, 3, time_major=False)
    with pytest.raises(TypeError, match=r"here: reset has dtype int64, .* episode_steps == 0"):
        mask_operand("here", "reset", np.ones((2, 3), int), 2, 3, time_major=False)
    with pytest.raises(ValueError, match="here: mask is a masked array, expected one without"):
        mask_operand("here", "mask", np.ma.masked_array(given, True), 2, 3, time_major=False)
    with pytest.raises(ValueError, match="here: mask of type list gives no array"):
        mask_operand("here", "mask", [[True], [True, False]], 2, 3, time_major=False)
