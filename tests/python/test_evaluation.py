"""Compile, evaluate, predict."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gatedcore as gk
from small_model import X, Y, make, snapshot


@pytest.mark.parametrize("batch_size", [None, 1, 7, 100])
def test_predict_in_batches(batch_size: int | None) -> None:
    model = make()
    y = model.predict(X, batch_size=batch_size)
    assert y.shape == (20, 1)
    np.testing.assert_array_equal(y, model(X))
    assert model.predict(X[:0]).shape == (0, 1)


def test_predict_without_compile_builds_the_model() -> None:
    model = gk.Sequential([gk.LSTM(2, return_sequences=True)])
    assert model.predict(X).shape == (20, 5, 2)


def test_several_threads_may_predict_at_once() -> None:
    model = make()
    expected = model.predict(X)
    with ThreadPoolExecutor(4) as pool:
        for y in pool.map(lambda _: model.predict(X, batch_size=3), range(16)):
            np.testing.assert_array_equal(y, expected)


def test_nan_in_evaluation_is_an_error() -> None:
    model = make()
    x = X.copy()
    x[5, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"^evaluate: loss of batch 1 is nan, .* x of this"):
        model.evaluate(x, Y, batch_size=4)
    with pytest.raises(ValueError, match=r"^validation: loss of batch 0 is nan, .* the data$"):
        model.fit(X, Y, verbose=0, validation_data=(x, Y))


@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_an_error_in_evaluation_or_prediction_undoes_the_build(call: str) -> None:
    class Interrupted(gk.Callback):
        def on_test_begin(self, logs: object = None) -> None:
            raise RuntimeError("stop")

        on_predict_begin = on_test_begin

    gk.set_random_seed(5)
    expected = make_unbuilt().predict(X)
    gk.set_random_seed(5)
    model = make_unbuilt()
    with pytest.raises(RuntimeError, match="stop"):
        getattr(model, call)(*((X, Y) if call == "evaluate" else (X,)), callbacks=[Interrupted()])
    assert not model.built
    np.testing.assert_array_equal(model.predict(X), expected)


def make_unbuilt() -> gk.Sequential:
    model = gk.Sequential([gk.GRU(3), gk.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    "arguments",
    [
        {"optimizer": "adam", "loss": "nonsense"},
        {"optimizer": "adam", "loss": "mse", "metrics": ["x"]},
        {"optimizer": "lion", "loss": "mse"},
        {"optimizer": "adam", "loss": "mse", "steps_per_execution": 2},
    ],
)
def test_failed_compile_keeps_the_earlier_one(arguments: dict) -> None:
    model = make()
    model.fit(X, Y, verbose=0)
    before = snapshot(model)
    with pytest.raises(
        ValueError, match=r"optimizers\.get|losses\.get|metrics\.get|compile: steps"
    ):
        model.compile(**arguments)
    assert snapshot(model) == before


def test_compile_names_what_is_missing() -> None:
    model = make()
    with pytest.raises(TypeError, match="compile: optimizer is missing, expected a name or an obj"):
        model.compile(None, "mse")
    with pytest.raises(TypeError, match="compile: loss is missing, expected a name or an object"):
        model.compile()


def test_compile_takes_lists_and_dicts_for_the_one_output() -> None:
    x, y = np.ones((4, 2), np.float32), np.zeros((4, 1), np.float32)
    histories = []
    for loss, metrics in (
        ("mse", ["mae"]),
        (["mse"], [["mae"]]),
        ({"out": "mse"}, {"out": ["mae"]}),
        (["mse"], {"out": "mae"}),
    ):
        model = gk.Sequential([gk.Dense(1, "tanh", kernel_initializer="ones", name="out")])
        model.compile("sgd", loss, metrics=metrics)
        histories.append(model.fit(x, y, verbose=0).history)
    assert histories[1:] == histories[:1] * 3
    assert list(histories[0]) == ["loss", "mae"]
    with pytest.raises(ValueError, match="loss has the key 'in', expected names of outputs out"):
        model.compile("sgd", {"in": "mse"})


def test_outputs_of_different_lengths_are_not_joined() -> None:
    model = gk.Sequential([gk.GRU(3, return_sequences=True, input_shape=(None, 2)), gk.Dense(1)])
    batches = [np.zeros((2, 4, 2), np.float32), np.zeros((1, 5, 2), np.float32)]
    assert model.predict(x for x in batches[:1]).shape == (2, 4, 1)
    with pytest.raises(
        ValueError, match=r"predict: batches have outputs of shapes \(B, \*\(4, 1\)\)"
    ):
        model.predict(x for x in batches)


def test_one_batch_at_a_time() -> None:
    model = make()
    x, y = X[:7], Y[:7]
    assert model.metrics_names == ["loss", "mae"]
    assert gk.Sequential().metrics_names == []
    weights = np.arange(7.0)
    assert model.test_on_batch(x, y, weights) == model.evaluate(x, y, 7, sample_weight=weights)
    assert list(model.test_on_batch(x, y, return_dict=True)) == model.metrics_names
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict(x, 7))
    with pytest.raises(TypeError, match="test_on_batch: got an unknown argument 'batch_size'"):
        model.test_on_batch(x, y, batch_size=3)
