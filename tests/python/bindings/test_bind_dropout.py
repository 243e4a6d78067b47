import numpy as np
import pytest

from gatedcore import _core


def test_dtype_and_shape() -> None:
    single = _core.dropout_factors(3, 5, 0.5, 1, 2, False)
    double = _core.dropout_factors(3, 5, 0.5, 1, 2, True)
    assert (single.dtype, single.shape) == (np.float32, (3, 5))
    assert (double.dtype, double.shape) == (np.float64, (3, 5))
    np.testing.assert_array_equal(single, double)
    assert _core.dropout_factors(0, 5, 0.5, 1, 2, True).shape == (0, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 5, 0.5), r"dropout_factors: shape is \(-1, 5\), expected sizes"),
        ((3, 5, 1.0), r"dropout_factors: rate is 1.0+, expected a number in \[0, 1\)"),
        ((3, 5, float("nan")), "dropout_factors: rate is nan, expected"),
        ((2**40, 2**40, 0.5), "dropout_factors: "),
    ],
)
def test_bad_arguments(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.dropout_factors(*arguments, 0, 0, True)
