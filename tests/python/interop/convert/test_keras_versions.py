"""Configs of Keras 2 that mean something else in Keras 3."""

import pytest

from gatedcore.interop.convert.keras_versions import is_old, modernised


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("2.15.0", True),
        ("2.2.4-tf", True),
        (None, True),
        ("x", True),
        ("3.0.5", False),
        ("10.1", False),
    ],
)
def test_versions_before_3_are_old(version, old):
    assert is_old(version) == old


def layer(kind, **options):
    return {"class_name": kind, "config": {"name": "one", **options}}


def test_words_that_changed():
    rows = {"class_name": "Sequential", "config": {"layers": [layer("LeakyReLU", alpha=0.3)]}}
    assert modernised(rows)["config"]["layers"] == [layer("LeakyReLU", negative_slope=0.3)]
    assert modernised(layer("GRU"))["config"]["reset_after"] is False
    assert modernised(layer("GRU", reset_after=True))["config"]["reset_after"] is True
    assert modernised(layer("ELU", alpha=0.3)) == layer("ELU", alpha=0.3)


def test_what_was_given_stays_as_it_was():
    data = layer("LeakyReLU", alpha=0.3)
    modernised(data)
    assert data == layer("LeakyReLU", alpha=0.3)


@pytest.mark.parametrize("name", ["activation", "recurrent_activation"])
def test_a_function_that_is_no_more_is_refused(name):
    inner = layer("Bidirectional", layer=layer("LSTM", **{name: "hard_sigmoid"}))
    with pytest.raises(
        ValueError, match=rf"layer 'one' has {name}='hard_sigmoid', which is 0\.2 x"
    ):
        modernised(inner)
