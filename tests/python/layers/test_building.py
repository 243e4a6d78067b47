import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.layers.building import check_sample_shape, unique_name


def test_names_are_keras_names() -> None:
    assert re.fullmatch(r"lstm(_\d+)?", gk.LSTM(1).name)
    assert re.fullmatch(r"gru_cell(_\d+)?", gk.GRUCell(1).name)
    assert re.fullmatch(r"dense(_\d+)?", gk.Dense(1).name)
    assert gk.Dense(1).name != gk.Dense(1).name
    assert gk.Dense(1, name="head").name == "head"
    assert unique_name("Bidirectional").startswith("bidirectional")


def test_initializer_that_returns_nonsense_changes_nothing() -> None:
    gk.set_random_seed(3)
    layer = gk.LSTM(2, bias_initializer=lambda shape, dtype: np.ones(99))
    state = gk.random.library_generator().bit_generator.state
    with pytest.raises(ValueError, match=r"what bias_initializer returns has shape \(99,\)"):
        layer.build((None, None, 3))
    assert not layer.built
    assert gk.random.library_generator().bit_generator.state == state


def test_sample_shape() -> None:
    assert check_sample_shape("here", [None, np.int64(3)]) == (None, 3)
    with pytest.raises(TypeError, match=r"here: input_shape is \(\), expected a tuple"):
        check_sample_shape("here", ())
