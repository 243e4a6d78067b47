import numpy as np
import pytest

from gatedcore import losses


def test_examples() -> None:
    # Of the documentation of keras.losses.
    y, p = [[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]
    assert losses.Hinge()(y, p) == pytest.approx(1.3)
    assert losses.SquaredHinge()(y, p) == pytest.approx(1.86)
    assert losses.CategoricalHinge()(y, p) == pytest.approx(1.4)


def test_targets_of_0_and_1_become_signs_and_others_stay() -> None:
    p = np.array([[0.5, -2.0, 3.0]])
    signs = losses.hinge([[-1.0, -1.0, 1.0]], p)
    bits = losses.hinge([[0.0, 0.0, 1.0]], p)
    assert signs[0] == bits[0] == 0.5
    np.testing.assert_array_equal(signs[1], bits[1])
    assert losses.hinge([[0.0, -1.0, 1.0]], p)[0] == pytest.approx(1 / 3)  # 0 has a margin of 0


def test_no_slope_beyond_the_margin() -> None:
    y, p = [[1.0, -1.0]], [[1.5, -1.0]]
    for loss in (losses.hinge, losses.squared_hinge):
        value, gradient = loss(y, p)
        assert value == 0.0
        assert not gradient.any()
    value, gradient = losses.categorical_hinge([[0.0, 1.0, 0.0]], [[1.0, 2.5, -3.0]])
    assert value == 0.0
    assert not gradient.any()


def test_several_largest_wrong_classes_share_the_slope() -> None:
    gradient = losses.categorical_hinge([[0.0, 0.0, 1.0]], [[2.0, 2.0, 0.5]])[1]
    np.testing.assert_array_equal(gradient, [[0.5, 0.5, -1.0]])


def test_one_class() -> None:
    with pytest.raises(
        ValueError, match=r"categorical_hinge: y_pred has shape .*at least 2 classe"
    ):
        losses.categorical_hinge([[1.0]], [[1.0]])
