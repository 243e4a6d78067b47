import inspect

import numpy as np
import pytest

from gatedcore import losses
from loss_cases import CASES, LABELS, REAL_PRED, REAL_TRUE, SIGMOID


@pytest.mark.parametrize(
    ("function", "case", "options"),
    [
        (losses.mean_squared_error, "mse", {}),
        (losses.mean_absolute_error, "mae", {}),
        (losses.mean_absolute_percentage_error, "mape", {}),
        (losses.mean_squared_logarithmic_error, "msle", {}),
        (losses.huber, "huber", {"delta": 0.7}),
        (losses.log_cosh, "log_cosh", {}),
        (losses.quantile, "quantile", {"quantile": 0.9}),
        (losses.cosine_similarity, "cosine", {"axis": -1}),
        (losses.kl_divergence, "kld", {}),
        (losses.poisson, "poisson", {}),
        (losses.binary_crossentropy, "bce_smooth", {"label_smoothing": 0.2}),
        (losses.categorical_crossentropy, "cce_logits", {"from_logits": True}),
        (losses.sparse_categorical_crossentropy, "scce_logits", {"from_logits": True}),
        (losses.hinge, "hinge", {}),
        (losses.squared_hinge, "squared_hinge", {}),
        (losses.categorical_hinge, "categorical_hinge", {}),
        (losses.binary_focal_crossentropy, "binary_focal_logits", {"from_logits": True}),
        (
            losses.categorical_focal_crossentropy,
            "focal_logits",
            {"from_logits": True, "label_smoothing": 0.1},
        ),
    ],
)
def test_each_is_its_class(function, case: str, options: dict) -> None:
    loss, y_true, y_pred, _ = CASES[case]
    value, gradient = function(y_true, y_pred, **options)
    expected, slopes = loss.value_and_gradient(y_true, y_pred)
    assert value == expected
    np.testing.assert_array_equal(gradient, slopes)
    assert set(inspect.signature(function).parameters) >= {"y_true", "y_pred", *options}


def test_what_arrays_they_take() -> None:
    assert losses.mse([[1, 2]], [[2.0, 4.0]])[0] == 2.5
    value = losses.sparse_categorical_crossentropy(LABELS, SIGMOID, ignore_class=0)[0]
    assert value > 0.0


@pytest.mark.parametrize("loss", [losses.mse, losses.mae])
def test_never_broadcast(loss) -> None:
    with pytest.raises(
        ValueError, match=r"y_true has shape \(3,\), expected that of y_pred, \(3, 1\)"
    ):
        loss(REAL_TRUE[:, 0, 0], REAL_PRED[:, 0, :1])
