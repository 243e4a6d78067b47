"""Layers of a user's own: weights, calls, gradients, models and files."""

import copy
import pickle
import re

import numpy as np
import pytest

import gatedcore as gk
from custom_names import names_as_before  # noqa: F401  # a fixture
from layers.gradients import assert_layer_gradients
from written_layers import Affine, Shift, TwoStates, Wave

X = np.random.default_rng(0).normal(size=(4, 5, 2))


@pytest.mark.parametrize("kind", [Affine, Wave])
@pytest.mark.parametrize("x", [X[:, 0], X])
def test_gradients_by_finite_differences(kind, x) -> None:
    layer = kind(dtype="float64", seed=1)
    layer.build(x.shape)
    layer.parameters["bias"][:] = 0.5
    fixed = layer.parameters.pop("weight")  # nothing trains it, so there is no gradient
    assert_layer_gradients(layer, x.copy())
    assert fixed == 2.0


def test_weights_are_views_of_the_vector_wherever_they_are_kept() -> None:
    layer = Affine(seed=1)
    alone = layer(X)
    assert layer.kernel is layer.parameters["kernel"]
    assert layer.rest[0] is layer.parameters["bias"]
    model = gk.Sequential([layer, gk.Dense(1)])
    model.build(X.shape)
    assert layer.kernel is layer.parameters["kernel"]
    assert np.shares_memory(layer.kernel, model._vector.values)
    assert np.shares_memory(layer.rest[0], model._vector.values)
    np.testing.assert_array_equal(layer(X), alone)
    layer.set_weights([np.ones((2, 3)), np.ones(3), 1.0])
    np.testing.assert_allclose(layer(X), X.sum(-1, keepdims=True) + np.ones(3), rtol=1e-5)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert twin.kernel is twin.parameters["kernel"]
        assert twin.rest[0] is twin.parameters["bias"]
        np.testing.assert_array_equal(twin(X), layer(X))


def test_a_weight_kept_out_of_reach_is_seen_at_once() -> None:
    class Hidden(gk.layers.Layer):
        def build(self, input_shape):
            w = self.add_weight((1,), "ones")
            self.product = lambda x: x * w

        def call(self, x):
            return self.product(x)

    assert np.isnan(Hidden()(X)).all()


def test_rules_and_what_is_not_trained() -> None:
    layer = Affine(seed=1)
    model = gk.Sequential([layer, gk.Dense(1, seed=2)])
    model.compile(gk.SGD(0.02), "mse")
    y = np.full((4, 5, 1), -5.0)
    plain = float(np.square(model(X) - y).mean())
    before = layer.get_weights()
    penalty = 0.01 * float(np.square(layer.kernel).sum())
    losses = model.fit(X, y, epochs=9, verbose=0).history["loss"]
    assert losses[0] == pytest.approx(plain + penalty, rel=1e-6)
    assert losses[-1] < losses[0]
    assert (layer.rest[0] >= 0).all()
    assert layer.fixed == before[2] == 2.0
    assert (layer.kernel != before[0]).all()
    assert layer.trained_names() == {"kernel", "bias"}
    assert [w.shape for w in layer.non_trainable_weights] == [()]


def test_train_save_and_load(tmp_path) -> None:
    gk.saving.register_serializable()(Wave)
    model = gk.Sequential([Wave(8, seed=0), gk.GRU(4, seed=1), gk.Dense(1, seed=2)])
    model.compile(gk.Adam(0.02), "mse")
    y = X.sum(axis=(1, 2))[:, None]
    losses = model.fit(X, y, epochs=40, verbose=0).history["loss"]
    assert losses[-1] < 0.2 * losses[0]
    model.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.layers[0].units == 8
    again.fit(X, y, verbose=0)


def test_config_by_signature_or_written_as_in_keras() -> None:
    class Own(gk.layers.Layer):
        def __init__(self, width, **kwargs):
            super().__init__(**kwargs)
            self._width = width

        def call(self, x):
            return x * self._width

        def get_config(self):
            return {**super().get_config(), "width": self._width}

    own = Own(3, name="own", dtype="float64")
    assert own.get_config()["width"] == 3
    twin = Own.from_config(own.get_config())
    assert (twin._width, twin.name, twin.dtype) == (3, "own", np.float64)
    assert Affine.from_config(Affine(7, trainable=False).get_config()).units == 7


