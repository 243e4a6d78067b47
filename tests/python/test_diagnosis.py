"""Errors of losses that are no numbers name the layer and the batch where it began."""

import re
from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.diagnosis import first_step, is_finite, watched
from gatedcore.run_state import get_layer_states

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 5, 2)).astype(np.float32)
Y = RNG.normal(size=(20, 1)).astype(np.float32)


def make() -> gk.Sequential:
    model = gk.Sequential(
        [
            gk.LSTM(4, return_sequences=True, input_shape=(None, 2), name="first"),
            gk.Activation("exponential", name="second"),
            gk.GRU(3, dropout=0.2, stateful=True, name="third", seed=3),
            gk.Dense(1, name="fourth"),
        ]
    )
    model.compile("sgd", "mse")
    return model


def error_of(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(ValueError, match="expected a finite number") as caught:
        call(*arguments, **options)
    return str(caught.value)


def spoil(model: gk.Sequential, index: int, name: str, value: float = np.nan) -> None:
    model.layers[index].parameters[name].flat[0] = value


class SpoilsInTime(gk.Callback):
    def __init__(self, epoch: int, batch: int, index: int, name: str) -> None:
        super().__init__()
        self.at, self.place, self.epoch = (epoch, batch), (index, name), 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == self.at:
            spoil(self.model, *self.place)


@pytest.mark.parametrize(("index", "name"), [(0, "kernel"), (2, "recurrent_kernel"), (3, "bias")])
def test_weights_and_the_batch_of_a_run(index: int, name: str) -> None:
    model = make()
    message = error_of(
        model.fit, X, Y, epochs=3, batch_size=5, verbose=0,
        callbacks=[SpoilsInTime(1, 2, index, name)],
    )  # fmt: skip
    layer = model.layers[index].name
    assert f"it began in {name} of layer {layer}, before this batch" in message
    assert "(batch 3 of epoch 2, counted from 1; the step was not taken" in message


def test_an_output_and_its_time_step() -> None:
    x = X.copy()
    x[7, 3] = 1e30  # through a linear layer, so that the exponential overflows there
    model = gk.Sequential(
        [
            gk.Dense(4, input_shape=(None, 2), name="first", kernel_initializer="ones"),
            gk.Activation("exponential", name="second"),
            gk.GRU(3, name="third"),
            gk.Dense(1, name="fourth"),
        ]
    )
    model.compile("sgd", "mse")
    message = error_of(model.train_on_batch, x, Y)
    assert "it began in the output of layer second at time step 3 (the step was" in message
    assert "epoch" not in message
    message = error_of(model.evaluate, x, Y, batch_size=5)
    assert "evaluate: loss of batch 1 is nan" in message
    assert "it began in the output of layer second at time step 3" in message


def test_an_output_without_time() -> None:
    model = make()
    model.layers[3].parameters["bias"][...] = 3e38
    model.layers[3].parameters["kernel"][...] = 3e38
    message = error_of(model.train_on_batch, X, Y)
    assert "it began in the output of layer fourth (the step" in message


def test_the_loss_itself() -> None:
    model = make()
    model.compile("sgd", lambda y, y_pred: (np.nan, np.zeros_like(y_pred)))
    message = error_of(model.train_on_batch, X, Y)
    assert "it began in the loss itself: what all layers return is finite" in message


@pytest.mark.parametrize("index", [0, 3])
def test_gradients(index: int) -> None:
    model = make()
    layer = model.layers[index]
    backward = layer.backward

    def wrong(d_y: Any, need_d_x: bool) -> Any:
        d_x = backward(d_y, need_d_x)
        layer.gradients["kernel"].flat[1] = np.nan
        return d_x

    layer.backward = wrong
    message = error_of(model.train_on_batch, X, Y)
    assert "a gradient is not finite" in message
    assert f"it began in the gradient of kernel of layer {layer.name}" in message


def test_the_first_in_the_order_of_the_way_back() -> None:
    model = make()
    model.compile("sgd", lambda y, y_pred: (1.0, np.full_like(y_pred, np.inf)))
    message = error_of(model.train_on_batch, X, Y)
    assert "it began in the gradient of kernel and bias of layer fourth" in message


def test_looking_again_leaves_no_trace() -> None:
    model = make()
    model.fit(X, Y, batch_size=5, verbose=0)
    model.layers[2].stateful = False  # what a step that fails carries is not the question
    states = get_layer_states(model.layers)
    drawn = gk.random.get_random_state()["library"]
    spoil(model, 3, "kernel")
    error_of(model.evaluate, X[:5], Y[:5])
    spoil(model, 3, "kernel", 0.0)
    assert str(get_layer_states(model.layers)) == str(states)
    assert gk.random.get_random_state()["library"] == drawn
    assert not any("forward" in vars(layer) for layer in model.layers)
    model.fit(X, Y, batch_size=5, verbose=0)


def test_a_state_that_is_not_finite_has_no_time_step() -> None:
    layer = gk.LSTM(2, return_sequences=True, return_state=True, name="saturated", seed=0)
    found: list[str] = []
    with watched([layer], found):
        h, _, c = layer(X[:1], initial_state=[np.zeros((1, 2)), np.full((1, 2), 3e38)])
        assert np.isfinite(h).all()
        assert not found
        h, _, c = layer(X[:1], initial_state=[np.zeros((1, 2)), np.full((1, 2), np.inf)])
    assert np.isfinite(h).all()
    assert np.isinf(c).all()
    assert found == ["the output of layer saturated"]


def test_chunks_of_time() -> None:
    model = gk.Sequential(
        [gk.LSTM(4, return_sequences=True, input_shape=(None, 2)), gk.Dense(1, name="last")]
    )
    model.compile("sgd", "mse")
    message = error_of(
        model.fit, X, X[..., :1], batch_size=5, tbptt=2, verbose=0,
        callbacks=[SpoilsInTime(0, 1, 1, "kernel")],
    )  # fmt: skip
    assert re.search("kernel of layer last.*batch 2 of epoch 1", message)


def test_data() -> None:
    assert is_finite({"a": np.ones(2), "b": [np.arange(3), np.zeros((2, 2))]})
    assert not is_finite([np.ones(2), {"b": np.array([np.inf])}])
    assert first_step(np.ones((2, 3))) == ""
    y = np.ones((2, 4, 3))
    y[1, 2, 0] = y[0, 3, 1] = np.nan
    assert first_step(y) == " at time step 2"
