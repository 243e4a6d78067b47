import copy
import gc
import pickle
import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.random import library_generator

X = np.random.default_rng(0).normal(size=(6, 5, 2)).astype(np.float32)


def make(**first: object) -> gk.Sequential:
    return gk.Sequential([gk.LSTM(4, return_sequences=True, **first), gk.GRU(3), gk.Dense(1)])


def test_built_by_its_first_input() -> None:
    model = make()
    assert not model.built
    assert (model.input_shape, model.output_shape, model.weights) == (None, None, [])
    assert model(X).shape == (6, 1)
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, None, 2), (None, 1))
    assert model(X[:, :2]).shape == (6, 1)


def test_built_at_once_with_an_input_shape() -> None:
    model = make(input_shape=(5, 2))
    assert model.built
    assert model.input_shape == (None, 5, 2)
    with pytest.raises(ValueError, match=re.escape("x has shape (6, 4, 2), expected (None, 5, 2)")):
        model(X[:, :4])


def test_layers_run_one_after_the_other() -> None:
    model = make()
    y = model(X)
    first, second, third = model.layers
    np.testing.assert_array_equal(y, third(second(first(X))))
    np.testing.assert_array_equal(y, model.predict(X, batch_size=6))


def test_parameters_are_views_into_one_vector() -> None:
    model = make(input_shape=(None, 2))
    vector = model._vector
    assert sum(weight.size for weight in model.weights) == vector.values.size
    for layer in model.layers:
        for views, whole in (
            (layer.parameters, vector.values), (layer.gradients, vector.gradients),
        ):  # fmt: skip
            assert all(np.shares_memory(view, whole) for view in views.values())
    assert model.count_params() == 4 * (2 + 4 + 1) * 4 + 3 * (4 + 3 + 2) * 3 + 4


def test_weights_of_keras_order_go_there_and_back() -> None:
    model, twin = make(input_shape=(None, 2)), make(input_shape=(None, 2))
    shapes = [(2, 16), (4, 16), (16,), (4, 9), (3, 9), (2, 9), (3, 1), (1,)]
    assert [w.shape for w in model.get_weights()] == shapes
    assert not np.array_equal(model(X), twin(X))
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(model(X), twin(X))


def test_set_weights_all_or_none() -> None:
    model = make()
    with pytest.raises(ValueError, match="set_weights: model has no weights yet"):
        model.set_weights([])
    with pytest.raises(ValueError, match="count_params: model has no weights yet"):
        model.count_params()
    model.build((None, None, 2))
    kept = model.get_weights()
    with pytest.raises(ValueError, match="weights holds 7 arrays, expected 8"):
        model.set_weights(kept[:-1])
    with pytest.raises(ValueError, match=r"bias has shape \(2,\), expected shape = \(1,\)"):
        model.set_weights([w + 1 for w in kept[:-1]] + [np.zeros(2)])
    for value, before in zip(model.weights, kept, strict=True):
        np.testing.assert_array_equal(value, before)


def test_add_keeps_the_values_of_the_layers_before() -> None:
    model = gk.Sequential()
    model.add(gk.LSTM(4, input_shape=(None, 2)))
    kept = model.get_weights()
    model.add(gk.Dense(1))
    for value, before in zip(model.weights, kept, strict=False):
        np.testing.assert_array_equal(value, before)
    assert np.shares_memory(model.weights[0], model._vector.values)
    assert model(X).shape == (6, 1)