def test_call_is_given_what_it_names() -> None:
    seen = []

    class Both(gk.layers.Layer):
        supports_masking = True

        def call(self, x, training=None, mask=None):
            seen.append((training, None if mask is None else mask.copy()))
            return x

    mask = np.ones((4, 5), bool)
    layer = Both()
    layer(X, mask=mask, training=True)
    assert seen[-1][0] is True
    np.testing.assert_array_equal(seen[-1][1], mask)
    layer(X)
    assert seen[-1] == (False, None)
    assert layer.compute_mask(X, mask) is mask
    assert Shift().compute_mask(X, mask) is None


def test_backward_sees_its_own_call_whatever_ran_between() -> None:
    layer = Affine(dtype="float64", seed=1)
    layer.build(X.shape)
    first, second = X[:2], X[2:]
    layer.forward(first, True)
    kept = layer.take_saved()
    layer.forward(second, True)
    layer(X)
    d = np.ones((2, 5, 3))
    layer.backward(d, True)
    np.testing.assert_allclose(
        layer.gradients["kernel"], np.tensordot(second, 2 * d, ((0, 1), (0, 1))), rtol=1e-12
    )
    layer.give_saved(kept)
    layer.backward(d, True)
    np.testing.assert_allclose(
        layer.gradients["kernel"], np.tensordot(X, np.full((4, 5, 3), 2.0), ((0, 1), (0, 1))),
        rtol=1e-12,
    )  # fmt: skip


def test_vjp_and_wrappers() -> None:
    layer = Affine(dtype="float64", seed=1)
    d = np.ones((4, 5, 3))
    gradients = layer.vjp(X, d)
    np.testing.assert_allclose(gradients.x, 2 * d @ layer.kernel.T, rtol=1e-12)
    assert (layer.gradients["kernel"] == 0).all()
    each = gk.layers.TimeDistributed(Affine(dtype="float64", seed=1))
    np.testing.assert_allclose(each(X), layer(X), rtol=1e-12)
    assert list(each.parameters) == ["kernel", "bias", "weight"]


def test_a_layer_that_goes_step_by_step_says_so_for_truncated_training() -> None:
    class ByStep(Affine):
        by_steps = True

    y = np.zeros((4, 5, 3))
    for kind in (ByStep, Affine):
        model = gk.Sequential([gk.GRU(2, return_sequences=True, stateful=True), kind()])
        model.compile("sgd", "mse")
        if kind is ByStep:
            model.fit(X, y, batch_size=4, tbptt=2, verbose=0)
        else:
            with pytest.raises(ValueError, match="is a Affine and may mix time steps"):
                model.fit(X, y, batch_size=4, tbptt=2, verbose=0)


def test_without_backward_fit_says_so_before_the_first_step() -> None:
    class Double(gk.layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((1,), "ones")

        def call(self, x):
            return 2 * x * self.w

    y = np.zeros((4, 5, 1))
    model = gk.Sequential([gk.Dense(2), Double(name="double"), gk.Dense(1)])
    model.compile("sgd", "mse")
    assert model.predict(X, verbose=0).shape == (4, 5, 1)
    model.evaluate(X, y, verbose=0)
    before = model.get_weights()
    message = "fit: double is a Double without backward, expected one to train with"
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, verbose=0)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
    # In front, with nothing to train, none is needed.
    for first in (Shift(), Double(trainable=False)):
        model = gk.Sequential([first, gk.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(X, y, verbose=0)
    with pytest.raises(ValueError, match="without backward"):
        Double().vjp(X, X)


def test_in_a_graph_shared_and_where_no_gradient_goes(tmp_path) -> None:
    for kind in (Wave, Shift):
        gk.saving.register_serializable()(kind)
    one, other = gk.Input((5, 2), name="one"), gk.Input((5, 2), name="other")
    double = {"dtype": "float64"}
    shared = Wave(3, seed=0, **double)
    # Nothing trained comes before the shifts, so that they need no backward.
    y = gk.layers.Add()([shared(Shift(**double)(one)), shared(Shift(**double)(other))])
    model = gk.Model([one, other], gk.Dense(1, seed=1)(y))
    x = {"one": X, "other": X[:, ::-1]}
    hidden = shared(X + 1) + shared(X[:, ::-1] + 1)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), model.layers[-1](hidden), rtol=1e-12, atol=1e-14
    )
    target = np.ones((4, 5, 1))
    model.compile(gk.SGD(0.0), "mse")
    model.train_on_batch(x, target)
    kernel = shared.gradients["kernel"].copy() - 0.02 * shared.kernel  # the regularizer's
    d = 2 * (model.predict(x, verbose=0) - target) / 20 @ model.layers[-1].weights[0].T
    expected = sum(shared.vjp(part + 1, d).weights["kernel"] for part in (X, X[:, ::-1]))
    np.testing.assert_allclose(kernel, expected, rtol=1e-9, atol=1e-12)
    model.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))

    late = gk.Model(one, gk.Dense(1)(Shift(name="late")(gk.Dense(2)(one))))
    late.compile("sgd", "mse")
    with pytest.raises(ValueError, match="fit: late is a Shift without backward"):
        late.fit(X, target, verbose=0)


