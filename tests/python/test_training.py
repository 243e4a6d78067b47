"""What training computes, from which data, and what it returns."""

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from small_model import X, Y, make

# What it learns.


@pytest.mark.parametrize("cell", [gk.LSTM, gk.GRU])
def test_learns_a_sine(cell) -> None:
    gk.set_random_seed(0)
    x, y = gk.data.windows(np.sin(np.arange(300) / 10), 10)
    model = gk.Sequential([cell(16, input_shape=(None, 1)), gk.Dense(1)])
    model.compile(gk.Adam(0.01), "mse")
    history = model.fit(x[:240], y[:240], epochs=20, verbose=0)
    # Repeating the last value has an error of (0.1)**2 / 2 = 5e-3.
    assert history.history["loss"][-1] < 5e-4
    assert model.evaluate(x[240:], y[240:]) < 5e-4
    assert model.predict(x[240:])[0, 0] == pytest.approx(y[240, 0], abs=0.1)


def test_gradient_of_a_whole_model_by_finite_differences() -> None:
    model = gk.Sequential(
        [
            gk.LSTM(3, return_sequences=True, input_shape=(None, 2), dtype="float64", seed=1),
            gk.GRU(3, return_sequences=True, go_backwards=True, reset_after=False, seed=2),
            gk.Dense(2, "softsign", seed=3),
        ]
    )
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2))
    model.backward(gk.losses.mse(y, model.forward(x, True))[1])
    for layer in model.layers:
        for name, value in layer.parameters.items():
            assert_gradient(
                layer.gradients[name], lambda: gk.losses.mse(y, model.forward(x, False))[0], value
            )


def test_a_step_of_sgd_is_the_gradient() -> None:
    model = make(gk.SGD(0.1))
    kept = model._vector.values.copy()
    model.train_on_batch(X, Y)
    expected = kept - np.float32(0.1) * model._vector.gradients
    # One product and one difference, perhaps fused: a rounding of numbers of order 1.
    np.testing.assert_allclose(model._vector.values, expected, rtol=0.0, atol=2e-7)


# The same bits again.


def test_seeded_runs_have_the_same_bits() -> None:
    def run() -> tuple[dict, list[np.ndarray]]:
        gk.set_random_seed(11)
        model = gk.Sequential([gk.LSTM(4, return_sequences=True), gk.GRU(3), gk.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0, validation_split=0.2)
        return history.history, model.get_weights()

    (first, weights), (second, others) = run(), run()
    assert first == second
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_array_equal(a, b)


def test_shuffle_is_drawn_from_the_librarys_generator() -> None:
    def losses(seed: int, shuffle: bool) -> list[float]:
        gk.set_random_seed(seed)
        return make().fit(X, Y, batch_size=4, epochs=2, verbose=0, shuffle=shuffle).history["loss"]

    assert losses(1, True) != losses(2, True)
    assert losses(1, False) == losses(2, False)


def test_order_without_shuffling_is_that_of_the_data() -> None:
    model, other = make(), make()
    history = model.fit(X, Y, batch_size=8, verbose=0, shuffle=False)
    for start in (0, 8, 16):
        other.train_on_batch(X[start : start + 8], Y[start : start + 8])
    for a, b in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert history.epoch == [0]


# What fit does with data.


def test_validation_split_takes_the_end_before_shuffling() -> None:
    split, whole = make(), make()
    gk.set_random_seed(0)
    given = split.fit(X, Y, epochs=2, verbose=0, validation_split=0.25)
    gk.set_random_seed(0)
    explicit = whole.fit(X[:15], Y[:15], epochs=2, verbose=0, validation_data=(X[15:], Y[15:]))
    assert given.history == explicit.history
    assert given.history["val_loss"][-1] == split.evaluate(X[15:], Y[15:])[0]


def test_loss_is_the_mean_over_samples() -> None:
    model = make(gk.SGD(0.0))
    history = model.fit(X, Y, batch_size=16, verbose=0)
    expected = float(((model.predict(X) - Y) ** 2).mean())
    # Two batches of different sizes; float32 predictions, rounded alike.
    assert history.history["loss"][0] == pytest.approx(expected, rel=1e-6)
    assert model.evaluate(X, Y, batch_size=3)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.float16])
