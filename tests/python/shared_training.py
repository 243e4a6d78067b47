"""Small models and data of many kinds, to be trained on one rank and on several."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import forked_ranks
import gatedcore as gk
from gatedcore.random import library_generator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(27, 6, 3)).astype(np.float32)  # batches of 8 and one of 3 samples
Y = RNG.normal(size=(27, 2)).astype(np.float32)
YES = (RNG.random(size=(27, 1)) < 0.4).astype(np.float32)
TOKENS = RNG.integers(0, 30, (27, 6)) * (np.arange(6) >= RNG.integers(0, 6, (27, 1)))
CLASSES = RNG.integers(0, 4, (27, 6))
EVERY_STEP = RNG.normal(size=(27, 6, 2)).astype(np.float32)

Case = Callable[[], tuple[gk.Sequential, tuple[Any, ...], dict[str, Any]]]


def row(*layers: gk.Layer, loss: object = "mse", optimizer: object = "adam", **more: Any) -> Any:
    model = gk.Sequential(list(layers))
    model.compile(optimizer, loss, **more)
    return model


def plain() -> Any:
    model = row(gk.LSTM(8, return_sequences=True), gk.GRU(5), gk.Dense(2), metrics=["mae"])
    return model, (X, Y), {}


def dropout() -> Any:
    model = row(
        gk.layers.GaussianNoise(0.1),
        gk.LSTM(8, dropout=0.2, recurrent_dropout=0.3, return_sequences=True),
        gk.SpatialDropout1D(0.2),
        gk.TimeDistributed(gk.Dropout(0.2)),
        gk.Bidirectional(gk.GRU(5, zoneout_h=0.2)),
        gk.Dropout(0.3),
        gk.Dense(2),
    )
    return model, (X, Y), {}


def own_seed() -> Any:
    return row(gk.GRU(5, dropout=0.4, seed=3), gk.Dense(2)), (X, Y), {}


def masked() -> Any:
    model = row(
        gk.Embedding(30, 6, mask_zero=True),
        gk.LSTM(5, return_sequences=True),
        gk.Dense(4),
        loss=gk.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1),
        metrics=["accuracy", gk.metrics.Perplexity(from_logits=True)],
    )
    return model, (TOKENS, CLASSES), {}


def sample_weights() -> Any:
    weights = np.linspace(0.0, 2.0, 27)
    model = row(gk.GRU(5), gk.Dense(2), metrics=["mae"], weighted_metrics=["mse"])
    return model, (X, Y), {"sample_weight": weights}


def weighted_mean() -> Any:
    weights = np.linspace(0.1, 2.0, 27 * 6).reshape(27, 6)
    loss = gk.losses.MeanAbsoluteError(reduction="mean_with_sample_weight")
    model = row(gk.GRU(5, return_sequences=True), gk.Dense(2), loss=loss)
    return model, (X, EVERY_STEP), {"sample_weight": weights}


def class_weights() -> Any:
    metrics = ["accuracy", "auc", gk.metrics.F1Score(threshold=0.5), "precision", "recall"]
    model = row(gk.LSTM(5), gk.Dense(1, "sigmoid"), loss="bce", metrics=metrics)
    return model, (X, YES), {"class_weight": {0: 0.5, 1: 3.0}}


def a_sum() -> Any:
    loss = gk.losses.MeanSquaredError(reduction="sum")
    metrics = [gk.metrics.R2Score(), "cosine_similarity"]
    return row(gk.LSTM(5), gk.Dense(2), loss=loss, metrics=metrics), (X, Y), {}


def own_loss() -> Any:
    def squares(y: np.ndarray, predicted: np.ndarray) -> tuple[float, np.ndarray]:
        error = predicted - y
        return float((error**2).mean()), 2 * error / error.size

    return row(gk.LSTM(5), gk.Dense(2), loss=squares), (X, Y), {}


def sparse_rows() -> Any:
    model = row(gk.Embedding(30, 6, sparse=True), gk.LSTM(5), gk.Dense(2))
    return model, (TOKENS, Y), {}


def penalties() -> Any:
    model = row(
        gk.LSTM(5, kernel_regularizer="l2", recurrent_constraint=gk.constraints.MaxNorm(0.9)),
        gk.Dense(2),
    )
    return model, (X, Y), {}


def clipped() -> Any:
    optimizer = gk.Adam(0.01, clipnorm=0.1, use_ema=True, ema_momentum=0.9, weight_decay=1e-3)
    return row(gk.GRU(5), gk.Dense(2), optimizer=optimizer), (X, Y), {}


def accumulating_optimizer() -> Any:
    optimizer = gk.SGD(0.05, momentum=0.9, gradient_accumulation_steps=3)
    return row(gk.GRU(5), gk.Dense(2), optimizer=optimizer), (X, Y), {}


def frozen() -> Any:
    first = gk.LSTM(5, return_sequences=True, trainable=False)
    return row(first, gk.GRU(5), gk.Dense(4, trainable=False), gk.Dense(2)), (X, Y), {}


def several_outputs() -> Any:
    tokens, x = gk.Input((6,)), gk.Input((6, 3))
    embedded = gk.Embedding(30, 4, mask_zero=True)(tokens)
    every = gk.Dense(4, name="every")(gk.LSTM(5, return_sequences=True)(embedded))
    last = gk.Dense(2, name="last")(gk.Concatenate()([gk.GRU(4)(x), gk.LSTM(3)(embedded)]))
    model = gk.Model([tokens, x], [every, last])
    model.compile(
        "adam",
        [gk.losses.SparseCategoricalCrossentropy(from_logits=True), "mse"],
        metrics=[["accuracy"], ["mae"]],
        loss_weights=[0.3, 2.0],
    )
    return model, ([TOKENS, X], [CLASSES, Y]), {}


def through_time() -> Any:
    model = row(gk.LSTM(5, dropout=0.2, return_sequences=True), gk.Dense(2))
    return model, (X, EVERY_STEP), {"tbptt": 4}


def in_float64() -> Any:
    return row(gk.LSTM(5, dtype="float64"), gk.Dense(2)), (X, Y), {}


CASES: list[Case] = [
    plain, dropout, own_seed, masked, sample_weights, weighted_mean, class_weights, a_sum, own_loss,
    sparse_rows, penalties, clipped, accumulating_optimizer, frozen, several_outputs, through_time,
    in_float64,
]  # fmt: skip


def train(
    comm: gk.distributed.Communicator | None, case: Case, **options: Any
) -> tuple[list[np.ndarray], dict[str, list[float]], Any]:
    """Return weights, logs and an evaluation after 24 steps, or as ``options`` have it."""
    gk.set_random_seed(1)
    library_generator().random(0 if comm is None else comm.rank)  # what all get from rank 0
    model, data, own = case()
    settings = {"batch_size": 8, "epochs": 6, "verbose": 0, "validation_data": data}
    history = model.fit(*data, **{**settings, **own, **options}, distributed=comm)
    seen = model.evaluate(*data, batch_size=8, distributed=comm)
    return model.get_weights(), history.history, seen


def on_ranks(size: int, case: Case, **options: Any) -> list[Any]:
    """Return what ``train`` returns on each of so many ranks."""
    return checked(forked_ranks.run(size, partial(train, case=case, **options)))


def checked(results: list[Any]) -> list[Any]:
    """Return what ranks returned; raise what one of them raised."""
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def assert_alike(results: list[Any]) -> None:
    """Raise unless all ranks have the same bits of weights, logs and evaluation."""
    first = results[0]
    for weights, logs, seen in results[1:]:
        assert logs == first[1]
        assert seen == first[2]
        for a, b in zip(weights, first[0], strict=True):
            np.testing.assert_array_equal(a, b)


def furthest(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    """Return the largest difference between weights, by the largest weight."""
    scale = max(float(np.abs(one).max()) for one in some)
    pairs = zip(some, others, strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs) / scale
