"""What Python programs call, as targets for a fuzzer: arrays, layers, training, configs.

Arguments are nearly right; each call may return, or raise a ValueError or TypeError that says what
is wrong, or a MemoryError. ``atheris_main.py`` drives them.
"""

import json

import numpy as np

import gatedcore as gk
from core_arguments import Calls
from damage import VALUES, damaged_tree
from gatedcore import registration

ODD = [None, True, 0, -1, 2.5, np.nan, "x", [], {}, (), b"x", object(), np.zeros(0), 10**30]


def other(calls, *usual):
    """Return something usual, or now and then something that no caller should pass."""
    return calls.draws.choice(ODD if calls.flawed() else usual)


def ops(calls):
    """Call the functions of ``gatedcore.ops``."""
    B, T, I, H = calls.count(), calls.count(), calls.size(), calls.size()  # noqa: E741
    is_lstm = calls.flag()
    gates = 4 if is_lstm else 3
    time_major = calls.flag()
    steps = (T, B) if time_major else (B, T)
    options = {
        "activation": other(calls, "tanh", "relu", "linear", "elu"),
        "recurrent_activation": other(calls, "sigmoid", "hard_sigmoid"),
        "time_major": other(calls, time_major),
        "go_backwards": other(calls, True, False),
        "mask": calls.maybe(*steps, dtype=np.bool_, strided=True),
        "zero_output_for_mask": other(calls, True, False),
        "reset": calls.maybe(*steps, dtype=np.bool_),
        "dropout": other(calls, 0.0, 0.5),
        "recurrent_dropout": other(calls, 0.0, 0.2),
        "zoneout_h": other(calls, 0.0, 0.1),
        "training": other(calls, True, False),
        "seed": other(calls, 3, None),
        "recompute": other(calls, True, False),
        "return_gates": other(calls, False, True),
        "clip": other(calls, None, 3.0),
    }
    chosen = {name: value for name, value in options.items() if calls.flag()}
    if time_major:
        chosen["time_major"] = options["time_major"]
    x = calls.given(*steps, I, strided=True)
    kernel, recurrent = calls.given(I, gates * H), calls.given(H, gates * H)
    if is_lstm:
        state = [calls.given(B, H), calls.given(B, H)]
        function, back, bias = gk.ops.lstm, gk.ops.lstm_backward, calls.maybe(4 * H)
    else:
        state, after = calls.given(B, H), calls.flag()
        chosen["reset_after"] = other(calls, after)
        bias = calls.maybe(2, 3 * H) if after else calls.maybe(3 * H)
        function, back = gk.ops.gru, gk.ops.gru_backward
    state = other(calls, state, None)
    results = calls.call(
        function, x, kernel, recurrent, bias, state, return_cache=calls.flag(), **chosen
    )
    if isinstance(results, tuple) and type(results[-1]).__name__.endswith("Cache"):
        arriving = [calls.maybe(*steps, H, strided=True), calls.maybe(B, H)]
        calls.call(back, results[-1], *arriving, need_d_x=other(calls, True, False))
    calls.call(
        gk.ops.dense, x, calls.given(I, H), calls.maybe(H), activation=other(calls, "relu", "tanh")
    )


def layer(calls):
    """Return a layer, if its arguments make one, and the features that it wants."""
    H, I = calls.size(), calls.size()  # noqa: E741
    kind = calls.draws.randrange(7)
    common = {"seed": other(calls, 1)}
    if kind < 3:
        options = {
            "return_sequences": other(calls, True, False),
            "go_backwards": other(calls, False, True),
            "return_state": other(calls, False, True),
            "stateful": other(calls, False),
            "dropout": other(calls, 0.0, 0.3),
            "recurrent_dropout": other(calls, 0.0, 0.3),
            "activation": other(calls, "tanh", "gelu", "softmax", None),
            "dtype": other(calls, "float32", "float64"),
            **common,
        }
        make = [gk.LSTM, gk.GRU, gk.SimpleRNN][kind]
        return calls.call(make, other(calls, H), **options), (I,)
    if kind == 3:
        inner = calls.call(gk.LSTM, H, return_sequences=other(calls, True, False))
        mode = other(calls, "concat", "sum", "mul", "ave", None)
        return calls.call(gk.Bidirectional, inner, merge_mode=mode), (I,)
    if kind == 4:
        return calls.call(gk.Embedding, other(calls, 7), other(calls, H), **common), ()
    if kind == 5:
        inner = calls.call(gk.Dense, other(calls, H), other(calls, "relu"))
        return calls.call(gk.TimeDistributed, inner), (I,)
    made = calls.draws.choice([gk.layers.LayerNormalization, gk.Masking, gk.layers.Flatten])
    return calls.call(made), (I,)


