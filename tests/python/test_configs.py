"""Configs: every object of the library and back, users' objects, and what no config can name."""

import json

import numpy as np
import pytest

import gatedcore as gk
from custom_names import names_as_before  # noqa: F401  # a fixture
from gatedcore import configs, registration
from gatedcore.configs import Configurable, config_of, decode, deserialize, encode, serialize

METRICS = [kind() for kind in {*gk.metrics._CLASSES.values(), gk.metrics.AccuracyByShape}]
# Each with arguments that are not the defaults.


@gk.saving.register_serializable(package="configs")
def last_step(x):
    return x[:, -1]


OBJECTS = [
    gk.LSTM(
        3, "relu", "hard_sigmoid", False, unit_forget_bias=False, return_sequences=True,
        return_state=True, go_backwards=True, zero_output_for_mask=True, dropout=0.1,
        recurrent_dropout=0.2, zoneout_h=0.3, zoneout_c=0.4, recompute=True, name="mine",
        dtype="float64", seed=7, input_shape=(None, 2),
        kernel_initializer=gk.initializers.Orthogonal(2.0, seed=3),
        recurrent_initializer="ones", bias_initializer=gk.initializers.Constant(0.5),
    ),
    gk.GRU(2, reset_after=False, zoneout_h=0.5, seed=np.random.default_rng(3)),
    gk.LSTMCell(4, name="cell", unit_forget_bias=False),
    gk.GRUCell(4, reset_after=False, seed=1),
    gk.LSTMCell(4, dropout=0.25, recurrent_dropout=0.5, seed=2),
    gk.RNN(gk.LSTMCell(3, dropout=0.5), True, stateful=True, dtype="float64"),
    gk.RNN([gk.GRUCell(3), gk.SimpleRNNCell(2, "relu")], return_state=True),
    gk.StackedRNNCells([gk.GRUCell(3), gk.LSTMCell(2)], name="two"),
    gk.SimpleRNN(3, "softplus", go_backwards=True, dropout=0.1, recurrent_regularizer="l1"),
    gk.SimpleRNNCell(3, "relu", use_bias=False, recurrent_dropout=0.5, kernel_constraint="non_neg"),
    gk.Dense(5, "tanh", False, name="out", dtype=np.float32),
    gk.Input((None, 3), dtype="float64"),
    gk.Bidirectional(gk.LSTM(3, return_sequences=True, seed=2), "sum", name="both"),
    gk.Bidirectional(
        gk.GRU(3), backward_layer=gk.GRU(3, go_backwards=True, activation="relu"), dtype="float64"
    ),
    gk.TimeDistributed(gk.TimeDistributed(gk.Dense(2)), input_shape=(3, 4, 5)),
    gk.Embedding(9, 2, "zeros", mask_zero=True),
    gk.Masking(-1.0),
    gk.Dropout(0.3, noise_shape=(None, 1, 2), seed=5),
    gk.SpatialDropout1D(0.3),
    gk.LayerNormalization(epsilon=0.1, center=False, gamma_initializer="zeros"),
    gk.Activation("silu"),
    gk.layers.ReLU(6.0, 0.1, 0.5),
    gk.layers.LeakyReLU(0.1),
    gk.layers.ELU(0.5),
    gk.layers.Softmax(),
    gk.layers.Normalization(mean=[1.0, 2.0], variance=[3.0, 0.1]),
    gk.layers.GaussianNoise(0.1, seed=3),
    gk.layers.GaussianDropout(0.1),
    gk.layers.GlobalAveragePooling1D(keepdims=True),
    gk.layers.GlobalMaxPooling1D(),
    gk.Flatten(),
    gk.Reshape((-1, 2)),
    gk.RepeatVector(3),
    gk.layers.Permute((2, 1)),
    gk.layers.Lambda(last_step, output_shape=(3,), input_shape=(3,)),
    gk.layers.Dot((2, 1), normalize=True),
    *(kind() for kind in (gk.Add, gk.Average, gk.Maximum, gk.Minimum, gk.Multiply, gk.Subtract)),
    gk.Concatenate(axis=1),
    gk.GRU(2, stateful=True, kernel_regularizer="l2", recurrent_constraint="unit_norm"),
    gk.Dense(2, bias_regularizer=gk.regularizers.L1(0.5), kernel_constraint="non_neg"),
    gk.regularizers.L1(0.5),
    gk.regularizers.L2(0.25),
    gk.regularizers.L1L2(0.1, 0.2),
    gk.constraints.MaxNorm(3.0, axis=(0, 1)),
    gk.constraints.MinMaxNorm(0.1, 2.0, 0.5, axis=1),
    gk.constraints.NonNeg(),
    gk.constraints.UnitNorm(1),
    *(kind() for kind in gk.losses._CLASSES.values()),
    gk.losses.Huber(delta=2.0, reduction="sum", name="mine"),
    *METRICS,
    gk.initializers.Zeros(),
    gk.initializers.RandomUniform(-1.0, 2.0, seed=3),
    gk.initializers.RandomNormal(0.5, 2.0),
    gk.initializers.TruncatedNormal(0.5, 2.0, seed=9),
    gk.initializers.VarianceScaling(2.0, "fan_out", "uniform"),
    *(getattr(gk.initializers, name)(seed=1) for name in (
        "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal",
    )),
    gk.initializers.Ones(),
    gk.initializers.Constant(3.5),
    gk.initializers.Identity(2.0),
    gk.initializers.GlorotUniform(seed=4),
    gk.initializers.Orthogonal(0.5, seed=5),
]  # fmt: skip