def test_add_after_compile_asks_for_compile_again() -> None:
    model = gk.Sequential([gk.LSTM(4, input_shape=(None, 2))])
    model.compile("adam", "mse")
    model.add(gk.Dense(1))
    with pytest.raises(ValueError, match=r"fit: model is not compiled, .* again after adding"):
        model.fit(X, np.zeros(6), verbose=0)


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (gk.Dense, TypeError, "add: layer has type ABCMeta, expected a layer for whole inputs"),
        (3, TypeError, "add: layer has type int, expected a layer"),
        (gk.LSTMCell(2), TypeError, "add: layer has type LSTMCell, expected a layer"),
        (gk.LSTM(2, return_state=True), ValueError, "has several outputs, expected one"),
        (gk.Dense(1, name="taken"), ValueError, "another layer has the name 'taken', expected"),
        (
            gk.LSTM(2, name="late"),
            ValueError,
            "late: input has shape (None, 3), expected (batch, t",
        ),
        (gk.Dense(1, dtype="float64"), ValueError, "layer has dtype float64, expected float32"),
    ],
)
def test_bad_layers_leave_the_model_as_it_was(
    layer: object, error: type[Exception], message: str
) -> None:
    model = gk.Sequential([gk.GRU(3, input_shape=(None, 2), name="taken")])
    kept, state = model.get_weights(), library_generator().bit_generator.state
    with pytest.raises(error, match=re.escape(message)):
        model.add(layer)
    assert len(model.layers) == 1
    assert library_generator().bit_generator.state == state
    for value, before in zip(model.weights, kept, strict=True):
        np.testing.assert_array_equal(value, before)


def test_failed_build_leaves_the_model_as_it_was() -> None:
    model = gk.Sequential([gk.GRU(3), gk.Dense(1, kernel_initializer=lambda shape, dtype: "no")])
    state = library_generator().bit_generator.state
    with pytest.raises(TypeError, match="kernel_initializer has type str, expected an array"):
        model(X)
    assert not model.built
    assert not any(layer.built for layer in model.layers)
    assert library_generator().bit_generator.state == state


def test_a_layer_belongs_to_one_model_as_long_as_that_lives() -> None:
    layer = gk.GRU(3)
    model = gk.Sequential([layer, gk.Dense(1)])
    with pytest.raises(ValueError, match="layer belongs to another model, expected a free one"):
        gk.Sequential([layer])
    del model
    gc.collect()
    assert gk.Sequential([layer])(X).shape == (6, 3)


def test_a_layer_built_before_keeps_its_values() -> None:
    layer = gk.GRU(3)
    y = layer(X)
    np.testing.assert_array_equal(gk.Sequential([layer])(X), y)


def test_dtype_goes_through_the_model() -> None:
    model = make(dtype="float64")
    assert model(X).dtype == np.float64
    assert all(weight.dtype == np.float64 for weight in model.weights)
    assert make()(X.astype(np.float64)).dtype == np.float32


def test_no_layers() -> None:
    with pytest.raises(ValueError, match=r"model has no layers, expected at least one; add"):
        gk.Sequential()(X)


def test_call_in_training_draws() -> None:
    model = gk.Sequential([gk.Dropout(0.5), gk.Dense(1)])
    np.testing.assert_array_equal(model(X, training=False), model(X))
    assert (model(X, training=True) != model(X)).any()
    with pytest.raises(TypeError, match="training is 1, expected True or False"):
        model(X, training=1)


def test_call_with_a_mask() -> None:
    mask = np.ones(X.shape[:2], bool)
    mask[:, -1] = False
    model = make()
    np.testing.assert_array_equal(model(X, mask=mask), model(X[:, :-1]))
    with pytest.raises(ValueError, match="mask has shape"):
        model(X, mask=mask[:, 1:])


