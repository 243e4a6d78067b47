"""What the arguments of fit, evaluate and train_on_batch ask for: weights, steps, epochs."""

import re

import numpy as np
import pytest

import gatedcore as gk
from small_model import X, Y, make, snapshot

RNG = np.random.default_rng(2)
WEIGHTS = RNG.uniform(0.1, 3.0, size=20).astype(np.float32)
# A mean of twenty float32 numbers in another order.
CLOSE = 1e-6


def classifier(last: int = 3, loss: object = "sparse_categorical_crossentropy", **first: object):
    gk.set_random_seed(1)
    model = gk.Sequential([gk.GRU(4, input_shape=(None, 2), **first), gk.Dense(last, "softmax")])
    model.compile("sgd", loss, metrics=["accuracy"], weighted_metrics=["accuracy"])
    return model


# Weights.


def test_the_loss_is_weighed_and_metrics_only_if_they_are_weighted() -> None:
    model = make("sgd")
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae", "mse"])
    error = model.predict(X) - Y
    expected = {
        "loss": (error[:, 0] ** 2 * WEIGHTS).mean(),
        "mae": np.abs(error).mean(),
        "weighted_mae": (np.abs(error[:, 0]) * WEIGHTS).sum() / WEIGHTS.sum(),
        "mse": (error[:, 0] ** 2 * WEIGHTS).sum() / WEIGHTS.sum(),
    }
    logs = model.evaluate(X, Y, sample_weight=WEIGHTS, return_dict=True)
    assert logs == pytest.approx(expected, rel=CLOSE)
    assert list(logs) == ["loss", "mae", "weighted_mae", "mse"]
    history = model.fit(X, Y, batch_size=20, sample_weight=WEIGHTS, verbose=0).history
    assert {name: numbers[0] for name, numbers in history.items()} == pytest.approx(
        expected, rel=CLOSE
    )
    assert model.evaluate(X[:7], Y[:7], 20, 0, WEIGHTS[:7])[0] != expected["loss"]


def test_whole_weights_are_repetitions() -> None:
    counts = np.arange(20) % 3
    weighed, repeated = make(gk.SGD(0.1)), make(gk.SGD(0.1))
    weighed.train_on_batch(X, Y, sample_weight=counts)
    repeated.compile(gk.SGD(0.1), gk.losses.MeanSquaredError("sum"))
    repeated.train_on_batch(np.repeat(X, counts, axis=0), np.repeat(Y, counts, axis=0) * 1.0)
    before = make(gk.SGD(0.1)).get_weights()
    for start, one, other in zip(
        before, weighed.get_weights(), repeated.get_weights(), strict=True
    ):
        # A mean over 20 against a sum.
        np.testing.assert_allclose(one - start, (other - start) / 20, rtol=0.0, atol=1e-6)


def test_weights_of_steps() -> None:
    gk.set_random_seed(0)
    model = gk.Sequential([gk.LSTM(3, return_sequences=True, input_shape=(None, 2)), gk.Dense(2)])
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    y = RNG.normal(size=(20, 5, 2)).astype(np.float32)
    steps = RNG.random((20, 5)).astype(np.float32)
    error = model.predict(X) - y
    logs = model.evaluate(X, y, sample_weight=steps, return_dict=True, batch_size=20)
    assert logs["loss"] == pytest.approx(((error**2).mean(-1) * steps).mean(), rel=CLOSE)
    expected = (np.abs(error).mean(-1) * steps).sum() / steps.sum()
    assert logs["mae"] == pytest.approx(expected, rel=CLOSE)
    samples = model.evaluate(X, y, sample_weight=WEIGHTS, return_dict=True, batch_size=20)
    expected = ((error**2).mean((1, 2)) * WEIGHTS).mean()
    assert samples["loss"] == pytest.approx(expected, rel=CLOSE)


LABELS = RNG.integers(3, size=20)