@pytest.mark.parametrize("thing", OBJECTS, ids=lambda thing: type(thing).__name__)
def test_every_object_makes_itself_again_through_json(thing) -> None:
    config = json.loads(json.dumps(thing.get_config()))
    again = type(thing).from_config(config)
    assert type(again) is type(thing)
    assert again.get_config() == config
    other = deserialize(json.loads(json.dumps(serialize(thing))))
    assert type(other) is type(thing)
    assert other.get_config() == config


def test_every_configurable_class_of_the_library_is_tried_here() -> None:
    import inspect

    tried = {type(thing) for thing in OBJECTS} | {gk.Sequential, gk.Model}
    concrete = {
        kind
        for kinds in registration._library.values()
        for kind in kinds.values()
        if not inspect.isabstract(kind)
        and kind.__name__ not in ("Initializer", "Regularizer", "Constraint")
        # Around a function or a loss, which are what is written.
        and kind.__name__ not in ("MeanMetricWrapper", "LossMean")
        and not kind.__name__.startswith("_")
    }
    assert concrete - tried == set()


def test_a_layer_has_keras_keys() -> None:
    config = gk.LSTM(3, name="mine").get_config()
    keras = {
        "name", "dtype", "units", "activation", "recurrent_activation", "use_bias",
        "kernel_initializer", "recurrent_initializer", "bias_initializer", "unit_forget_bias",
        "dropout", "recurrent_dropout", "return_sequences", "return_state", "go_backwards",
        "zero_output_for_mask", "seed",
    }  # fmt: skip
    assert keras <= set(config)
    assert config["name"] == "mine"
    assert config["kernel_initializer"] == {
        "module": "gatedcore.initializers",
        "class_name": "GlorotUniform",
        "config": {"seed": None},
    }


def test_what_keras_writes_is_read() -> None:
    layer = deserialize(
        {
            "module": "keras.layers",
            "class_name": "GRU",
            "config": {
                "name": "gru_7",
                "trainable": True,
                "dtype": {
                    "module": "keras",
                    "class_name": "DTypePolicy",
                    "config": {"name": "float32"},
                    "registered_name": None,
                },
                "units": 3,
                "kernel_initializer": {
                    "module": "keras.initializers",
                    "class_name": "GlorotUniform",
                    "config": {"seed": None},
                    "registered_name": None,
                },
                "kernel_regularizer": None,
                "reset_after": True,
                "unroll": False,
            },
            "registered_name": None,
            "build_config": {"input_shape": [None, None, 1]},
        }
    )
    assert isinstance(layer, gk.GRU)
    assert (layer.name, layer.units, layer.dtype) == ("gru_7", 3, np.float32)


def test_a_generator_goes_on_where_it_was() -> None:
    for name in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"):
        rng = np.random.Generator(getattr(np.random, name)(5))
        rng.random(3)
        again = decode(json.loads(json.dumps(encode(rng, "seed"))))
        np.testing.assert_array_equal(again.random(5), rng.random(5))
    data = {"class_name": "Generator", "config": {"bit_generator": "system"}}
    with pytest.raises(ValueError, match="bit_generator is 'system', expected one of PCG64"):
        decode(data)


# Objects of users.


def test_a_subclass_that_keeps_its_arguments_needs_no_method() -> None:
    @gk.saving.register_serializable(package="test")
    class Widened(gk.Dense):
        def __init__(self, factor: int, **dense) -> None:
            super().__init__(4 * factor, **dense)
            self.factor = factor

        @classmethod
        def from_config(cls, config):
            config.pop("units")  # it follows from the factor
            return super().from_config(config)

    layer = Widened(2, activation="tanh", name="wide")
    data = json.loads(json.dumps(serialize(layer)))
    assert data["registered_name"] == "test>Widened"
    again = deserialize(data)
    assert type(again) is Widened
    assert (again.factor, again.units, again.activation, again.name) == (2, 8, "tanh", "wide")


