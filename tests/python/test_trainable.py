"""Frozen layers: what training leaves as it is, to the bit, and what it still counts."""

import numpy as np
import pytest

import gatedcore as gk
from optimizer_kinds import FRAMES, MAKERS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 5, 2)).astype(np.float32)
Y = RNG.normal(size=(24, 1)).astype(np.float32)


def make(*frozen: str, **rules: object) -> gk.Sequential:
    layers = {
        "first": gk.LSTM(4, return_sequences=True, input_shape=(None, 2), seed=1),
        "second": gk.Bidirectional(gk.GRU(3, seed=2)),
        "third": gk.Dense(3, "tanh", seed=3, **rules),
        "fourth": gk.Dense(1, seed=4),
    }
    for name in frozen:
        layers[name].trainable = False
    return gk.Sequential(list(layers.values()))


def fit(model: gk.Sequential, optimizer: object, epochs: int = 2) -> gk.Sequential:
    model.compile(optimizer, "mse")
    model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, shuffle=False)
    return model


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("frozen", [("first",), ("second",), ("first", "third"), ("fourth",)])
def test_frozen_weights_keep_their_bits(kind: str, frame: str, frozen: tuple[str, ...]) -> None:
    model = make(*frozen)
    before = model.get_weights()
    fit(model, MAKERS[kind](**FRAMES[frame]))
    for weight, old, trained in zip(model.weights, before, model.trained(), strict=True):
        assert (weight != old).any() if trained else (weight == old).all()


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", MAKERS)
def test_the_rest_is_trained_as_if_it_were_alone(kind: str, frame: str) -> None:
    def two(trainable: bool) -> gk.Sequential:
        first = gk.LSTM(4, return_sequences=True, input_shape=(None, 2), seed=1, trainable=False)
        last = gk.Dense(1, seed=4, trainable=trainable)
        return gk.Sequential([first, gk.GRU(3, seed=2), last])

    whole = two(True)
    features = whole.layers[0](X)
    rest = gk.Sequential([gk.GRU(3, seed=2, input_shape=(None, 4)), gk.Dense(1, seed=4)])
    rest.compile(MAKERS[kind](**FRAMES[frame]), "mse")
    rest.fit(features, Y, batch_size=8, epochs=3, verbose=0, shuffle=False)
    fit(whole, MAKERS[kind](**FRAMES[frame]), 3)
    for a, b in zip(whole.trainable_weights, rest.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", MAKERS)
def test_arrays_apart_take_the_steps_of_arrays_side_by_side(kind: str) -> None:
    """The first and the last layer, copied together for each step, against a step by hand."""
    model = make("second", "third")
    twin = make("second", "third")
    model.compile(MAKERS[kind](global_clipnorm=0.01, weight_decay=0.1), "mse")
    model.train_on_batch(X, Y)
    twin.compile("sgd", "mse")
    twin.train_on_batch(X, Y)  # for its gradients; its weights are put back
    twin.set_weights(make().get_weights())
    values = np.concatenate([weight.ravel() for weight in twin.trainable_weights])
    flags = iter(twin.trained())
    gradients = np.concatenate(
        [g.ravel() for layer in twin.layers for g in layer.gradients.values() if next(flags)]
    )
    MAKERS[kind](global_clipnorm=0.01, weight_decay=0.1).step(values, gradients)
    trained = np.concatenate([weight.ravel() for weight in model.trainable_weights])
    np.testing.assert_array_equal(trained, values)


def test_a_frozen_model_and_what_is_within_it() -> None:
    model = make()
    model.trainable = False
    assert not any(layer.trainable for layer in model.layers)
    assert not model.layers[1].backward_layer.trainable
    assert model.trainable_weights == []
    model.layers[0].trainable = True
    assert model.trainable_weights == []  # of a frozen model nothing is trained, as in Keras
    model.trainable = True
    assert len(model.trainable_weights) == len(model.weights) == 13
    model.layers[1].forward_layer.trainable = False
    assert model.layers[1].trained_names() == {
        "backward_kernel", "backward_recurrent_kernel", "backward_bias",
    }  # fmt: skip
    assert [w.shape for w in model.layers[1].non_trainable_weights] == [(4, 9), (3, 9), (2, 9)]
    assert len(model.non_trainable_weights) == 3
    before = model.get_weights()
    fit(model, "adam")
    same = [bool((a == b).all()) for a, b in zip(model.weights, before, strict=True)]
    assert same == [not trained for trained in model.trained()]


def test_training_with_nothing_to_train_changes_nothing() -> None:
    model = make()
    model.trainable = False
    before = model.get_weights()
    with pytest.warns(UserWarning, match="fit: no weight is trainable, so training changes"):
        fit(model, gk.Adam(weight_decay=0.1, clipnorm=1.0))
    for a, b in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_change_counts_from_the_next_fit_on() -> None:
    model = make("first")
    fit(model, "adam")
    before = model.get_weights()
    model.layers[0].trainable = True
    model.layers[3].trainable = False
    model.fit(X, Y, verbose=0)  # the same optimizer: what it keeps of other weights waits
    same = [bool((a == b).all()) for a, b in zip(model.weights, before, strict=True)]
    assert same == [False] * 11 + [True] * 2


def test_in_the_middle_of_a_run_it_does_not_count() -> None:
    class Thaw(gk.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            self.model.trainable = True

    model = make("first")
    before = model.layers[0].get_weights()
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[Thaw()])
    for a, b in zip(model.layers[0].weights, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_average_begins_with_the_weights_that_were_frozen() -> None:
    model = make("first")
    fit(model, gk.SGD(0.0, use_ema=True, ema_momentum=0.9))
    before = model.get_weights()
    model.layers[0].trainable = True
    model.fit(X, Y, verbose=0)
    for a, b in zip(model.weights, before, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_frozen_weights_are_not_penalised_nor_constrained() -> None:
    frozen = make("third", kernel_regularizer="l2", kernel_constraint="unit_norm")
    plain = make("third")
    before = frozen.layers[2].get_weights()
    for a, b in zip(fit(frozen, "sgd").weights, fit(plain, "sgd").weights, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(frozen.layers[2].get_weights()[0], before[0])
    assert frozen.evaluate(X, Y) == plain.evaluate(X, Y)


def test_layers_before_the_first_trained_one_compute_no_gradients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("backward of a layer that nobody needs")

    model = make("first", "second")
    for layer in model.layers[:2]:
        monkeypatch.setattr(layer, "backward", never)
    needed: list[bool] = []
    backward = model.layers[2].backward
    monkeypatch.setattr(
        model.layers[2], "backward", lambda d, need: needed.append(need) or backward(d, need)
    )
    fit(model, "adam", 1)
    assert needed == [False] * 3


def test_summary_counts_frozen_weights() -> None:
    lines: list[str] = []
    make("first").summary(print_fn=lines.append)
    assert "Total params: 299 (1.17 KB)" in lines[0]
    assert "Non-trainable params: 112 (448.00 B)" in lines[0]
    assert "\nTrainable params: 187 (748.00 B)" in lines[0]


def test_files_keep_what_is_frozen(tmp_path) -> None:
    model = fit(make("first", "third"), gk.Adam(use_ema=True))
    path = tmp_path / "model.safetensors"
    model.save(path)
    loaded = gk.load_model(path)
    assert loaded.trained() == model.trained()
    for either in (model, loaded):
        either.fit(X, Y, epochs=2, batch_size=8, verbose=0, shuffle=False)
    for a, b in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    model.trainable = False
    again = gk.Sequential.from_config(model.get_config())
    assert not again.trainable
    assert not again.layers[1].trainable
    assert not again.layers[1].forward_layer.trainable


def test_trainable_is_true_or_false() -> None:
    model = make()
    for frozen in (model, model.layers[0], model.layers[1]):
        with pytest.raises(TypeError, match=f"{frozen.name}: trainable is 'no', expected True or"):
            frozen.trainable = "no"
    with pytest.raises(TypeError, match="Sequential: trainable is 1, expected True or False"):
        gk.Sequential(trainable=1)
