import re

import numpy as np
import pytest

from bindings.calls import misaligned
from gatedcore import _core

TOKENS = np.array([1, 0, 1], np.int32)
TABLE = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_rows_and_sums(dtype):
    table = TABLE.astype(dtype)
    np.testing.assert_array_equal(_core.embedding_forward(TOKENS, table), table[TOKENS])
    sums = np.ones_like(table)
    _core.embedding_backward(TOKENS, table[TOKENS], sums)
    np.testing.assert_array_equal(sums, [[1, 2, 3], [7, 9, 11]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: _core.embedding_forward(TOKENS + 1, TABLE), ValueError, "expected 0 to 1"),
        (lambda: _core.embedding_forward(TOKENS[None], TABLE), ValueError, "expected (count,)"),
        (lambda: _core.embedding_forward(TOKENS, TABLE[0]), ValueError, "expected (rows, columns)"),
        (lambda: _core.embedding_forward(TOKENS.astype("i8"), TABLE), TypeError, "incompatible"),
        (
            lambda: _core.embedding_forward(misaligned(TOKENS), TABLE),
            ValueError,
            "tokens is not aligned to its elements; use tokens.copy()",
        ),
        (lambda: _core.embedding_backward(TOKENS, TABLE, TABLE), ValueError, "(count, columns)"),
        (
            lambda: _core.embedding_backward(TOKENS, TABLE[TOKENS], TABLE.astype("f8")),
            TypeError,
            "d_y",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