def test_sizes_are_fixed_where_layers_need_them() -> None:
    flat = gk.Sequential([gk.Flatten(), gk.Dense(1)])
    flat(np.ones((2, 3, 4)))
    assert flat.input_shape == (None, 3, 4)
    with pytest.raises(ValueError, match="expected \\(None, 3, 4\\)"):
        flat(np.ones((2, 5, 4)))
    free = gk.Sequential([gk.Dropout(0.1), gk.LSTM(2)])
    free(np.ones((2, 3, 4)))
    assert free.input_shape == (None, None, 4)


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_train_on_their_own(copier) -> None:
    model, y = make(input_shape=(None, 2)), np.zeros(6, np.float32)
    model.compile("adam", "mse")
    model.fit(X, y, epochs=2, verbose=0, shuffle=False)
    twin, kept = copier(model), model.get_weights()
    np.testing.assert_array_equal(twin(X), model(X))
    twin.fit(X, y, verbose=0, shuffle=False)
    for value, before in zip(model.weights, kept, strict=True):
        np.testing.assert_array_equal(value, before)
    model.fit(X, y, verbose=0, shuffle=False)
    for value, other in zip(model.weights, twin.weights, strict=True):
        np.testing.assert_array_equal(value, other)


def test_a_copy_carries_the_values_once() -> None:
    model = gk.Sequential([gk.Dense(100, input_shape=(1000,))])
    assert len(pickle.dumps(model)) < 1.1 * model._vector.values.nbytes


def test_a_shallow_copy_would_share_layers_and_is_refused() -> None:
    model = make(input_shape=(None, 2))
    with pytest.raises(ValueError, match="layer belongs to another model, expected a free one"):
        copy.copy(model)
    assert np.shares_memory(model.weights[0], model._vector.values)


def test_no_gradient_is_computed_for_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = make(input_shape=(None, 2)), []
    for layer in model.layers:

        def spy(d_y, need_d_x, backward=layer.backward, name=layer.name):
            asked.append((name, need_d_x))
            return backward(d_y, need_d_x)

        monkeypatch.setattr(layer, "backward", spy)
    model.backward(np.ones_like(model.forward(X, True)))
    names = [layer.name for layer in model.layers]
    assert asked == [(names[2], True), (names[1], True), (names[0], False)]


def test_copy_of_a_model_that_is_not_built() -> None:
    twin = copy.deepcopy(make())
    assert twin(X).shape == (6, 1)


def test_summary_prints(capsys: pytest.CaptureFixture[str]) -> None:
    make(input_shape=(None, 2)).summary()
    assert "(None, None, 4)" in capsys.readouterr().out
    with pytest.raises(ValueError, match="summary: show_trainable=True is not supported"):
        make().summary(show_trainable=True)


def test_repr() -> None:
    assert repr(gk.Sequential([gk.Dense(1, name="a")], name="m")) == "<Sequential 'm': a>"


def test_a_chain_that_fails_leaves_its_layers_as_they_were() -> None:
    first, second = gk.LSTM(3, input_shape=(None, 2)), gk.GRU(3)  # the first returns no sequence
    state = library_generator().bit_generator.state
    with pytest.raises(ValueError, match="expected \\(batch, time steps, features\\)") as failure:
        gk.Sequential([first, second])
    assert not first.built
    assert not second.built
    assert library_generator().bit_generator.state == state
    assert gk.Sequential([first, gk.Dense(1)]).built  # while the error still holds the dead model
    del failure


@pytest.mark.parametrize("layers", [gk.LSTM(3), 7, "lstm"])
def test_layers_come_as_a_list(layers) -> None:
    with pytest.raises(TypeError, match=r"layers has type \w+, expected a list of layers"):
        gk.Sequential(layers)


@pytest.mark.parametrize("shape", [3, None, "abc"])
def test_a_shape_is_a_tuple(shape) -> None:
    for built in (gk.GRU(3, name="gru_here"), gk.Sequential([gk.GRU(3)])):
        with pytest.raises(TypeError, match=r"build: input_shape is .*, expected a tuple such as"):
            built.build(shape)
        assert not built.built


def test_a_model_copied_while_it_trains_can_train() -> None:
    model, copies, y = make(), [], np.zeros((6, 1), np.float32)
    model.compile("adam", "mse")
    model.fit(X, y, verbose=0, callbacks=[Copy(copies)])
    copies[0].compile("adam", "mse")
    copies[0].fit(X, y, verbose=0)


