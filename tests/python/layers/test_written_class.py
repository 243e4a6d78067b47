"""What a user's class may say, checked where it is defined."""

import pytest

import gatedcore as gk
from gatedcore.layers.written_class import Wants
from written_layers import Affine, TwoStates


def test_what_call_takes_is_read_from_its_signature() -> None:
    class All(gk.layers.Layer):
        def call(self, x, states, training=None, mask=None, width=3, **others):
            return x, states

    assert All._wants == Wants(True, True, True)
    assert All.is_cell
    assert (Affine._wants, TwoStates._wants) == (Wants(), Wants(states=True))
    assert gk.Dense._wants is None


def test_names_and_arguments_that_cannot_be() -> None:
    with pytest.raises(TypeError, match="Clash: class defines run, which every layer has"):

        class Clash(gk.layers.Layer):
            def call(self, x):
                return x

            def run(self):
                pass

    with pytest.raises(TypeError, match="Pair: call takes 'y', expected x, for a cell states"):

        class Pair(gk.layers.Layer):
            def call(self, x, y):
                return x + y