@pytest.mark.parametrize("kind", ["labels", "one-hot"])
def test_weights_of_classes_are_those_of_their_samples(kind: str) -> None:
    loss = "sparse_categorical_crossentropy" if kind == "labels" else "categorical_crossentropy"
    y = LABELS if kind == "labels" else np.eye(3)[LABELS]
    by_class, by_sample = classifier(loss=loss), classifier(loss=loss)
    of_class = {0: 0.5, 2: 4.0}
    weights = np.array([of_class.get(label, 1.0) for label in LABELS])
    options = {"verbose": 0, "epochs": 2, "shuffle": False, "validation_split": 0.25}
    first = by_class.fit(X, y, class_weight=of_class, **options).history
    second = by_sample.fit(X, y, sample_weight=weights, **options).history
    assert first["loss"] == second["loss"]
    assert first["val_loss"] != second["val_loss"]  # validation knows no weights of classes
    one = by_class.train_on_batch(X, y, class_weight=of_class)
    assert one == by_sample.train_on_batch(X, y, weights)


def test_validation_data_with_weights() -> None:
    model = make("sgd")
    history = model.fit(X, Y, verbose=0, validation_data=(X, Y, WEIGHTS)).history
    assert history["val_loss"][0] == model.evaluate(X, Y, sample_weight=WEIGHTS)[0]
    assert history["val_loss"][0] != model.evaluate(X, Y)[0]


def test_weights_are_split_and_shuffled_with_their_samples() -> None:
    first = make("sgd").fit(
        X, Y, verbose=0, sample_weight=WEIGHTS, validation_split=0.5, shuffle=False
    )
    second = make("sgd").fit(
        X[:10],
        Y[:10],
        verbose=0,
        sample_weight=WEIGHTS[:10],
        validation_data=(X[10:], Y[10:], WEIGHTS[10:]),
    )
    for name in ("loss", "val_loss"):
        # One batch, so the order of its rows is only that of a sum.
        assert first.history[name] == pytest.approx(second.history[name], rel=CLOSE)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"sample_weight": WEIGHTS[:3]},
            ValueError,
            "sample_weight has shape (3,), expected (20,)",
        ),
        (
            {"sample_weight": np.ones((20, 5))},
            ValueError,
            "sample_weight has shape (20, 5), expect",
        ),
        ({"sample_weight": WEIGHTS * np.inf}, ValueError, "sample_weight holds NaN or infinity"),
        ({"class_weight": [1, 2]}, TypeError, "class_weight has type list, expected a dict"),
        ({"class_weight": {0: 1.0}}, ValueError, "class_weight came with a target"),
        (
            {"class_weight": {0: 1.0}, "sample_weight": WEIGHTS},
            ValueError,
            "class_weight came with sample_weight, expected one of the two",
        ),
        (
            {"validation_data": (X, Y, WEIGHTS[:3])},
            ValueError,
            "sample_weight has shape (3,), expected (20,) or its first axes; pass one number for "
            "each sample, or for each step (in validation_data)",
        ),
    ],
)
def test_bad_weights_change_nothing(options: dict, error: type[Exception], message: str) -> None:
    model = make()
    before = snapshot(model)
    with pytest.raises(error, match=re.escape(message)):
        model.fit(X, Y, verbose=0, **options)
    assert snapshot(model) == before


def test_a_loss_that_is_a_function_of_the_user_cannot_be_weighed() -> None:
    model = make()
    model.compile("sgd", lambda y, p: (0.0, p))
    with pytest.raises(ValueError, match="loss is a function of yours, which returns one number"):
        model.fit(X, Y, verbose=0, sample_weight=WEIGHTS)


# Class numbers.


def test_learns_classes() -> None:
    gk.set_random_seed(0)
    x = RNG.normal(size=(300, 4, 1)).astype(np.float32)
    y = (x.sum(axis=(1, 2)) > 0).astype(int) + (x.sum(axis=(1, 2)) > 1)
    model = gk.Sequential([gk.GRU(8), gk.Dense(3, "softmax")])
    model.compile(gk.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=15, verbose=0).history
    assert history["accuracy"][-1] > 0.9
    assert model.evaluate(x, y)[1] == (model.predict(x).argmax(-1) == y).mean()


