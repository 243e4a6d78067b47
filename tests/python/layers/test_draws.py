"""Dropout and zoneout of LSTM and GRU layers: what training draws, and what it leaves alone."""

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore import ops
from layer_kinds import KINDS, SEQUENCE_KINDS, X

# Dropout.


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_dropout_is_for_training_alone(kind, form: dict) -> None:
    layer = kind(8, dropout=0.5, recurrent_dropout=0.5, seed=3, **form)
    plain = kind(8, seed=3, **form)
    np.testing.assert_array_equal(layer(X), plain(X))
    np.testing.assert_array_equal(layer(X, training=False), plain(X))
    assert (layer(X, training=True) != plain(X)).any()
    assert (layer.forward(X.astype(np.float32), True) != plain(X)).any()
    with pytest.raises(TypeError, match=r"training is 'yes', expected True or False"):
        layer(X, training="yes")


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_each_call_draws_anew_and_a_seed_repeats_the_draws(kind, form: dict) -> None:
    def draws(seed: int | None) -> list[np.ndarray]:
        layer = kind(8, recurrent_dropout=0.5, seed=seed, **form)
        layer.build(X.shape)
        layer.set_weights([np.full_like(w, 0.1) for w in layer.weights])
        return [layer(X, training=True) for _ in range(3)]

    first, second = draws(3), draws(3)
    assert (first[0] != first[1]).any()
    assert (first[1] != first[2]).any()
    np.testing.assert_array_equal(first, second)
    assert (draws(4)[0] != first[0]).any()
    gk.set_random_seed(0)
    own = draws(None)
    gk.set_random_seed(0)
    np.testing.assert_array_equal(draws(None), own)


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_gradients_with_dropout_by_finite_differences(kind, form: dict) -> None:
    layer = kind(3, dropout=0.4, recurrent_dropout=0.4, dtype="float64", seed=2, **form)
    layer.build(X.shape)
    x = X.copy()

    def forward() -> np.ndarray:
        layer._draws = 0
        return layer.forward(x, True)

    d_y = np.random.default_rng(1).normal(size=forward().shape)
    d_x = layer.backward(d_y, True)

    def loss() -> float:
        return float((forward() * d_y).sum())

    assert d_x is not None
    assert_gradient(d_x, loss, x)
    for name, parameter in layer.parameters.items():
        assert_gradient(layer.gradients[name], loss, parameter)


# Zoneout.


def zoneout(kind) -> dict[str, float]:
    return {"zoneout_h": 0.4, "zoneout_c": 0.3} if kind is gk.LSTM else {"zoneout_h": 0.4}


@pytest.mark.parametrize(("kind", "form"), KINDS)
def test_zoneout_draws_in_training_and_keeps_its_share_otherwise(kind, form: dict) -> None:
    layer = kind(8, **zoneout(kind), return_sequences=True, seed=3, **form)
    x = X.astype(np.float32)
    y = layer(x)
    np.testing.assert_array_equal(layer(x, training=False), y)
    np.testing.assert_array_equal(layer.forward(x, False), y)
    weights = [layer.parameters[name] for name in ("kernel", "recurrent_kernel", "bias")]
    call, options = (ops.lstm, {}) if kind is gk.LSTM else (ops.gru, form)
    expected = call(x, *weights, **zoneout(kind), training=False, **options)
    np.testing.assert_array_equal(y, expected[0] if kind is gk.LSTM else expected)
    np.testing.assert_array_equal(layer.trace(x).h, y)
    first, second = layer(x, training=True), layer.forward(x, True)
    assert (first != y).any()
    assert (first != second).any()
    before = np.concatenate([np.zeros((3, 1, 8), np.float32), first[:, :-1]], axis=1)
    assert 0.2 < (first[:, 1:] == before[:, 1:]).mean() < 0.6
    assert (y[:, 1:] != y[:, :-1]).all()


@pytest.mark.parametrize(("kind", "form"), KINDS)
def test_a_stream_with_zoneout_has_the_bits_of_the_whole_sequence(kind, form: dict) -> None:
    layer = kind(8, **zoneout(kind), return_sequences=True, **form)
    y = layer(X)
    stream = layer.stream(batch=3)
    for t in range(X.shape[1]):
        np.testing.assert_array_equal(stream.step(X[:, t].astype(np.float32)), y[:, t])


@pytest.mark.parametrize(("kind", "form"), KINDS)
@pytest.mark.parametrize("recurrent_dropout", [0.0, 0.4])
def test_gradients_with_zoneout_by_finite_differences(
    kind, form: dict, recurrent_dropout: float
) -> None:
    layer = kind(
        3, **zoneout(kind), recurrent_dropout=recurrent_dropout, dtype="float64", seed=2, **form
    )
    layer.build(X.shape)
    x = X.copy()

    def forward() -> np.ndarray:
        layer._draws = 0
        return layer.forward(x, True)

    d_y = np.random.default_rng(1).normal(size=forward().shape)
    d_x = layer.backward(d_y, True)

    def loss() -> float:
        return float((forward() * d_y).sum())

    assert d_x is not None
    assert_gradient(d_x, loss, x)
    for name, parameter in layer.parameters.items():
        assert_gradient(layer.gradients[name], loss, parameter)


@pytest.mark.parametrize(("kind", "form"), KINDS)
def test_rates_of_zoneout_are_checked(kind, form: dict) -> None:
    for name in zoneout(kind):
        with pytest.raises(ValueError, match=f"{kind.__name__}: {name} is 1, expected a number"):
            kind(3, **{name: 1.0}, **form)
    with pytest.raises(ValueError, match="seed is 18446744073709551616, expected less than"):
        kind(2, zoneout_h=0.5, seed=2**64, **form)
    assert kind(3, zoneout_h=0.25, **form).zoneout_h == 0.25


def test_a_step_that_is_not_taken_draws_nothing() -> None:
    x, y = X.astype(np.float32), np.zeros((3, 1), np.float32)

    def weights(spoiled: bool) -> list[np.ndarray]:
        model = gk.Sequential([gk.GRU(4, dropout=0.5, seed=1), gk.Dense(1, seed=2)])
        model.compile("sgd", "mse")
        if spoiled:
            with pytest.raises(ValueError, match="loss is nan"):
                model.train_on_batch(np.full_like(x, np.nan), y)
        model.train_on_batch(x, y)
        return model.get_weights()

    for a, b in zip(weights(True), weights(False), strict=True):
        np.testing.assert_array_equal(a, b)
