import random as python_random

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.random import (
    Rows,
    drawing_for,
    generator_left_alone,
    get_random_state,
    library_generator,
    make_generator,
    rows_in_batch,
    set_random_state,
    undone_on_error,
)
from gatedcore.run_state import draws_again


def test_seed_fixes_all_three_generators() -> None:
    def draw() -> tuple[float, float, float]:
        return library_generator().random(), python_random.random(), np.random.random()  # noqa: NPY002  # the global one is meant

    gk.set_random_seed(7)
    first = draw()
    assert draw() != first
    gk.set_random_seed(7)
    assert draw() == first


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (2**32, ValueError), (1.5, TypeError), (None, TypeError)]
)
def test_bad_seeds_change_nothing(seed: object, error: type[Exception]) -> None:
    state = library_generator().bit_generator.state
    with pytest.raises(error, match="set_random_seed: seed is"):
        gk.set_random_seed(seed)
    assert library_generator().bit_generator.state == state


def test_make_generator() -> None:
    own = np.random.default_rng(0)
    assert make_generator("here", own) is own
    assert make_generator("here", None) is library_generator()
    assert make_generator("here", 3).random() == np.random.default_rng(3).random()
    with pytest.raises(TypeError, match="here: seed is 'a', expected an integer of at least 0"):
        make_generator("here", "a")


def test_undone_on_error() -> None:
    state = library_generator().bit_generator.state

    def fail() -> None:
        with undone_on_error():
            library_generator().random(10)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert library_generator().bit_generator.state == state
    with undone_on_error():
        library_generator().random()
    assert library_generator().bit_generator.state != state


def test_a_generator_handed_out_before_is_seeded_too():
    held = library_generator()
    gk.set_random_seed(5)
    first = held.random()
    gk.set_random_seed(5)
    assert held.random() == first


def test_draws_stay_where_something_is_done_by_the_error():
    gk.set_random_seed(0)
    with pytest.raises(KeyError), undone_on_error(unless=lambda: True):
        {}[library_generator().random()]
    moved = library_generator().random()
    gk.set_random_seed(0)
    assert library_generator().random() != moved


def test_all_three_generators_go_on_where_they_were() -> None:
    def draw() -> list[float]:
        return [
            library_generator().random(),
            *python_random.choices(range(9), k=3),
            python_random.gauss(0.0, 1.0),
            *np.random.normal(size=3),  # noqa: NPY002  # the global one is meant
        ]

    gk.set_random_seed(3)
    draw()
    state = get_random_state()
    expected = draw()
    set_random_state(state)
    assert draw() == expected
    as_json = {**state, "python": [list(s) if isinstance(s, tuple) else s for s in state["python"]]}
    set_random_state(as_json)
    assert draw() == expected


def test_a_block_may_leave_the_generator_alone() -> None:
    before = library_generator().bit_generator.state
    with generator_left_alone():
        library_generator().random(3)
    assert library_generator().bit_generator.state == before


def test_parts_of_a_batch_are_drawn_for_as_the_whole() -> None:
    assert rows_in_batch(5) == (0, 5)
    with drawing_for(Rows(4, 2, 9)):
        assert rows_in_batch(2) == (4, 9)
        assert rows_in_batch(6) == (12, 27)  # three steps folded into each row
        assert rows_in_batch(5) == (0, 5)  # of no batch that is divided so
    with drawing_for(Rows(9, 0, 9)):
        assert rows_in_batch(1) == (0, 1)
    assert rows_in_batch(2) == (0, 2)


DRAWING = [
    gk.Dropout(0.4, seed=1),
    gk.Dropout(0.4, noise_shape=(None, 1, 3), seed=1),
    gk.Dropout(0.4, noise_shape=(1, 4, 3), seed=1),
    gk.SpatialDropout1D(0.4, seed=1),
    gk.layers.GaussianNoise(0.4, seed=1),
    gk.layers.GaussianDropout(0.4, seed=1),
    gk.TimeDistributed(gk.Dropout(0.4, seed=1)),
    gk.LSTM(5, dropout=0.3, recurrent_dropout=0.3, zoneout_h=0.2, zoneout_c=0.1, seed=1),
    gk.Bidirectional(gk.GRU(5, dropout=0.3, zoneout_h=0.2, seed=1)),
]


@pytest.mark.parametrize("layer", DRAWING, ids=lambda layer: layer.name)
def test_layers_draw_for_rows_what_they_draw_for_the_batch(layer: gk.Layer) -> None:
    x = np.random.default_rng(0).normal(size=(7, 4, 3)).astype(np.float32)
    layer.build(x.shape)
    rewind = draws_again([layer])
    whole = layer.forward(x, True)
    parts = []
    for begin, end in ((0, 3), (3, 4), (4, 7)):
        rewind()
        with drawing_for(Rows(begin, end - begin, 7)):
            parts.append(layer.forward(x[begin:end], True))
    np.testing.assert_array_equal(np.concatenate(parts), whole)
