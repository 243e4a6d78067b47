import inspect

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import keras_arguments
from gatedcore.keras_arguments import reject_unsupported


def test_values_that_ask_for_nothing_pass() -> None:
    for name in ("LAYER", "DENSE", "CELL", "SEQUENCE", "OPTIMIZER", "COMPILE", "FIT"):
        table = getattr(keras_arguments, name)
        for argument, values in table.items():
            for value in values:
                reject_unsupported("here", {argument: value}, table)


@pytest.mark.parametrize(
    ("argument", "value", "shown"),
    [
        ("unroll", "auto", "'auto'"),
        ("use_cudnn", True, "True"),
        ("implementation", 3, "3"),
        ("activity_regularizer", "l2", "'l2'"),
        ("use_cudnn", np.ones(3), "<ndarray>"),
    ],
)
def test_all_else_is_refused_by_name(argument: str, value: object, shown: str) -> None:
    with pytest.raises(ValueError, match=f"here: {argument}={shown} is not supported, expected"):
        reject_unsupported("here", {argument: value}, keras_arguments.SEQUENCE)


def test_unknown_to_keras_too() -> None:
    with pytest.raises(TypeError, match="here: got an unknown argument 'unit'; check its spelling"):
        reject_unsupported("here", {"unit": 1}, keras_arguments.SEQUENCE)


def test_names_of_older_versions_say_what_came_in_their_place() -> None:
    for call, message in (
        (lambda: gk.Adam(lr=0.1), "Adam: got an unknown argument 'lr'; it is learning_rate now"),
        (lambda: gk.SGD(decay=1e-6), "'decay'; pass learning_rate=optimizers.schedules.Inverse"),
        (lambda: gk.LSTM(2, inner_activation="tanh"), "'inner_activation'; it is recurrent_activ"),
    ):
        with pytest.raises(TypeError, match=message):
            call()


X = np.zeros((2, 3, 4), np.float32)

# A layer of each kind that has no parameters of its own to be refused, and an input for it.
PLAIN = {
    "Activation": (lambda **keras: gk.Activation("tanh", **keras), X),
    "Bidirectional": (lambda **keras: gk.Bidirectional(gk.GRU(2), **keras), X),
    "Dense": (lambda **keras: gk.Dense(2, **keras), X),
    "Dropout": (lambda **keras: gk.Dropout(0.5, **keras), X),
    "Embedding": (lambda **keras: gk.Embedding(3, 2, **keras), np.zeros((2, 3), np.int32)),
    "Flatten": (lambda **keras: gk.Flatten(**keras), X),
    "LayerNormalization": (lambda **keras: gk.LayerNormalization(**keras), X),
    "Masking": (lambda **keras: gk.Masking(**keras), X),
    "RepeatVector": (lambda **keras: gk.RepeatVector(2, **keras), X[:, 0]),
    "Reshape": (lambda **keras: gk.Reshape((4, 3), **keras), X),
    "SpatialDropout1D": (lambda **keras: gk.SpatialDropout1D(0.5, **keras), X),
    "TimeDistributed": (lambda **keras: gk.TimeDistributed(gk.Dense(2), **keras), X),
}

MERGING = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")
PLAIN |= {name: (getattr(gk, name), [X, X]) for name in MERGING}


def graph() -> gk.Model:
    x = gk.Input((3, 4))
    return gk.Model(x, gk.GRU(2)(x))


MODELS = {"Sequential": lambda: gk.Sequential([gk.GRU(2)]), "Model": graph}
METHODS = {
    "__call__": lambda model, keras: model(X, **keras),
    "compile": lambda model, keras: model.compile("adam", "mse", **keras),
    "fit": lambda model, keras: model.fit(X, X, **keras),
    "train_on_batch": lambda model, keras: model.train_on_batch(X, X, **keras),
    "test_on_batch": lambda model, keras: model.test_on_batch(X, X, **keras),
    "evaluate": lambda model, keras: model.evaluate(X, X, **keras),
    "predict": lambda model, keras: model.predict(X, **keras),
    "save": lambda model, keras: model.save("model.safetensors", **keras),
    "load_weights": lambda model, keras: model.load_weights("model", **keras),
    "summary": lambda model, keras: model.summary(**keras),
}

# Every public callable that takes Keras's further arguments, as a call with what it needs.
CALLABLES = {
    "Input": lambda **keras: gk.Input((2,), **keras),
    "LSTM": lambda **keras: gk.LSTM(2, **keras),
    "GRU": lambda **keras: gk.GRU(2, **keras),
    "SimpleRNN": lambda **keras: gk.SimpleRNN(2, **keras),
    "SimpleRNNCell": lambda **keras: gk.SimpleRNNCell(2, **keras),
    "RNN": lambda **keras: gk.RNN(gk.GRUCell(2), **keras),
    "StackedRNNCells": lambda **keras: gk.StackedRNNCells([gk.GRUCell(2)], **keras),
    "LSTMCell": lambda **keras: gk.LSTMCell(2, **keras),
    "GRUCell": lambda **keras: gk.GRUCell(2, **keras),
    **{name: make for name, (make, _) in PLAIN.items()},
    **{
        f"{name}.__call__": lambda make=make, x=x, **keras: make()(x, **keras)
        for name, (make, x) in PLAIN.items()
    },
    "SGD": lambda **keras: gk.SGD(**keras),
    "Adam": lambda **keras: gk.Adam(**keras),
    "LambdaCallback": lambda **keras: gk.LambdaCallback(**keras),
    "AdamW": lambda **keras: gk.AdamW(**keras),
    "RMSprop": lambda **keras: gk.RMSprop(**keras),
    "LSTM.__call__": lambda **keras: gk.LSTM(2)(X, **keras),
    "GRU.__call__": lambda **keras: gk.GRU(2)(X, **keras),
    "SimpleRNN.__call__": lambda **keras: gk.SimpleRNN(2)(X, **keras),
    "RNN.__call__": lambda **keras: gk.RNN(gk.GRUCell(2))(X, **keras),
    **{
        f"{kind}.{name}": lambda make=make, call=call, **keras: call(make(), keras)
        for kind, make in MODELS.items()
        for name, call in METHODS.items()
    },
}


@pytest.mark.parametrize("name", CALLABLES)
def test_an_argument_that_nobody_knows_is_refused_everywhere(name: str) -> None:
    with pytest.raises(TypeError, match="got an unknown argument 'colour'; check its spelling"):
        CALLABLES[name](colour="red")


def test_no_public_callable_with_further_arguments_is_left_out() -> None:
    found = set()
    for public in gk.__all__:
        kind = getattr(gk, public)
        if not inspect.isclass(kind) or inspect.isabstract(kind):
            continue
        for method in ("__init__", "__call__", *(n for n in dir(kind) if not n.startswith("_"))):
            function = getattr(kind, method, None)
            if not inspect.isfunction(function) or not function.__module__.startswith("gatedcore"):
                continue
            kinds = {p.name: p.kind for p in inspect.signature(function).parameters.values()}
            if any(k is inspect.Parameter.VAR_KEYWORD for k in kinds.values()):
                found.add(public if method == "__init__" else f"{public}.{method}")
    # The first is not Keras's, the others' are json's.
    assert found - {"History.plot", "Sequential.to_json", "Model.to_json"} <= set(CALLABLES)
    assert {"LSTM", "Adam", "Sequential.fit"} <= found
