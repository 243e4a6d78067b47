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


def test_a_config_written_as_for_keras() -> None:
    class Scaled(gk.layers.Layer):
        def __init__(self, initializer="ones", regularizer=None, constraint=None, act=None, **base):
            super().__init__(**base)
            self.initializer = gk.initializers.get(initializer)
            self.regularizer = gk.regularizers.get(regularizer)
            self.constraint = gk.constraints.get(constraint)
            self.act = gk.activations.get(act)

        def build(self, input_shape):
            self.scale = self.add_weight(
                (input_shape[-1],),
                self.initializer,
                regularizer=self.regularizer,
                constraint=self.constraint,
            )

        def call(self, x):
            return self.act(self.scale * x)

        def get_config(self):
            return {
                **super().get_config(),
                "initializer": gk.initializers.serialize(self.initializer),
                "regularizer": gk.regularizers.serialize(self.regularizer),
                "constraint": gk.constraints.serialize(self.constraint),
                "act": gk.activations.serialize(self.act),
            }

    layer = Scaled("he_normal", gk.regularizers.L2(0.5), "non_neg", "tanh")
    again = Scaled.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.regularizer.l2 == 0.5
    assert again.act is gk.activations.tanh
    assert type(again.constraint) is gk.constraints.NonNeg
    dense = gk.layers.deserialize(gk.layers.serialize(gk.Dense(3, "relu", kernel_regularizer="l2")))
    assert (dense.units, dense.activation) == (3, "relu")
