import re

import numpy as np
import pytest

from gatedcore.preprocessing import to_categorical


def test_one_at_its_place() -> None:
    vectors = to_categorical([1, 0, 3])
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert to_categorical([1], num_classes=3).tolist() == [[0, 1, 0]]
    assert to_categorical(2).tolist() == [0, 0, 1]


def test_any_shape_whose_last_axis_of_one_goes() -> None:
    x = np.random.default_rng(0).integers(0, 5, size=(3, 4))
    for given in (x, x[..., None], x.astype(np.float64), x.astype(np.uint8)):
        vectors = to_categorical(given, 5)
        assert vectors.shape == (3, 4, 5)
        np.testing.assert_array_equal(vectors.argmax(axis=-1), x)
        np.testing.assert_array_equal(vectors.sum(axis=-1), 1)
    assert to_categorical([1]).shape == (1, 2)
    assert to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("x", "classes", "error", "message"),
    [
        ([-1, 2], None, ValueError, "x holds numbers from -1 to 2, expected integers from 0 to nu"),
        ([0, 3], 3, ValueError, "x holds numbers from 0 to 3, expected integers from 0 to 2"),
        ([0.5], 3, ValueError, "x holds numbers from 0.5 to 0.5, not whole, expected integers"),
        ([np.nan], 3, ValueError, "x holds numbers from nan to nan, not whole"),
        ([np.inf], None, ValueError, "x holds numbers from inf to inf, expected integers"),
        (["a"], None, TypeError, "x has dtype <U1, expected integers; number the classes"),
        ([], None, ValueError, "x is empty, expected a class at least; pass num_classes"),
        ([0], 0, ValueError, "num_classes is 0, expected an integer of at least 1"),
    ],
)
def test_what_is_no_class(
    x: list, classes: int | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match="to_categorical: " + re.escape(message)):
        to_categorical(x, classes)
