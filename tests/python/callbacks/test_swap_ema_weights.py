import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import Callback, SwapEMAWeights

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(24, 4, 2)).astype(np.float32), RNG.normal(size=(24, 1)).astype(np.float32)


def compiled(graph: bool = False, use_ema: bool = True):
    x, layer, head = gk.Input((None, 2)), gk.GRU(3, seed=1), gk.Dense(1, seed=2)
    model = gk.Model(x, head(layer(x))) if graph else gk.Sequential([x, layer, head])
    model.compile(gk.Adam(0.05, use_ema=use_ema, ema_momentum=0.8), "mse")
    return model


class Averages(Callback):
    """Notes weights and averages after each epoch."""

    def on_train_begin(self, logs=None) -> None:
        self.weights, self.averages = [], []

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        self.weights.append(self.model._vector.values.copy())
        self.averages.append(self.model.optimizer.slots["average"].copy())


def fit(model, *callbacks: Callback, epochs: int = 3):
    options = {"batch_size": 8, "shuffle": False, "epochs": epochs, "verbose": 0}
    return model.fit(X, Y, **options, validation_data=(X, Y), callbacks=list(callbacks)).history


@pytest.mark.parametrize("graph", [False, True])
def test_validation_sees_the_averages_and_training_the_weights(graph: bool) -> None:
    plain, swapped, seen = compiled(graph), compiled(graph), Averages()
    before = fit(plain, seen)
    history = fit(swapped, SwapEMAWeights())
    assert history["loss"] == before["loss"]
    np.testing.assert_array_equal(plain.get_weights()[0], swapped.get_weights()[0])
    judge = compiled(graph)
    judge.evaluate(X, Y)
    judge.fit(X, Y, verbose=0)  # its vector is there now
    for averages, found in zip(seen.averages, history["val_loss"], strict=True):
        judge._vector.values[...] = averages
        assert judge.evaluate(X, Y) == pytest.approx(found, rel=1e-6)


def test_between_epochs_for_callbacks_behind(tmp_path) -> None:
    path = str(tmp_path / "{epoch}.safetensors")
    seen, behind, model = Averages(), Averages(), compiled()
    checkpoint = gk.callbacks.ModelCheckpoint(path, save_weights_only=True)
    fit(model, seen, SwapEMAWeights(swap_on_epoch=True), behind, checkpoint)
    for weights, averages, later in zip(seen.weights, seen.averages, behind.weights, strict=True):
        np.testing.assert_array_equal(later, averages)
        assert not np.array_equal(weights, averages)
    other, plain = compiled(), compiled()
    other.load_weights(tmp_path / "2.safetensors")
    np.testing.assert_array_equal(other._vector.values, seen.averages[1])
    fit(plain, Averages())
    np.testing.assert_array_equal(model.get_weights()[0], plain.get_weights()[0])


def test_in_evaluations_and_predictions_that_are_given_it() -> None:
    model = compiled()
    model.train_on_batch(X, Y)
    model.train_on_batch(X, Y)
    weights = model.get_weights()
    loss, outputs = model.evaluate(X, Y), model.predict(X)
    swap = SwapEMAWeights()
    assert model.evaluate(X, Y, callbacks=[swap]) != loss
    assert not np.array_equal(model.predict(X, callbacks=[swap]), outputs)
    for now, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, before)


def test_weights_come_back_after_an_error() -> None:
    class Broken(Callback):
        def on_test_batch_end(self, batch: int, logs=None) -> None:
            raise OSError("the disk is gone")

    model, plain = compiled(), compiled()
    with pytest.raises(OSError, match="gone"):
        fit(model, SwapEMAWeights(True), Broken())
    seen = Averages()
    fit(plain, seen, epochs=1)
    np.testing.assert_array_equal(model._vector.values, seen.weights[0])


def test_before_the_first_step_there_is_nothing_to_swap() -> None:
    model = compiled()
    expected = model.predict(X)
    np.testing.assert_array_equal(model.predict(X, callbacks=[SwapEMAWeights()]), expected)


def test_errors() -> None:
    with pytest.raises(TypeError, match="SwapEMAWeights: swap_on_epoch is 1, expected True or F"):
        SwapEMAWeights(1)
    with pytest.raises(ValueError, match="SwapEMAWeights: model has no averages of its weights"):
        fit(compiled(use_ema=False), SwapEMAWeights())
