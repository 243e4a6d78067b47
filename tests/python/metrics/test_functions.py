import numpy as np
import pytest

from gatedcore import metrics
from loss_cases import CASES


@pytest.mark.parametrize(
    ("function", "case", "options"),
    [
        (metrics.mean_squared_error, "mse", {}),
        (metrics.mean_absolute_error, "mae", {}),
        (metrics.mean_absolute_percentage_error, "mape", {}),
        (metrics.mean_squared_logarithmic_error, "msle", {}),
        (metrics.kl_divergence, "kld", {}),
        (metrics.poisson, "poisson", {}),
        (metrics.binary_crossentropy, "bce_smooth", {"label_smoothing": 0.2}),
        (metrics.categorical_crossentropy, "cce_logits", {"from_logits": True}),
        (metrics.sparse_categorical_crossentropy, "scce_logits", {"from_logits": True}),
    ],
)
def test_the_number_of_each(function, case: str, options: dict) -> None:
    _, y_true, y_pred, formula = CASES[case]
    values = function(y_true, y_pred, **options)
    # Sixty numbers, each a few roundings from the formula's.
    np.testing.assert_allclose(values, formula(y_true, y_pred), rtol=1e-12, atol=1e-12)


def test_of_lists() -> None:
    assert metrics.mse([[1], [2]], [[2.0], [5.0]]).tolist() == [1.0, 9.0]
    assert metrics.mae([[1], [2]], [[2.0], [5.0]]).tolist() == [1.0, 3.0]
