"""The order of a graph's layers."""

import numpy as np

import gatedcore as gk


def branches() -> gk.Model:
    x = gk.Input((5, 3), name="x")
    short = gk.Dense(4, name="short")(x)
    deep = gk.GRU(4, return_sequences=True, name="deeper")(
        gk.LSTM(4, return_sequences=True, name="deep")(x)
    )
    both = gk.layers.Add(name="both")([short, deep])
    return gk.Model(x, gk.Dense(1, name="end")(both))


def test_layers_and_weights_stand_in_keras_order() -> None:
    model = branches()
    assert [layer.name for layer in model.layers] == ["x", "deep", "short", "deeper", "both", "end"]
    assert model.computing_layers == model.layers[1:]
    shapes = [weight.shape for weight in model.get_weights()]
    assert shapes[:4] == [(3, 16), (4, 16), (16,), (3, 4)]
    again = gk.Model.from_config(model.get_config())
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


def test_inputs_stand_where_keras_has_them() -> None:
    enc, dec = gk.Input((None, 3), name="enc"), gk.Input((None, 4), name="dec")
    _, *states = gk.LSTM(5, return_state=True, name="e")(enc)
    y = gk.LSTM(5, return_sequences=True, name="d")(dec, initial_state=states)
    model = gk.Model([enc, dec], gk.Dense(2, name="o")(y))
    # As Keras 3.15 lists the same models.
    assert [layer.name for layer in model.layers] == ["enc", "dec", "e", "d", "o"]
    x, y, z = (gk.Input((4,), name=name) for name in "xyz")
    shared = gk.Dense(4, name="sh")
    v = shared(gk.Add(name="a1")([shared(x), y]))
    model = gk.Model([x, y, z], gk.Average(name="avg")([z, v, gk.Dense(4, name="k")(y)]))
    assert [layer.name for layer in model.layers] == ["x", "sh", "y", "a1", "z", "k", "avg"]


def test_a_shared_layer_stands_where_it_is_farthest_from_the_outputs() -> None:
    x = gk.Input((5, 3), name="x")
    first, shared = gk.Dense(3, name="first"), gk.Dense(3, name="shared")
    y = gk.layers.Add(name="both")([shared(first(x)), gk.Dense(3, name="last")(shared(x))])
    model = gk.Model(x, y)
    assert [layer.name for layer in model.layers] == ["x", "first", "shared", "last", "both"]
    x = np.ones((2, 5, 3))
    expected = shared(first(x)) + model.get_layer("last")(shared(x))
    np.testing.assert_array_equal(model.predict(x), expected)
