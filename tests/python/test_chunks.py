"""Truncated backpropagation through time, beside a loop over chunks that a user could write."""

from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import BackupAndRestore
from gatedcore.chunks import cut

RNG = np.random.default_rng(0)
X = RNG.normal(size=(7, 11, 2)).astype(np.float32)
Y = RNG.normal(size=(7, 11, 1)).astype(np.float32)
TOKENS = RNG.integers(1, 9, size=(7, 11))
TOKENS[2, :5] = TOKENS[4, 3:9] = 0
LABELS = RNG.integers(0, 3, size=(7, 11))


def make(stateful: bool = False) -> gk.Sequential:
    model = gk.Sequential(
        [
            gk.LSTM(4, return_sequences=True, stateful=stateful, input_shape=(None, 2), seed=1),
            gk.LayerNormalization(),
            gk.Dropout(0.0),
            gk.GRU(3, return_sequences=True, stateful=stateful, seed=2),
            gk.TimeDistributed(gk.Dense(2, seed=4)),
            gk.Dense(1, seed=3),
        ]
    )
    model.compile(gk.Adam(0.01), "mse", metrics=["mae"])
    return model


def make_tokens(stateful: bool = False) -> gk.Sequential:
    model = gk.Sequential(
        [
            gk.Embedding(9, 3, mask_zero=True, seed=0),
            gk.LSTM(4, return_sequences=True, stateful=stateful, seed=1),
            gk.Activation("tanh"),
            gk.Dense(3, "softmax", seed=3),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def by_hand(model: gk.Sequential, x: Any, y: Any, size: int, weights: Any = None) -> float:
    """Train a stateful model chunk by chunk, two epochs of batches of 4; return the last loss."""
    for _ in range(2):
        total = 0.0
        for rows in (slice(0, 4), slice(4, 7)):
            model.reset_states()
            for start in range(0, x.shape[1], size):
                steps = slice(start, start + size)
                given = weights
                if weights is not None:
                    given = weights[rows, steps] if weights.ndim == 2 else weights[rows]
                loss = model.train_on_batch(x[rows, steps], y[rows, steps], sample_weight=given)
                total += loss[0] * x[rows, steps, None].shape[0] * x[rows, steps].shape[1]
    return total / x.shape[0] / x.shape[1]


def fit(model: gk.Sequential, x: Any, y: Any, **options: Any) -> gk.History:
    return model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, **options)


def assert_same(one: gk.Sequential, other: gk.Sequential) -> None:
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("weights", [None, RNG.random(7), RNG.random((7, 11))])
@pytest.mark.parametrize("size", [1, 3, 4, 11])
def test_chunks_are_those_of_a_loop_by_hand(size: int, weights: Any) -> None:
    model, twin = make(), make(stateful=True)
    history = fit(model, X, Y, tbptt=size, sample_weight=weights)
    loss = by_hand(twin, X, Y, size, weights)
    assert_same(model, twin)
    assert model.optimizer.iterations == 2 * 2 * -(-11 // size)
    assert history.history["loss"][-1] == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("size", [1, 4, 10])
def test_loss_and_metrics_are_means_over_all_steps(size: int) -> None:
    plain = ["mae", gk.metrics.RootMeanSquaredError()], ["accuracy", gk.metrics.Perplexity()]
    for make_one, loss, metrics, x, y in (
        (make, "mse", plain[0], X, Y),
        (make_tokens, "sparse_categorical_crossentropy", plain[1], TOKENS[:, 1:], LABELS[:, 1:]),
    ):
        model = make_one()
        model.compile(gk.SGD(0.0), loss, metrics, weighted_metrics=metrics[:1])
        whole = fit(model, x, y, sample_weight=1 + np.arange(7.0)).history
        cut_up = fit(model, x, y, tbptt=size, sample_weight=1 + np.arange(7.0)).history
        for name, values in whole.items():
            if name != "loss" or x is X:  # a masked loss is a mean over the steps that count
                np.testing.assert_allclose(cut_up[name], values, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("size", [3, 11])
def test_masks_and_labels_are_cut_too(size: int) -> None:
    model, twin = make_tokens(), make_tokens(stateful=True)
    fit(model, TOKENS, LABELS, tbptt=size)
    by_hand(twin, TOKENS, LABELS, size)
    assert_same(model, twin)


def test_a_chunk_of_which_nothing_counts() -> None:
    tokens = TOKENS.copy()
    tokens[:, :3] = 0
    model = make_tokens()
    history = fit(model, tokens, LABELS, tbptt=3)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("size", [11, 100])
def test_one_chunk_is_ordinary_training(size: int) -> None:
    model, twin = make(), make()
    one = fit(model, X, Y, tbptt=size)
    other = fit(twin, X, Y)
    assert_same(model, twin)
    assert one.history == other.history


def test_states_do_not_go_from_batch_to_batch_unless_stateful() -> None:
    model, stateful = make(), make(stateful=True)
    x, y = X[:4], Y[:4]
    for either in (model, stateful):
        fit(either, x, y, tbptt=4)
    assert model.layers[0]._carried is None
    assert stateful.layers[0]._carried is not None
    assert (model.weights[0] != stateful.weights[0]).any()


def test_predictions_between_batches_see_no_chunk() -> None:
    seen: list[Any] = []

    class Watch(gk.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            first = self.model.predict(X)
            seen.append((batch, sorted(logs), (first == self.model.predict(X)).all()))

    model = make()
    fit(model, X, Y, tbptt=4, callbacks=[Watch()], validation_data=(X, Y))
    assert seen == [(0, ["loss", "mae"], True), (1, ["loss", "mae"], True)] * 2


def test_after_an_error_the_layers_are_as_before() -> None:
    model = make()
    y = Y.copy()
    y[5, 8] = np.nan
    with pytest.raises(ValueError, match="loss is nan"):
        fit(model, X, y, tbptt=4)
    assert model.layers[0]._between is None
    np.testing.assert_array_equal(model.predict(X), model.predict(X))


@pytest.mark.parametrize("save_freq", [1, 3, "epoch"])
def test_a_broken_run_ends_with_the_bits_of_an_unbroken_one(tmp_path: Any, save_freq: Any) -> None:
    class Crash(gk.Callback):
        left = 6

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.left -= 1
            if not self.left:
                raise RuntimeError("crash")

    def train(*callbacks: Any) -> gk.Sequential:
        gk.set_random_seed(3)
        model = gk.Sequential(
            [
                gk.LSTM(4, return_sequences=True, recurrent_dropout=0.3, input_shape=(None, 2)),
                gk.GRU(4, return_sequences=True, dropout=0.3, stateful=True, seed=5),
                gk.Dense(1),
            ]
        )
        model.compile("adam", "mse")
        model.fit(
            X[:6], Y[:6], batch_size=2, epochs=4, tbptt=4, verbose=0, callbacks=list(callbacks)
        )
        return model

    unbroken = train()
    with pytest.raises(RuntimeError, match="crash"):
        train(BackupAndRestore(tmp_path, save_freq), Crash())
    again = train(BackupAndRestore(tmp_path, save_freq))
    assert_same(again, unbroken)
    assert again.history.history == unbroken.history.history


def test_batches_of_a_generator() -> None:
    model, twin = make(), make()
    batches = [(X[:4], Y[:4]), (X[4:], Y[4:])]
    model.fit(iter(batches * 2), epochs=2, steps_per_epoch=2, tbptt=4, verbose=0)
    fit(twin, X, Y, tbptt=4)
    assert_same(model, twin)


def head(*layers: Any) -> gk.Sequential:
    model = gk.Sequential([gk.Input((11, 2)), *layers])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("layers", "tbptt", "error", "message"),
    [
        ([gk.LSTM(1, return_sequences=True)], 0, ValueError, "tbptt is 0, expected an integer of"),
        ([gk.LSTM(1, return_sequences=True)], 2.5, TypeError, "tbptt is 2.5, expected an integer"),
        ([gk.LSTM(1, name="last")], 4, ValueError, "last, which has return_sequences=False"),
        (
            [gk.GRU(1, return_sequences=True, go_backwards=True, name="back")],
            4,
            ValueError,
            "tbptt=4 came with back, which has go_backwards=True, expected layers that go forward",
        ),
        (
            [gk.Bidirectional(gk.GRU(1, return_sequences=True), "sum", name="both")],
            4,
            ValueError,
            "both, which runs backwards too",
        ),
        (
            [gk.Reshape((22, 1), name="shape")],
            4,
            ValueError,
            "shape, which is a Reshape and may mix time steps",
        ),
    ],
)
def test_models_whose_sequences_cannot_be_cut(
    layers: Any, tbptt: Any, error: type[Exception], message: str
) -> None:
    model = head(*layers)
    y = np.zeros((7, *model.output_shape[1:]), np.float32)
    with pytest.raises(error, match=f"fit: .*{message}"):
        model.fit(X, y, tbptt=tbptt, verbose=0)


def test_outputs_without_steps() -> None:
    model = gk.Sequential([gk.Input((5,)), gk.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"from \(None, 5\) to \(None, 1\), expected outputs"):
        model.fit(np.ones((3, 5)), np.ones((3, 1)), tbptt=2, verbose=0)


def test_targets_of_another_length() -> None:
    with pytest.raises(ValueError, match="fit: y has 10 time steps, expected 11 as x"):
        next(cut("fit", X, Y[:, :10], None, 4))
