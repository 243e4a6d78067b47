import numpy as np

import gatedcore as gk


def test_ends_as_they_were_given() -> None:
    a, b = gk.Input((2,), name="a"), gk.Input((2,), name="b")
    y = gk.Add(name="sum")([a, b])
    z = gk.Dense(1, name="out")(y)
    one = gk.Model([a, b], z)
    assert one.input == [a, b]
    assert one.output is z
    named = gk.Model({"left": a, "right": b}, {"y": y, "z": z})
    assert named.input == {"left": a, "right": b}
    assert named.output == {"y": y, "z": z}
    assert named.input_names == ["left", "right"]
    assert named.output_names == ["y", "z"]
    assert (one.input_names, one.output_names) == (["a", "b"], ["out"])
    assert (one.input_shape, one.output_shape) == ([(None, 2), (None, 2)], (None, 1))
    assert one.inputs == named.inputs == [a, b]


def test_calls_of_a_layer() -> None:
    a, b, twice = gk.Input((2,)), gk.Input((2,)), gk.Dense(3)
    model = gk.Model([a, b], gk.Add()([twice(a), twice(b)]))
    assert model.call_of(twice).inputs == (a,)
    assert model.call_of(gk.Dense(1)) is None
    part = gk.Model(a, twice.output)
    x = np.ones((1, 2))
    np.testing.assert_array_equal(part(x), twice(x))