def test_class_numbers_of_every_kind() -> None:
    expected = classifier().evaluate(X, LABELS)
    for labels in (LABELS.astype(np.uint8), LABELS.astype(float), LABELS[:, None], LABELS.tolist()):
        assert classifier().evaluate(X, labels) == expected
    one_hot = classifier(loss="categorical_crossentropy").evaluate(X, np.eye(3)[LABELS])
    assert one_hot == pytest.approx(expected, rel=CLOSE)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.eye(3)[LABELS], "y has shape (20, 3), expected (20,), a class number for each of the"),
        (np.zeros((20, 5), int), "y has shape (20, 5), expected (20,)"),
        (np.full(20, 3), "y_true holds the label 3, expected class numbers from 0 to 2"),
        (np.full(20, -1), "y_true holds the label -1, expected class numbers from 0 to 2"),
        (np.full(20, 0.5), "y_true holds the label 0.5, expected class numbers from 0 to 2"),
    ],
)
def test_bad_class_numbers_change_no_weight(y: np.ndarray, message: str) -> None:
    model = classifier()
    before = snapshot(model)
    with pytest.raises(ValueError, match=re.escape(message)):
        model.fit(X, y, verbose=0)
    # A mask may excuse a number, so each batch finds out; a history has begun by then.
    model.history = None
    assert snapshot(model) == before


# Epochs and steps.


def test_initial_epoch() -> None:
    history = make().fit(X, Y, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]
    assert make().fit(X, Y, epochs=2, initial_epoch=2, verbose=0).epoch == []


@pytest.mark.parametrize(("freq", "epochs"), [(1, 4), (2, 2), (3, 1), (5, 0), ([1, 4, 9], 2)])
def test_validation_freq(freq: object, epochs: int) -> None:
    history = (
        make().fit(X, Y, epochs=4, verbose=0, validation_data=(X, Y), validation_freq=freq).history
    )
    assert len(history.get("val_loss", [])) == epochs
    assert len(history["loss"]) == 4


class Sizes(gk.Callback):
    """Counts the batches of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.train: list[int] = []
        self.test: list[int] = []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.train.append(batch)

    def on_test_batch_end(self, batch: int, logs: object = None) -> None:
        self.test.append(batch)


def test_steps_and_batch_sizes() -> None:
    sizes = Sizes()
    make().fit(
        X,
        Y,
        batch_size=5,
        epochs=2,
        verbose=0,
        callbacks=[sizes],
        steps_per_epoch=2,
        validation_data=(X, Y),
        validation_steps=3,
        validation_batch_size=4,
    )
    assert sizes.params["steps"] == 2
    assert sizes.train == [0, 1, 0, 1]
    assert sizes.test == [0, 1, 2, 0, 1, 2]
    sizes = Sizes()
    make().fit(X, Y, verbose=0, callbacks=[sizes], validation_split=0.5, validation_batch_size=3)
    assert sizes.test == [0, 1, 2, 3]


def test_limited_epochs_go_on_where_the_last_one_ended() -> None:
    whole = make("sgd").fit(X, Y, batch_size=5, epochs=1, verbose=0, shuffle=False)
    halves = make("sgd").fit(
        X, Y, batch_size=5, epochs=2, verbose=0, shuffle=False, steps_per_epoch=2
    )
    assert np.mean(halves.history["loss"]) == pytest.approx(whole.history["loss"][0], rel=CLOSE)


def test_steps_of_evaluate_and_predict() -> None:
    model = make()
    assert model.evaluate(X, Y, batch_size=5, steps=2) == model.evaluate(X[:10], Y[:10], 5)
    np.testing.assert_array_equal(model.predict(X, 5, steps=2), model.predict(X[:10]))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"initial_epoch": -1},
            ValueError,
            "fit: initial_epoch is -1, expected an integer of at l",
        ),
        (
            {"validation_freq": 0},
            ValueError,
            "fit: validation_freq is 0, expected an integer of at",
        ),
        ({"validation_freq": "a"}, TypeError, "fit: validation_freq is 'a', expected an integer"),
        (
            {"steps_per_epoch": 0},
            ValueError,
            "fit: steps_per_epoch is 0, expected an integer of at",
        ),
        ({"validation_steps": 0, "validation_data": (X, Y)}, ValueError, "validation_steps is 0"),
        ({"validation_batch_size": 0}, ValueError, "fit: validation_batch_size is 0, expected"),
    ],
)
def test_bad_numbers_change_nothing(options: dict, error: type[Exception], message: str) -> None:
    model = make()
    before = snapshot(model)
    with pytest.raises(error, match=re.escape(message)):
        model.fit(X, Y, verbose=0, **options)
    assert snapshot(model) == before
