import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.layers.building import check_sample_shape, declared_shape, room_for, unique_name


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


@pytest.mark.parametrize(
    ("keras", "features", "steps", "expected"),
    [
        ({"batch_input_shape": (None, 5, 2)}, True, True, (5, 2)),
        ({"batch_shape": [None, None]}, False, False, (None,)),
        ({"input_dim": 3}, True, True, (None, 3)),
        ({"input_dim": 3}, True, False, (3,)),
        ({"input_dim": 3, "input_length": 4}, True, True, (4, 3)),
        ({"input_dim": None}, True, True, None),
    ],
)
def test_older_names_of_the_shape(keras: dict, features: bool, steps: bool, expected) -> None:
    rest = {**keras, "other": 1}
    assert declared_shape("here", None, rest, features=features, steps=steps) == expected
    assert set(rest) - {"input_dim"} == {"other"}


def test_older_names_in_a_model() -> None:
    with pytest.warns(UserWarning, match="LSTM: a batch size of 4 has no effect") as caught:
        first = gk.LSTM(3, batch_input_shape=(4, None, 2), stateful=True)
    assert caught[0].filename == __file__
    model = gk.Sequential([first, gk.Dense(1, input_dim=3)])
    assert model.input_shape == (None, None, 2)
    assert first.get_config()["input_shape"] == [None, 2]
    assert gk.Sequential([gk.GRU(3, input_dim=2)]).input_shape == (None, None, 2)


@pytest.mark.parametrize(
    ("shape", "keras", "error", "message"),
    [
        ((2, 2), {"input_dim": 2}, ValueError, "got input_shape and input_dim, expected one"),
        (None, {"batch_shape": (1, 2), "input_dim": 2}, ValueError, "got batch_shape and input_di"),
        (None, {"input_length": 2}, ValueError, "got input_length, expected one shape"),
        (None, {"batch_shape": 3}, TypeError, r"batch_shape is 3, expected a tuple such as \(1, N"),
        (None, {"batch_input_shape": (None, None)}, ValueError, "input_shape is .*, expected a si"),
        (None, {"batch_shape": (0, 2)}, ValueError, "batch_size is 0, expected an integer of at l"),
    ],
)
def test_shapes_declared_in_vain(shape, keras: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="here: " + message):
        declared_shape("here", shape, keras, features=True, steps=True)


def test_no_more_first_values_than_there_is_room_for() -> None:
    with room_for(2 * (12 + 3) + 11):
        for _ in range(2):
            gk.Dense(3).build((None, 4))
        with pytest.raises(ValueError, match=r"kernel_initializer is asked for the shape \(4, 3\)"):
            gk.Dense(3).build((None, 4))
    gk.Dense(3).build((None, 4))


def test_weights_that_no_memory_holds() -> None:
    with pytest.raises(ValueError, match=f"which would need {8 * 10**30} bytes"):
        gk.Embedding(10**30, 2).build((None, 4))
    with pytest.raises(ValueError, match=rf"^dense.*: kernel_.* which would need {2**62} bytes"):
        gk.Dense(2**60).build((None, 1))
    with pytest.raises(ValueError, match="expected what memory can hold; choose smaller sizes"):
        gk.LSTM(2**58).build((None, None, 1))
    # One number less is an address that exists, and only the memory is missing.
    with pytest.raises(MemoryError):
        gk.Dense(2**60 - 1).build((None, 1))