class Copy(gk.Callback):
    def __init__(self, copies: list) -> None:
        self.copies = copies

    def on_epoch_end(self, epoch, logs=None) -> None:
        self.copies.append(pickle.loads(pickle.dumps(self.model)))


def test_weights_of_the_model_itself_may_change_places() -> None:
    model = gk.Sequential([gk.Dense(3, input_shape=(3,)), gk.Dense(3)])
    first, second = model.layers[0].get_weights(), model.layers[1].get_weights()
    w = model.weights
    model.set_weights([w[2], w[3], w[0], w[1]])
    for value, expected in zip(model.weights, second + first, strict=True):
        np.testing.assert_array_equal(value, expected)
    with pytest.raises(TypeError, match="set_weights: weights has type int, expected a list"):
        model.set_weights(5)


def test_a_layer_by_name_or_place() -> None:
    model = make(input_shape=(None, 2))
    first, last = model.layers[0], model.layers[-1]
    assert model.get_layer(first.name) is first
    assert model.get_layer(index=-1) is last
    for wrong in ({}, {"name": "a", "index": 0}, {"name": "a"}, {"index": 7}, {"index": -4}):
        with pytest.raises(ValueError, match=r"get_layer: (got name=|name is 'a'|index is )"):
            model.get_layer(**wrong)


def test_pop_takes_the_last_layer_away_with_its_weights() -> None:
    model = gk.Sequential([gk.LSTM(4, input_shape=(None, 2)), gk.Dense(3), gk.Dense(1)])
    x = np.random.default_rng(0).normal(size=(2, 3, 2)).astype(np.float32)
    model.compile("sgd", "mse")
    model.fit(x, np.ones((2, 1)), verbose=0)
    before, weights = model(x), model.get_weights()
    head = model.pop()
    np.testing.assert_array_equal(head(model(x)), before)
    for kept, old in zip(model.get_weights(), weights, strict=False):
        np.testing.assert_array_equal(kept, old)
    assert model.output_shape == (None, 3)
    with pytest.raises(ValueError, match="compile"):
        model.fit(x, np.ones((2, 3)), verbose=0)
    other = gk.Sequential([head], name="other")  # it is free
    assert other.layers == [head]
    model.add(gk.Dense(2))
    model.compile("sgd", "mse")
    model.fit(x, np.ones((2, 2)), verbose=0)
    np.testing.assert_array_equal(head.get_weights()[0], weights[-2])


def test_pop_of_a_row_that_is_not_built_or_of_one_layer() -> None:
    model = gk.Sequential([gk.LSTM(4), gk.Dense(3)], name="row")
    assert isinstance(model.pop(), gk.Dense)
    assert isinstance(model.pop(rebuild=True), gk.LSTM)
    assert model.layers == []
    with pytest.raises(ValueError, match=r"row.pop: model has no layers, expected some at rest"):
        model.pop()
    built = gk.Sequential([gk.Input((2,)), gk.Dense(3)])
    built.pop()
    assert not built.built
    built.add(gk.Dense(1))
    assert built.output_shape == (None, 1)


def test_what_compile_chose_can_be_read() -> None:
    x = gk.Input((3,))
    model = gk.Model(x, [gk.Dense(1, name="a")(x), gk.Dense(1, name="b")(x)])
    assert model.loss is None
    assert model.metrics == []
    model.compile(
        "sgd", {"a": "mse", "b": "mae"}, metrics=[["mae"], []], weighted_metrics={"b": ["mse"]}
    )
    assert model.loss == {"a": "mse", "b": "mae"}
    assert [metric.name for metric in model.metrics] == ["mae", "mse"]
    row = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    row.compile("sgd", "mse", metrics=["mae"], weighted_metrics=[gk.metrics.MeanSquaredError()])
    assert row.loss == "mse"
    assert [metric.name for metric in row.metrics] == ["mae", "mean_squared_error"]
