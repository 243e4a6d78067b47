"""Every loss with data of its domain, and the plain formula of one sample's loss, for the tests."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gatedcore import losses

RNG = np.random.default_rng(3)
SHAPE = (3, 4, 5)  # B, T, F
REAL_TRUE, REAL_PRED = RNG.normal(size=SHAPE), RNG.normal(size=SHAPE) * 2.0
# Probabilities far from 0, where third derivatives would spoil finite differences.
SHARES_TRUE, SHARES_PRED = (
    np.exp(0.15 * a) / np.exp(0.15 * a).sum(-1, keepdims=True) for a in (REAL_TRUE, REAL_PRED)
)
ONE_HOT = np.eye(5)[RNG.integers(5, size=(3, 4))]
LABELS = ONE_HOT.argmax(-1)
BITS = RNG.integers(2, size=SHAPE).astype(float)
SIGMOID = 1.0 / (1.0 + np.exp(-0.2 * REAL_PRED))
COUNTS = RNG.poisson(2.0, size=SHAPE).astype(float)
RATES = np.exp(0.3 * REAL_PRED)


def softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def bce(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(-1)


def smooth(y: np.ndarray, amount: float, classes: int) -> np.ndarray:
    return y * (1 - amount) + amount / classes


def binary_focal(y: np.ndarray, p: np.ndarray, alpha: float, gamma: float) -> np.ndarray:
    entropies = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    wrong = y * (1 - p) + (1 - y) * p
    return ((alpha * y + (1 - alpha) * (1 - y)) * wrong**gamma * entropies).mean(-1)


def focal(y: np.ndarray, p: np.ndarray, alpha: object, gamma: float) -> np.ndarray:
    return -(alpha * y * (1 - p) ** gamma * np.log(p)).sum(-1)


class Case(NamedTuple):
    """A loss, targets and predictions, and its formula: (B, T, F) to (B, T)."""

    loss: losses.Loss
    y_true: np.ndarray
    y_pred: np.ndarray
    formula: Callable[[np.ndarray, np.ndarray], np.ndarray]


CASES = {
    "mse": Case(
        losses.MeanSquaredError(), REAL_TRUE, REAL_PRED, lambda y, p: ((p - y) ** 2).mean(-1)
    ),
    "mae": Case(losses.MeanAbsoluteError(), REAL_TRUE, REAL_PRED, lambda y, p: abs(p - y).mean(-1)),
    "mape": Case(
        losses.MeanAbsolutePercentageError(),
        REAL_TRUE,
        REAL_PRED,
        lambda y, p: 100 * abs((p - y) / y).mean(-1),
    ),
    "msle": Case(
        losses.MeanSquaredLogarithmicError(),
        COUNTS,
        RATES,
        lambda y, p: ((np.log(1 + np.maximum(y, 1e-7)) - np.log(1 + p)) ** 2).mean(-1),
    ),
    "huber": Case(
        losses.Huber(0.7),
        REAL_TRUE,
        REAL_PRED,
        lambda y, p: np.where(
            abs(p - y) <= 0.7, 0.5 * (p - y) ** 2, 0.7 * abs(p - y) - 0.5 * 0.7**2
        ).mean(-1),
    ),
    "log_cosh": Case(
        losses.LogCosh(), REAL_TRUE, REAL_PRED, lambda y, p: np.log(np.cosh(p - y)).mean(-1)
    ),
    "quantile": Case(
        losses.Quantile(0.9),
        REAL_TRUE,
        REAL_PRED,
        lambda y, p: np.maximum(0.9 * (y - p), -0.1 * (y - p)).mean(-1),
    ),
    "cosine": Case(
        losses.CosineSimilarity(),
        REAL_TRUE,
        REAL_PRED,
        lambda y, p: -(y * p).sum(-1) / np.linalg.norm(y, axis=-1) / np.linalg.norm(p, axis=-1),
    ),
    "kld": Case(
        losses.KLDivergence(),
        SHARES_TRUE,
        SHARES_PRED,
        lambda y, p: (y * np.log(y / p)).sum(-1),
    ),
    "poisson": Case(
        losses.Poisson(), COUNTS, RATES, lambda y, p: (p - y * np.log(p + 1e-7)).mean(-1)
    ),
    "bce": Case(losses.BinaryCrossentropy(), BITS, SIGMOID, bce),
    "bce_logits": Case(
        losses.BinaryCrossentropy(from_logits=True),
        BITS,
        REAL_PRED,
        lambda y, x: bce(y, 1 / (1 + np.exp(-x))),
    ),
    "bce_smooth": Case(
        losses.BinaryCrossentropy(label_smoothing=0.2),
        BITS,
        SIGMOID,
        lambda y, p: bce(smooth(y, 0.2, 2), p),
    ),
    "cce": Case(
        losses.CategoricalCrossentropy(),
        ONE_HOT,
        SHARES_PRED,
        lambda y, p: -(y * np.log(p / p.sum(-1, keepdims=True))).sum(-1),
    ),
    "cce_unnormalised": Case(
        losses.CategoricalCrossentropy(),
        SHARES_TRUE,
        SIGMOID,
        lambda y, p: -(y * np.log(p / p.sum(-1, keepdims=True))).sum(-1),
    ),
    "cce_logits": Case(
        losses.CategoricalCrossentropy(from_logits=True),
        1.5 * SHARES_TRUE,
        REAL_PRED,
        lambda y, x: -(y * np.log(softmax(x))).sum(-1),
    ),
    "cce_smooth": Case(
        losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        ONE_HOT,
        REAL_PRED,
        lambda y, x: -(smooth(y, 0.1, 5) * np.log(softmax(x))).sum(-1),
    ),
    "scce": Case(
        losses.SparseCategoricalCrossentropy(),
        LABELS,
        SIGMOID,
        lambda y, p: -np.log(np.take_along_axis(p, y[..., None], -1)[..., 0] / p.sum(-1)),
    ),
    "scce_logits": Case(
        losses.SparseCategoricalCrossentropy(from_logits=True),
        LABELS,
        REAL_PRED,
        lambda y, x: -np.log(np.take_along_axis(softmax(x), y[..., None], -1)[..., 0]),
    ),
    "hinge": Case(
        losses.Hinge(), BITS, REAL_PRED, lambda y, p: np.maximum(1 - (2 * y - 1) * p, 0).mean(-1)
    ),
    "squared_hinge": Case(
        losses.SquaredHinge(),
        np.sign(REAL_TRUE),
        REAL_PRED,
        lambda y, p: (np.maximum(1 - y * p, 0) ** 2).mean(-1),
    ),
    "categorical_hinge": Case(
        losses.CategoricalHinge(),
        ONE_HOT,
        REAL_PRED,
        lambda y, p: np.maximum(1 + ((1 - y) * p).max(-1) - (y * p).sum(-1), 0),
    ),
    "binary_focal": Case(
        losses.BinaryFocalCrossentropy(True, 0.3, 1.5, label_smoothing=0.2),
        BITS,
        SIGMOID,
        lambda y, p: binary_focal(smooth(y, 0.2, 2), p, 0.3, 1.5),
    ),
    "binary_focal_logits": Case(
        losses.BinaryFocalCrossentropy(from_logits=True),
        BITS,
        REAL_PRED,
        lambda y, x: 2 * binary_focal(y, 1 / (1 + np.exp(-x)), 0.5, 2.0),
    ),
    "focal": Case(
        losses.CategoricalFocalCrossentropy([0.1, 0.2, 0.3, 0.4, 0.5], 3.0),
        SHARES_TRUE,
        SIGMOID,
        lambda y, p: focal(y, p / p.sum(-1, keepdims=True), np.arange(1, 6) / 10, 3.0),
    ),
    "focal_logits": Case(
        losses.CategoricalFocalCrossentropy(from_logits=True, label_smoothing=0.1),
        ONE_HOT,
        REAL_PRED,
        lambda y, x: focal(smooth(y, 0.1, 5), softmax(x), 0.25, 2.0),
    ),
}