def test_other_dtypes_are_converted(dtype) -> None:
    x = (X * 3).astype(dtype)
    a = make().fit(x, Y, verbose=0, shuffle=False).history
    b = make().fit(x.astype(np.float32), Y.astype(float), verbose=0, shuffle=False).history
    assert a == b


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="the extra [pandas] is not installed")
    model = gk.Sequential([gk.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "y": [1, 2, 3]})
    history = model.fit(frame[["a", "b"]], frame["y"], epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    assert isinstance(model.predict(frame[["a", "b"]]), np.ndarray)


def test_dataset_instead_of_arrays() -> None:
    series = np.sin(np.arange(60) / 5)[:, None]
    dataset = gk.data.timeseries_dataset_from_array(
        series[:-8], series[8:], sequence_length=8, batch_size=16
    )
    x, y = gk.data.windows(series[:, 0], 8)

    def model() -> gk.Sequential:
        made = gk.Sequential([gk.GRU(3, seed=0), gk.Dense(1, seed=0)])
        made.compile("adam", "mse")
        return made

    a, b = model(), model()
    given = a.fit(dataset, epochs=2, verbose=0, validation_data=dataset)
    arrays = b.fit(
        x[:45], y[:45], batch_size=16, epochs=2, verbose=0, shuffle=False,
        validation_data=(x[:45], y[:45]),
    )  # fmt: skip
    assert given.history == arrays.history
    np.testing.assert_array_equal(a.predict(dataset), b.predict(x[:45], batch_size=16))
    assert a.evaluate(dataset) == b.evaluate(x[:45], y[:45], batch_size=16)


def test_float64_model() -> None:
    model = make(dtype="float64")
    model.fit(X, Y, verbose=0)
    assert model.predict(X).dtype == np.float64
    assert model.optimizer.get_state()["slots"]["m"].dtype == np.float64


# What comes back.


def test_evaluate_and_train_on_batch_return_what_keras_returns() -> None:
    model = make()
    loss, mae = model.evaluate(X, Y)
    assert model.evaluate(X, Y, return_dict=True) == {"loss": loss, "mae": mae}
    assert model.train_on_batch(X, Y) == [
        pytest.approx(loss, rel=1e-6), pytest.approx(mae, rel=1e-6),
    ]  # fmt: skip  # one batch of 20 or of 20 in one: the same sums in another order
    assert set(model.train_on_batch(X, Y, return_dict=True)) == {"loss", "mae"}
    model.compile("sgd", "mae")
    assert isinstance(model.evaluate(X, Y), float)


def test_history_is_that_of_the_last_run() -> None:
    model = make()
    history = model.fit(X, Y, epochs=2, verbose=0)
    assert model.history is history
    assert model.fit(X, Y, verbose=0).epoch == [0]
    assert model.optimizer.iterations == 3


def test_own_loss() -> None:
    def half_squared(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = gk.losses.mse(y_true, y_pred)
        return loss / 2, gradient / 2

    model, other = make(), make(gk.SGD(0.1))
    model.compile(gk.SGD(0.2), half_squared)
    model.fit(X, Y, verbose=0, shuffle=False)
    other.fit(X, Y, verbose=0, shuffle=False)
    for a, b in zip(model.weights, other.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=0.0, atol=1e-6)  # a rounding or two


# Optimizers whose steps depend on more than one gradient, or on where variables end.


def test_fit_ends_with_the_average_of_the_weights() -> None:
    model, other = make(gk.Adam(use_ema=True, ema_momentum=0.5)), make(gk.Adam())
    model.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0)
    weights, average = other.get_weights(), None
    for _ in range(2):
        for start in range(0, 20, 5):
            other.train_on_batch(X[start : start + 5], Y[start : start + 5])
            weights = other.get_weights()
            share = 1.0 if average is None else 0.5
            average = [
                (1 - share) * a + share * w
                for a, w in zip(average or weights, weights, strict=True)
            ]
    for weight, expected in zip(model.get_weights(), average, strict=True):
        np.testing.assert_allclose(weight, expected, rtol=0.0, atol=5e-7)  # 8 roundings of up to 1


def test_accumulated_batches_make_the_step_of_one() -> None:
    model, other = make(gk.SGD(0.1, gradient_accumulation_steps=4)), make(gk.SGD(0.1))
    model.fit(X, Y, batch_size=5, epochs=1, shuffle=False, verbose=0)
    other.fit(X, Y, batch_size=20, epochs=1, shuffle=False, verbose=0)
    assert (model.optimizer.iterations, model.optimizer.calls) == (1, 4)
    for weight, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=0.0, atol=5e-7)


def test_clipnorm_knows_every_variable() -> None:
    model = make(gk.SGD(1.0, clipnorm=1e-3))
    before = model.get_weights()
    model.train_on_batch(X, Y)
    for old, new in zip(before, model.get_weights(), strict=True):
        # Weights of up to 1 round what is subtracted: 6e-8 each, of some dozens.
        assert np.linalg.norm(new.astype("f8") - old) == pytest.approx(1e-3, abs=1e-6)