def layers(calls):
    """Call layers and their gradients."""
    made, features = layer(calls)
    if made is None:
        return
    B, T = calls.count(), calls.count()
    dtype = np.int32 if not features else None
    for _ in range(calls.draws.randrange(1, 4)):
        if calls.flawed():
            T = calls.count()
        x = calls.given(B, T, *features, dtype=dtype, below=7, strided=True)
        options = {
            "mask": calls.maybe(B, T, dtype=np.bool_),
            "training": other(calls, True, False),
        }
        chosen = {name: value for name, value in options.items() if calls.flag()}
        y = calls.call(made, x, **chosen)
        if isinstance(y, np.ndarray):
            calls.call(made.vjp, x, calls.given(*y.shape))
        if calls.flag():
            calls.call(made.set_weights, [calls.given(*w.shape) for w in made.get_weights()])


def fit(calls):
    """Train, evaluate and predict."""
    draws = calls.draws
    rows, T = draws.choice([0, 1, 5, 9]), draws.choice([0, 1, 3])
    loss = other(calls, "mse", "mae", "binary_crossentropy", "huber")
    model = gk.Sequential([gk.GRU(2, input_shape=(None, 2), seed=1), gk.Dense(1, seed=2)])
    compiled = {
        "optimizer": other(calls, "adam", "sgd", "rmsprop"),
        "loss": loss,
        "metrics": other(calls, ["mae"], [], None),
    }
    if calls.call(model.compile, **compiled) is None:
        return
    x, y = calls.given(rows, T, 2), calls.given(rows, 1)
    if calls.flawed():
        x = draws.choice([None, "x", [], [[1.0]], {"a": 1}, iter(()), (x, x), [x, y]])
    if calls.flawed():
        y = draws.choice([None, "x", [], [[1.0]], {"a": 1}, (y, y)])
    options = {
        "batch_size": other(calls, 2, 4, None),
        "epochs": draws.choice([1, 2, 0, -1, "x", None, 1.5] if calls.flawed() else [1, 2]),
        "validation_split": other(calls, 0.0, 0.3),
        "validation_data": other(calls, None, (x, y)),
        "shuffle": other(calls, True, False),
        "class_weight": other(calls, None, {0: 1.0, 1: 2.0}),
        "sample_weight": other(calls, None, calls.given(rows)),
        "initial_epoch": other(calls, 0, 1),
        "steps_per_epoch": draws.choice([None, -1, 0, "x"] if calls.flawed() else [None, 1]),
        "validation_freq": other(calls, 1, [1]),
        "tbptt": other(calls, None, 2),
        "accumulate": draws.choice([1, 2, 0, "x"] if calls.flawed() else [1, 2]),
    }
    chosen = {name: value for name, value in options.items() if calls.draws.often(0.3)}
    calls.call(model.fit, x, y, verbose=0, **chosen)
    calls.call(model.evaluate, x, y, verbose=0, batch_size=other(calls, 2, None))
    calls.call(model.predict, x, verbose=0, batch_size=other(calls, 3, None))
    calls.call(model.train_on_batch, x, y)


def configs(calls):
    """Make objects of configs that were changed, of every class that a file may name."""
    kinds = [
        (name, module)
        for name, modules in sorted(registration._library.items())
        for module in sorted(modules)
        if not name.startswith("_")
    ]
    name, module = calls.draws.choice(kinds)
    kind = registration._library[name][module]
    try:
        made = kind(*[3] * calls.draws.randrange(3))
        config = json.loads(json.dumps(gk.saving.serialize(made)))
    except (TypeError, ValueError, AttributeError):  # abstract, or made of something else
        config = {"class_name": name, "module": module, "config": {}}
    for key in calls.draws.sample(sorted(config["config"]), min(len(config["config"]), 2)):
        if calls.flag():
            config["config"][key] = calls.draws.choice(VALUES)
    config = damaged_tree(config, calls.draws) if calls.flag() else config
    made = calls.call(gk.saving.deserialize, config)
    if isinstance(made, gk.layers.Layer):
        calls.call(gk.saving.serialize, made)


ENTRY_POINTS = {one.__name__: one for one in (ops, layers, fit, configs)}


def calling(name):
    """Return a function that makes the calls that some bytes stand for."""

    def one_input(data):
        calls = Calls(data)
        calls.arrays.endless = False
        ENTRY_POINTS[name](calls)

    return one_input