def test_a_get_config_as_in_keras_works() -> None:
    @gk.saving.register_serializable(package="test")
    class Scaled(gk.initializers.Initializer):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self._factor = factor

        def get_config(self):
            return {**super().get_config(), "factor": self._factor}

    again = deserialize(serialize(Scaled(2.5)))
    assert type(again) is Scaled
    assert again._factor == 2.5


def test_an_argument_that_is_not_kept_is_an_error() -> None:
    class Forgetful(Configurable):
        def __init__(self, factor: float = 1.0) -> None:
            pass

    with pytest.raises(TypeError, match=r"Forgetful.get_config: argument 'factor' is not kept"):
        Forgetful().get_config()

    @gk.saving.register_serializable(package="test")
    class Half(Configurable):
        def __init__(self, a: int = 1, b: int = 2) -> None:
            self.a = a

        def get_config(self):
            return super().get_config()

    assert Half().get_config() == {"a": 1}
    with pytest.raises(TypeError, match="get_config of Half leaves out 'b', expected all"):
        serialize(Half())


def test_arguments_without_a_name_are_an_error() -> None:
    class Positional(Configurable):
        def __init__(self, *sizes: int) -> None:
            self.sizes = sizes

    with pytest.raises(TypeError, match="argument 'sizes' has no name for callers"):
        Positional(1, 2).get_config()


def test_what_a_base_is_passed_by_the_subclass_is_no_argument() -> None:
    class Base(Configurable):
        def __init__(self, width: int, *, inner: int, flag: bool = False) -> None:
            self.width, self.flag = width, flag

    class Leaf(Base):
        def __init__(self, name: str = "leaf", **base) -> None:
            super().__init__(inner=3, **base)
            self.name = name

    leaf = Leaf(width=2, flag=True)
    assert leaf.get_config() == {"name": "leaf", "width": 2, "flag": True}
    assert Leaf.from_config(leaf.get_config()).get_config() == leaf.get_config()
    assert config_of(leaf) == leaf.get_config()


def test_what_has_no_name_is_an_error_that_says_what_to_do() -> None:
    def init(shape: object, dtype: object) -> np.ndarray:
        return np.zeros(shape, dtype)

    layer = gk.Dense(1, kernel_initializer=init)
    with pytest.raises(
        TypeError, match=r"Dense.get_config: kernel_initializer is 'init', which no file can name"
    ):
        layer.get_config()
    gk.saving.register_serializable("test")(init)
    assert gk.Dense.from_config(layer.get_config()).kernel_initializer is init

    class Unknown(gk.Dense):
        pass

    with pytest.raises(TypeError, match="is a Unknown, which no file can name; put @gatedcore"):
        serialize(Unknown(2))
    with pytest.raises(TypeError, match="x is a object, which no file can name"):
        encode([object()], "x")
    with pytest.raises(TypeError, match="x has the key 1, expected strings as keys"):
        encode({1: 2}, "x")


@pytest.mark.parametrize("name", ["Popen", "system", "eval", "Layer", "GatedLayer", "no>such"])
def test_nothing_else_is_made(name: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        deserialize({"class_name": name, "config": {}, "module": "subprocess"})
    with pytest.raises(ValueError, match="is not known, expected a registered one"):
        deserialize({"class_name": "function", "config": name, "module": "os"})


@pytest.mark.parametrize("data", [{}, {"class_name": 3, "config": {}}, 5, "LSTM"])
def test_what_is_no_config_is_an_error(data: object) -> None:
    with pytest.raises(TypeError, match="expected a dict with 'class_name' and 'config'"):
        deserialize(data)


def test_wrong_arguments_are_the_errors_of_the_class() -> None:
    with pytest.raises(ValueError, match="units"):
        deserialize({"class_name": "LSTM", "config": {"units": 0}})
    with pytest.raises(TypeError, match="unknown argument 'unit'"):
        deserialize({"class_name": "LSTM", "config": {"units": 2, "unit": 3}})
    with pytest.raises(TypeError, match=r"config of LSTM is \[\], expected a dict"):
        deserialize({"class_name": "LSTM", "config": []})


def test_custom_objects_hold_for_one_call() -> None:
    class Unknown(gk.Dense):
        pass

    data = {"class_name": "Unknown", "config": {"units": 2}}
    assert type(deserialize(data, {"Unknown": Unknown})) is Unknown
    with pytest.raises(ValueError, match="class 'Unknown' is not known"):
        deserialize(data)


def test_numpy_scalars_become_numbers() -> None:
    values = [np.float32(0.5), np.int64(3), np.bool_(True), np.dtype("float64")]
    assert encode(values, "x") == [0.5, 3, True, "float64"]
    assert configs.lists_for_arrays({"a": np.arange(2), "b": [1]}) == {"a": [0, 1], "b": [1]}
