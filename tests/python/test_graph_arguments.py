"""What a graph of layers may be made of, and be given."""

import copy

import numpy as np
import pytest

import gatedcore as gk
from graphs import OTHER, X, encoder_decoder, series


@pytest.fixture(autouse=True)
def seeded():
    gk.set_random_seed(0)


def test_inputs_as_lists_dicts_and_batches():
    model, (source, begun) = encoder_decoder()
    y = np.zeros((4, 6, 2))
    expected = model.predict([source, begun])
    for given in (
        (source, begun),
        {"begun": begun, "source": source},
        [source.tolist(), begun],
    ):
        np.testing.assert_array_equal(model.predict(given), expected)
    np.testing.assert_array_equal(model({"source": source, "begun": begun}), expected)
    model.compile("adam", "mse")

    def batches():
        for start in (0, 2):
            rows = slice(start, start + 2)
            yield {"source": source[rows], "begun": begun[rows]}, y[rows]

    plain = copy.deepcopy(model)
    by_batch = copy.deepcopy(model)
    options = {"epochs": 2, "verbose": 0, "shuffle": False}
    options |= {"validation_data": ([source, begun], y), "validation_batch_size": 2}
    first = plain.fit([source, begun], y, batch_size=2, **options)
    second = by_batch.fit(list_of(batches), **options)
    assert first.history == second.history
    np.testing.assert_array_equal(model.predict(iter([([source, begun],)])), expected)
    weighted = model.evaluate([source, begun], y, sample_weight=np.arange(4.0))
    assert np.isfinite(weighted)


def list_of(batches):
    class Sequence:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return list(batches())[index]

    return Sequence()


def test_outputs_as_they_were_given():
    x = series()
    h, g = gk.Dense(2, name="h")(x), gk.Dense(1, name="g")(x)
    for outputs, kind in ((h, np.ndarray), ([h], list), ([h, g], list), ({"a": h, "b": g}, dict)):
        model = gk.Model(x, outputs)
        for result in (model(X), model.predict(X, batch_size=3)):
            assert type(result) is kind
        again = gk.models.model_from_json(model.to_json())
        assert type(again.predict(X)) is kind
    both = gk.Model(x, {"a": h, "b": g}).predict(X)
    np.testing.assert_array_equal(both["b"], gk.Model(x, g).predict(X))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (X, r"x is a ndarray, expected a list of 2 or a dict by the names source, begun"),
        ([X], "x is a list of 1, expected a list of 2"),
        ([X, OTHER, X], "x is a list of 3, expected a list of 2"),
        ({"source": X}, r"x has the names \['source'\], expected \['begun', 'source'\]"),
        ([X, OTHER[:3]], r"different numbers of samples \(source 4, begun 3\)"),
        ([X, X], r"begun has shape \(4, 5, 3\), expected \(None, None, 2\)"),
        ([X, "text"], r"\(begun\): x"),
    ],
)
def test_inputs_that_do_not_suit(given, message):
    model, _ = encoder_decoder()
    model.compile("adam", "mse")
    y = np.zeros((4, 6, 2))
    for call in (model, model.predict, lambda x: model.fit(x, y, verbose=0)):
        with pytest.raises((TypeError, ValueError), match=message):
            call(given)


def same_name():
    x = series()
    return gk.Model(x, gk.Dense(1, name="d")(gk.Dense(2, name="d")(x)))


def from_the_middle():
    x = series()
    h = gk.Dense(2)(x)
    return gk.Model(h, gk.Dense(1)(h))


def mixed_dtypes():
    x = gk.Input((None, 3))
    return gk.Model(x, gk.Dense(1, dtype="float64")(gk.Dense(2)(x)))


def of_a_wrapper():
    x = series()
    inner = gk.LSTM(3)
    wrapper = gk.Bidirectional(inner)
    return wrapper, gk.Model(x, inner(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (same_name, "two layers or inputs have the name 'd'"),
        (from_the_middle, "which a layer computes, expected Inputs"),
        (mixed_dtypes, "has dtype float64, expected float32"),
        (of_a_wrapper, "layer belongs to another model"),
        (lambda: gk.Model([], []), "inputs is empty, expected tensors"),
        (lambda: gk.Model(), "inputs is missing, expected symbolic tensors, as a model is a graph"),
        (lambda: gk.Model(3, 4), "inputs has a int where symbolic tensors are"),
        (lambda: (lambda x: gk.Model(x, x))(series("s")), "expected some that layers computed"),
        (
            lambda: (lambda x: gk.Model(x, [gk.Dense(1)(x), series("other")]))(series()),
            "outputs need <Input 'other'",
        ),
        (
            lambda: gk.Model(series("unused"), gk.Dense(1)(series("needed"))),
            "outputs need <Input 'needed'",
        ),
        (
            lambda: (lambda x: gk.Model([x, series("spare")], gk.Dense(1)(x)))(series()),
            "no layer needs <Input 'spare'",
        ),
        (lambda: (lambda x: gk.Model([x, x], gk.Dense(1)(x)))(series()), "twice"),
    ],
)
def test_graphs_that_are_none(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_layers_of_a_model_are_not_free_for_a_row():
    x = series()
    layer = gk.Dense(2)
    model = gk.Model(x, layer(x))
    with pytest.raises(ValueError, match="layer belongs to another model"):
        gk.Sequential([layer])
    assert model.get_layer(layer.name) is layer
    assert model.get_layer(index=1) is layer
    assert model.get_layer(index=0) is model.get_layer(x.name) is x
