import numpy as np
import pytest

from gatedcore import losses
from loss_cases import BITS, ONE_HOT, REAL_PRED, SHARES_PRED, SIGMOID


def test_without_focus_it_is_the_cross_entropy() -> None:
    for logits, pred in ((False, SIGMOID), (True, REAL_PRED)):
        mine = losses.BinaryFocalCrossentropy(gamma=0.0, from_logits=logits)
        plain = losses.BinaryCrossentropy(from_logits=logits)
        for a, b in zip(
            mine.value_and_gradient(BITS, pred), plain.value_and_gradient(BITS, pred), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-12)  # logarithms of rounded sigmoids
    for logits, pred in ((False, SHARES_PRED), (True, REAL_PRED)):
        focal = losses.CategoricalFocalCrossentropy(1.0, 0.0, from_logits=logits)
        entropy = losses.CategoricalCrossentropy(from_logits=logits)
        for a, b in zip(
            focal.value_and_gradient(ONE_HOT, pred),
            entropy.value_and_gradient(ONE_HOT, pred),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certain_answers_give_finite_slopes(gamma: float, dtype: type) -> None:
    y = np.array([[1.0, 0.0, 1.0, 0.0]], dtype)
    for logits, p in ((False, [[0.0, 1.0, 1.0, 0.0]]), (True, [[-200.0, 200.0, 200.0, -200.0]])):
        loss = losses.BinaryFocalCrossentropy(gamma=gamma, from_logits=logits)
        value, gradient = loss.value_and_gradient(y, np.array(p, dtype))
        assert np.isfinite(value)
        assert value > 1.0
        assert np.isfinite(gradient).all()
        # Behind a sigmoid what is wrong and certain is still mended.
        assert not logits or (gradient[0, 0] < 0.0 < gradient[0, 1])
        classes = losses.CategoricalFocalCrossentropy(gamma=gamma, from_logits=logits)
        value, gradient = classes.value_and_gradient(
            np.array([[1.0, 0.0], [0.0, 1.0]], dtype), np.array([p[0][:2], p[0][:2]], dtype)
        )
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
        assert not logits or gradient[0, 0] < 0.0


def test_configuration() -> None:
    for loss in (
        losses.BinaryFocalCrossentropy(True, 0.3, 1.0),
        losses.CategoricalFocalCrossentropy([0.5, 1.0], label_smoothing=0.1),
    ):
        again = losses.get(losses.serialize(loss))
        assert isinstance(again, type(loss))
        assert again.get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.BinaryFocalCrossentropy(alpha=1.1), "alpha is 1.1, expected a number in"),
        (lambda: losses.BinaryFocalCrossentropy(gamma=-1.0), "gamma is -1, expected a number in"),
        (
            lambda: losses.CategoricalFocalCrossentropy([0.5])([[0.0, 1.0]], [[0.5, 0.5]]),
            "alpha holds 1 numbers, expected 2, one for each class",
        ),
        (
            lambda: losses.BinaryFocalCrossentropy()([[2.0]], [[0.5]]),
            "y_true holds 2, expected numbers from 0 to 1",
        ),
    ],
)
def test_errors(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
