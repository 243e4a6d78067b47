import numpy as np
import pytest

from gatedcore import losses
from loss_cases import COUNTS, RATES, SHARES_PRED, SHARES_TRUE

torch = pytest.importorskip("torch", reason="compares with PyTorch")
F = torch.nn.functional


@pytest.mark.parametrize(
    ("loss", "y", "p", "of_torch"),
    [
        (
            losses.KLDivergence("sum"),
            SHARES_TRUE,
            SHARES_PRED,
            lambda p, y: F.kl_div(p.log(), y, reduction="sum"),
        ),
        (
            losses.Poisson(),
            COUNTS,
            RATES,
            lambda p, y: F.poisson_nll_loss(p, y, log_input=False, eps=1e-7),
        ),
    ],
)
def test_as_pytorch(loss, y, p, of_torch) -> None:
    leaf = torch.tensor(p, requires_grad=True)
    expected = of_torch(leaf, torch.tensor(y))
    expected.backward()
    value, gradient = loss.value_and_gradient(y, p)
    assert value == pytest.approx(expected.item(), rel=1e-13)  # order of a sum of 60
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_from_what_is_impossible(dtype) -> None:
    y, p = np.array([[1.0, 0.0]], dtype), np.array([[0.0, 1.0]], dtype)
    value, gradient = losses.KLDivergence().value_and_gradient(y, p)
    eps = dtype(1e-7)
    assert value == pytest.approx(np.log(1.0 / eps) + eps * np.log(eps), rel=1e-6)
    assert np.isfinite(gradient).all()
    assert gradient[0, 0] == 0.0  # 0 is the end: no slope there


def test_a_wrong_and_certain_share_still_has_a_slope() -> None:
    y, p = np.array([[1.0, 0.0]]), np.array([[1e-30, 1.0]])
    assert losses.KLDivergence().value_and_gradient(y, p)[1][0, 0] == pytest.approx(-1e30)
