import numpy as np
import pytest

from gatedcore import losses

torch = pytest.importorskip("torch", reason="compares with PyTorch")
F = torch.nn.functional

RNG = np.random.default_rng(0)
Y, P = RNG.normal(size=(7, 5)), 2.0 * RNG.normal(size=(7, 5))


@pytest.mark.parametrize(
    ("loss", "of_torch"),
    [
        (losses.MeanSquaredError(), F.mse_loss),
        (losses.MeanAbsoluteError(), F.l1_loss),
        (losses.Huber(0.5), lambda p, y: F.huber_loss(p, y, delta=0.5)),
        (losses.CosineSimilarity(), lambda p, y: -F.cosine_similarity(p, y).mean()),
    ],
)
def test_as_pytorch(loss, of_torch) -> None:
    leaf = torch.tensor(P, requires_grad=True)
    expected = of_torch(leaf, torch.tensor(Y))
    expected.backward()
    value, gradient = loss.value_and_gradient(Y, P)
    assert value == pytest.approx(expected.item(), rel=1e-14)  # order of a sum of 35
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-13, atol=1e-16)


def test_no_slope_where_there_is_no_error() -> None:
    for loss in (losses.MeanAbsoluteError(), losses.Quantile(0.9), losses.Huber()):
        assert not loss.value_and_gradient(Y, Y)[1].any()


def test_log_cosh_of_large_and_small_errors() -> None:
    for dtype, rounding in ((np.float32, 2.0**-23), (np.float64, 2.0**-52)):
        errors = np.array([[0.0, 1e-3, -1e-3, 1.0, 20.0, -1e4, 1e30]], dtype)
        values = [
            losses.LogCosh()(0.0 * errors[:, k : k + 1], errors[:, k : k + 1]) for k in range(7)
        ]
        half, one = 0.5e-6 - 1e-12 / 12, np.log(np.cosh(1.0))
        expected = [0.0, half, half, one, 20.0 - np.log(2.0), 1e4 - np.log(2.0), 1e30]
        # log_cosh loses the digits by which |e| exceeds its square.
        np.testing.assert_allclose(values, expected, rtol=4 * rounding, atol=1e-3 * rounding)
        gradient = losses.LogCosh("sum").value_and_gradient(0.0 * errors, errors)[1]
        np.testing.assert_allclose(gradient * 7, np.tanh(errors), rtol=4 * rounding)


def test_percentages_of_nothing() -> None:
    y, p = np.zeros((1, 1), np.float32), np.full((1, 1), 2e-7, np.float32)
    value, gradient = losses.MeanAbsolutePercentageError().value_and_gradient(y, p)
    assert value == pytest.approx(200.0, rel=1e-6)
    assert gradient[0, 0] == pytest.approx(1e9, rel=1e-6)


def test_logarithms_of_negative_numbers() -> None:
    y, p = np.array([[1.0, -5.0]]), np.array([[-3.0, 2.0]])
    value, gradient = losses.MeanSquaredLogarithmicError().value_and_gradient(y, p)
    tiny = np.log1p(1e-7)
    expected = ((np.log(2.0) - tiny) ** 2 + (np.log(3.0) - tiny) ** 2) / 2
    assert value == pytest.approx(expected, rel=1e-14)
    assert gradient[0, 0] == 0.0
    assert gradient[0, 1] == pytest.approx((np.log(3.0) - tiny) / 3.0, rel=1e-14)


def test_the_quantile_loss_is_least_at_the_quantile() -> None:
    samples = np.arange(1001.0)[:, None]
    guesses = np.arange(0.0, 1001.0, 10.0)
    costs = [losses.Quantile(0.9)(samples, np.full_like(samples, guess)) for guess in guesses]
    assert guesses[int(np.argmin(costs))] == 900.0


def test_the_cosine_of_nothing_is_nothing() -> None:
    zero, one = np.zeros((1, 3)), np.array([[3.0, 0.0, 4.0]])
    assert losses.CosineSimilarity()(zero, one) == 0.0
    value, gradient = losses.CosineSimilarity().value_and_gradient(one, zero)
    assert value == 0.0
    np.testing.assert_allclose(gradient, -1e7 * one / 5.0, rtol=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.Huber(0.0), "huber_loss: delta is 0, expected a number in"),
        (lambda: losses.Huber(-1.0), "huber_loss: delta is -1, expected a number in"),
        (lambda: losses.Quantile(1.0), "quantile: quantile is 1, expected a number in"),
        (lambda: losses.Quantile(0.0), "quantile: quantile is 0, expected a number in"),
        (lambda: losses.CosineSimilarity(0), "cosine_similarity: axis=0 is not supported"),
    ],
)
def test_bad_options(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