class Wrong(Affine):
    """What goes wrong in one of many ways."""

    def __init__(self, way, **kwargs):
        super().__init__(3, **kwargs)
        self.way = way

    def build(self, input_shape):
        super().build(input_shape)
        if self.way == "name":
            self.add_weight((2,), name="kernel")
        if self.way == "shape":
            self.add_weight("kernel", (2,))
        if self.way == "dtype":
            self.add_weight((2,), dtype="float64")
        if self.way == "layer":
            self.inner = gk.Dense(2)

    def call(self, x):
        y = super().call(x)
        if self.way == "fails":
            y = x @ np.ones((9, 9))
        return {"batch": y[:1], "text": "y"}.get(self.way, y)

    def backward(self, d_y):
        if self.way == "replaced":
            self.gradients["kernel"] = np.zeros((2, 3))
        return {"none": None, "narrow": d_y[..., :1]}.get(self.way, d_y)


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("name", "wrong.add_weight: name is 'kernel', expected a string that no other weight has"),
        ("shape", "wrong.add_weight: shape is 'kernel', expected a tuple of sizes"),
        ("dtype", "wrong.add_weight: dtype is 'float64', expected float32 as the layer"),
        ("layer", "wrong: inner holds the layer dense"),
        ("batch", "wrong: call returned an array of shape (1, 16, 3) for an input of shape (2, 16"),
        ("text", "wrong: call failed on zeros of shape (2, 16, 2), wrong: what call returns"),
        ("fails", "wrong: call failed on zeros of shape (2, 16, 2), matmul"),
        ("none", "wrong: backward returned None, expected the gradient of the input, of shape"),
        ("narrow", "wrong: backward returned an array of shape (4, 5, 1), expected (4, 5, 2)"),
        ("replaced", "wrong: backward replaced the gradient of kernel, expected it added to"),
    ],
)
def test_errors_name_what_is_wrong(way: str, message: str) -> None:
    def run() -> None:
        layer = Wrong(way, name="wrong")
        gk.Sequential([gk.Input((None, 2)), layer])
        layer.forward(X.astype(np.float32), True)
        layer.backward(np.ones((4, 5, 3), np.float32), True)

    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        run()


def test_layers_within_and_several_inputs_are_told_at_once() -> None:
    class Outer(gk.layers.Layer):
        def __init__(self, blocks, **base):
            super().__init__(**base)
            self.blocks = blocks

        def call(self, x):
            return x

    inner = gk.Dense(2, name="inner")
    for blocks in (inner, [inner, None], {"a": inner}, [(inner,)]):
        with pytest.raises(ValueError, match="outer: blocks holds the layer inner, expected weigh"):
            Outer(blocks, name="outer")
    with pytest.raises(ValueError, match="outer: blocks holds the model row, expected weights fr"):
        Outer(gk.Sequential([inner], name="row"), name="outer")
    outer = Outer(None, name="outer")
    with pytest.raises(TypeError, match="outer: x is a list of 2 arrays, expected one, as layers"):
        outer([X, X])
    assert outer([[1.0, 2.0], [3.0, 4.0]]).shape == (2, 2)


def test_errors_of_classes_and_places() -> None:
    with pytest.raises(ValueError, match="add_weight: came outside build"):
        Affine().add_weight((2,))

    class Nothing(gk.layers.Layer):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Nothing()
    with pytest.raises(TypeError, match="expected a layer for whole inputs"):
        gk.Sequential([TwoStates()])
    with pytest.raises(TypeError, match="takes its states with each call, expected a layer"):
        TwoStates().forward(X[:, 0], False)
    with pytest.raises(TypeError, match="cell has type Affine, expected a cell"):
        gk.RNN(Affine())
