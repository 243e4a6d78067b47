import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore import losses

RNG = np.random.default_rng(0)
Y, P = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))


@pytest.mark.parametrize(
    ("loss", "expected"), [(losses.mse, ((P - Y) ** 2).mean()), (losses.mae, np.abs(P - Y).mean())]
)
def test_value_and_gradient(loss, expected: float) -> None:
    value, gradient = loss(Y, P)
    assert isinstance(value, float)
    assert value == pytest.approx(expected, rel=1e-14)  # order of a sum of 12
    assert_gradient(gradient, lambda: loss(Y, P)[0], P)


@pytest.mark.parametrize("loss", [losses.mse, losses.mae])
def test_gradient_has_the_dtype_of_the_predictions(loss) -> None:
    assert loss(Y.astype(np.float32), P.astype(np.float32))[1].dtype == np.float32


def test_mae_of_equal_values_has_no_slope() -> None:
    assert losses.mae(Y, Y)[1].tolist() == np.zeros_like(Y).tolist()


@pytest.mark.parametrize("loss", [losses.mse, losses.mae])
def test_never_broadcast(loss) -> None:
    with pytest.raises(
        ValueError, match=r"y_true has shape \(4,\), expected that of y_pred, \(4, 1\)"
    ):
        loss(Y[:, 0], P[:, :1])
    with pytest.raises(ValueError, match="with at least one element"):
        loss(Y[:0], P[:0])


def test_get() -> None:
    assert losses.get("mse") is losses.get("mean_squared_error") is losses.mean_squared_error
    assert losses.get("mae") is losses.mean_absolute_error
    assert losses.get(losses.mae) is losses.mae
    with pytest.raises(ValueError, match=r"losses.get: loss is 'hinge', expected one of mse"):
        losses.get("hinge")
    with pytest.raises(TypeError, match=r"losses.get: loss has type NoneType, expected a name"):
        losses.get(None)
