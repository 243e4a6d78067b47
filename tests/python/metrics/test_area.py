import re
from itertools import pairwise

import numpy as np
import pytest

from gatedcore import metrics

RNG = np.random.default_rng(0)
Y = RNG.integers(2, size=(500, 1))
P = np.clip(0.3 * Y + 0.7 * RNG.random((500, 1)), 0.0, 1.0)
W = RNG.random((500,))
YES = Y == 1


def ranked(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
    """Return how often a positive stands above a negative, of all pairs."""
    yes, no = y == 1, y == 0
    above = (p[yes][:, None] > p[no]) + 0.5 * (p[yes][:, None] == p[no])
    pairs = w[yes][:, None] * w[no]
    return float((above * pairs).sum() / pairs.sum())


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    # On the grid of the thresholds nothing is lost to them.
    grid = np.ceil(P * 199) / 199 - 1e-4
    grid = np.clip(grid, 0.0, 1.0)
    ones = np.ones(500)
    assert metrics.AUC()(Y, grid) == pytest.approx(ranked(Y[:, 0], grid[:, 0], ones), rel=1e-12)
    assert metrics.AUC()(Y, grid, W) == pytest.approx(ranked(Y[:, 0], grid[:, 0], W), rel=1e-12)
    # Off it by no more than a step of the thresholds.
    assert metrics.AUC()(Y, P) == pytest.approx(ranked(Y[:, 0], P[:, 0], ones), abs=1 / 199)


def test_keras_example() -> None:
    # Of the documentation of keras.metrics.AUC.
    y, p = [0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]
    rows = [[[v] for v in a] for a in (y, p)]
    assert metrics.AUC(3)(*rows) == 0.75
    assert metrics.AUC(3)(*rows, [1.0, 0.0, 0.0, 1.0]) == 1.0


def plain(curve: str, method: str, thresholds: list) -> float:
    """Return the area from the definition, one threshold after the other."""
    points = []
    for limit in [-1e-7, *thresholds, 1 + 1e-7]:
        said = limit < P
        tp, fp = (said & YES).sum(), (said & ~YES).sum()
        points.append((tp, fp))
    positives, negatives = points[0]
    area = 0.0
    for (tp, fp), (tp2, fp2) in pairwise(points):
        if curve == "ROC":
            x, x2, y, y2 = fp / negatives, fp2 / negatives, tp / positives, tp2 / positives
        else:
            x, x2 = tp / positives, tp2 / positives
            y, y2 = (t / (t + f) if t + f else 0.0 for t, f in ((tp, fp), (tp2, fp2)))
        if curve == "PR" and method == "interpolation":
            said, said2 = tp + fp, tp2 + fp2
            if said == said2:
                continue
            slope = (tp - tp2) / (said - said2)
            ratio = said / said2 if said2 else 1.0
            area += slope * (tp - tp2 + (tp2 - slope * said2) * np.log(ratio)) / positives
            continue
        height = {"interpolation": (y + y2) / 2, "minoring": min(y, y2), "majoring": max(y, y2)}
        area += (x - x2) * height[method]
    return float(area)


@pytest.mark.parametrize("curve", ["ROC", "PR"])
@pytest.mark.parametrize("method", ["interpolation", "minoring", "majoring"])
def test_curves_and_sums(curve: str, method: str) -> None:
    limits = [0.1, 0.25, 0.4, 0.5, 0.77]
    metric = metrics.AUC(curve=curve, summation_method=method, thresholds=limits)
    for half in (slice(0, 200), slice(200, None)):
        metric.update_state(Y[half], P[half])
    assert metric.result() == pytest.approx(plain(curve, method, limits), rel=1e-12)
    even = [k / 49 for k in range(1, 49)]
    metric = metrics.AUC(50, curve, method)
    assert metric(Y, P) == pytest.approx(plain(curve, method, even), rel=1e-12)


def test_logits() -> None:
    logits = np.log(P + 1e-12) - np.log(1 - P + 1e-12)
    assert metrics.AUC(from_logits=True)(Y, logits) == pytest.approx(metrics.AUC()(Y, P), abs=1e-9)


def test_columns_apart_or_as_one() -> None:
    y, p = np.column_stack([Y[:250, 0], Y[250:, 0]]), np.column_stack([P[:250, 0], P[250:, 0]])
    assert metrics.AUC()(y, p) == metrics.AUC()(Y, P)
    apart = [metrics.AUC()(y[:, k : k + 1], p[:, k : k + 1]) for k in range(2)]
    assert metrics.AUC(multi_label=True, num_labels=2)(y, p) == pytest.approx(np.mean(apart))
    weighed = metrics.AUC(multi_label=True, label_weights=[1.0, 3.0])
    assert weighed(y, p) == pytest.approx((apart[0] + 3.0 * apart[1]) / 4.0)
    flat = metrics.AUC(label_weights=[1.0, 0.0])
    assert flat(y, p) == pytest.approx(apart[0])
    assert flat.fresh()(y, p, np.ones(250)) == pytest.approx(apart[0])


def test_before_the_first_batch_and_without_positives() -> None:
    metric = metrics.AUC()
    assert metric.result() == 0.0
    assert metric(np.zeros((3, 1)), P[:3]) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.AUC(1), "auc: num_thresholds is 1, expected an integer of at least 2"),
        (lambda: metrics.AUC(10**9), "num_thresholds is 1000000000, expected at most 1000000"),
        (lambda: metrics.AUC(curve="XY"), "auc: curve is 'XY', expected one of 'ROC', 'PR'"),
        (lambda: metrics.AUC(summation_method="left"), "auc: summation_method is 'left', expected"),
        (lambda: metrics.AUC(thresholds=[2.0]), "auc: thresholds is 2, expected a number in [0"),
        (lambda: metrics.AUC()(Y, P + 3.0), "expected probabilities from 0 to 1; pass from_logits"),
        (lambda: metrics.AUC()(Y * 3, P), "auc: y_true holds 3, expected 0 and 1"),
        (
            lambda: metrics.AUC(label_weights=[1.0, 2.0])(Y, P),
            "auc: y_pred has 1 columns, expected 2 as num_labels or label_weights says",
        ),
    ],
)
def test_errors(call, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize("name", ["thresholds", "label_weights"])
def test_lists_are_lists(name: str) -> None:
    with pytest.raises(TypeError, match=f"auc: {name} is 3, expected a list"):
        metrics.AUC(name="auc", **{name: 3})


def test_configuration() -> None:
    metric = metrics.AUC(curve="pr", thresholds=[0.5, 0.2], name="area")
    config = metric.get_config()
    again = metrics.AUC.from_config(config)
    assert (again.curve, again.name, again.thresholds) == ("PR", "area", [0.2, 0.5])
    assert again(Y, P) == metric(Y, P)
