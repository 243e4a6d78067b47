"""columns_from_rows and rows_from_columns: weights between PyTorch's layout and ours."""

import numpy as np
import pytest

from gatedcore import _core

BLOCKS = (1, 2, 0)
ROWS = np.arange(24.0).reshape(6, 4)  # three gates of two units


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_gates_in_rows_stand_side_by_side_and_go_back(dtype):
    rows = ROWS.astype(dtype)
    columns = _core.columns_from_rows(BLOCKS, rows)
    assert columns.dtype == rows.dtype
    np.testing.assert_array_equal(columns, rows.reshape(3, 2, 4)[list(BLOCKS)].reshape(6, 4).T)
    np.testing.assert_array_equal(_core.rows_from_columns(BLOCKS, columns), rows)


def test_one_block_is_turned_as_it_is():
    np.testing.assert_array_equal(_core.columns_from_rows((0,), ROWS), ROWS.T)


@pytest.mark.parametrize("function", [_core.columns_from_rows, _core.rows_from_columns])
@pytest.mark.parametrize("blocks", [(0, 1, 1), (0, 1, 3), (-1, 0, 1)])
def test_what_is_no_order_is_refused(function, blocks):
    with pytest.raises(ValueError, match="blocks is no order of 3 gates"):
        function(blocks, np.zeros((6, 6)))


@pytest.mark.parametrize(
    ("function", "letters"),
    [(_core.columns_from_rows, r"\(G\*H, F\)"), (_core.rows_from_columns, r"\(F, G\*H\)")],
)
def test_matrices_of_other_shapes_and_dtypes_are_refused(function, letters):
    for blocks, matrix in ((BLOCKS, np.zeros((4, 4))), (BLOCKS, np.zeros(6)), ((), ROWS)):
        with pytest.raises(ValueError, match=f"matrix has shape .*expected {letters}"):
            function(blocks, matrix)
    with pytest.raises(TypeError, match="int64"):
        function(BLOCKS, np.zeros((6, 6), np.int64))
    with pytest.raises(ValueError, match="contiguous"):
        function(BLOCKS, np.zeros((6, 12))[:, ::2])
