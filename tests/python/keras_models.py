"""Keras models of every layer that exists here, with random weights, and inputs for them.

``keras`` is imported by whoever calls; each entry takes ``keras`` and ``keras.layers``.
"""

from typing import Any

import numpy as np


def rng():
    return np.random.default_rng(7)


SERIES = rng().standard_normal((3, 5, 3)).astype(np.float32)
ROWS = rng().standard_normal((4, 3)).astype(np.float32)
TOKENS = rng().integers(0, 10, (3, 5)).astype(np.int32)
TOKENS[:, 3:] = 0
HOLES = SERIES.copy()
HOLES[0, 3:] = HOLES[1, :2] = 0


def row(of_layers, x=SERIES, dtype=None):
    """Return a function that makes a Sequential of these layers and its input."""

    def make(keras):
        first = keras.layers.Input(x.shape[1:], dtype=dtype)
        return keras.Sequential([first, *of_layers(keras, keras.layers)]), x

    return make


ACTIVATIONS = [
    "relu",
    "tanh",
    "sigmoid",
    "softmax",
    "log_softmax",
    "softplus",
    "silu",
    "selu",
    "exponential",
    "leaky_relu",
    "relu6",
    "gelu",
    "mish",
    "log_sigmoid",
    "hard_silu",
    "hard_tanh",
    "elu",
    "hard_sigmoid",
    "softsign",
    "linear",
]

MODELS: dict[str, Any] = {
    "lstm": row(lambda k, L: [L.LSTM(4)]),
    "gru": row(lambda k, L: [L.GRU(4, return_sequences=True)]),
    "gru-before": row(
        lambda k, L: [
            L.GRU(
                4,
                reset_after=False,
                activation="relu",
                dropout=0.1,
                recurrent_dropout=0.2,
                kernel_regularizer=k.regularizers.L1L2(0.1, 0.2),
                kernel_constraint=k.constraints.MaxNorm(2),
                bias_initializer=k.initializers.Constant(0.3),
                recurrent_initializer=k.initializers.Orthogonal(gain=2.0, seed=3),
            )
        ]
    ),
    "no-bias": row(lambda k, L: [L.LSTM(4, use_bias=False), L.Dense(2, use_bias=False)]),
    "simple-rnn": row(lambda k, L: [L.SimpleRNN(4, go_backwards=True)]),
    "cell": row(lambda k, L: [L.RNN(L.GRUCell(4), return_sequences=True)]),
    "stacked-cells": row(
        lambda k, L: [L.RNN([L.LSTMCell(4), L.GRUCell(3), L.LSTMCell(2), L.SimpleRNNCell(2)])]
    ),
    "bidirectional": row(
        lambda k, L: [
            L.Masking(),
            L.Bidirectional(L.LSTM(4, return_sequences=True)),
            L.Bidirectional(L.GRU(2), merge_mode="sum"),
        ],
        HOLES,
    ),
    "two-kinds": row(
        lambda k, L: [L.Bidirectional(L.LSTM(4), backward_layer=L.GRU(4, go_backwards=True))]
    ),
    "time-distributed": row(
        lambda k, L: [
            L.TimeDistributed(L.Dense(4, "relu")),
            L.TimeDistributed(L.LayerNormalization()),
        ]
    ),
    "tokens": row(
        lambda k, L: [L.Embedding(10, 3, mask_zero=True), L.LSTM(2), L.Dense(1, "sigmoid")],
        TOKENS,
        "int32",
    ),
    "dense": row(
        lambda k, L: [
            L.Dense(4, "gelu"),
            L.Dense(4, "swish"),
            L.Dense(3, k.activations.tanh),
            L.Dense(2, "softmax"),
        ],
        ROWS,
    ),
    "activations": row(lambda k, L: [L.Activation(name) for name in ACTIVATIONS], ROWS),
    "rectifiers": row(
        lambda k, L: [L.ReLU(max_value=6.0), L.LeakyReLU(), L.ELU(), L.Softmax()], ROWS
    ),
    "regularization": row(
        lambda k, L: [
            L.Masking(1.0),
            L.Dropout(0.2, seed=3),
            L.SpatialDropout1D(0.1),
            L.GaussianNoise(0.1),
            L.GaussianDropout(0.1),
            L.LSTM(2, dropout=0.1),
        ]
    ),
    "layer-normalization": row(
        lambda k, L: [
            L.LayerNormalization(),
            L.LayerNormalization(axis=2),
            L.LayerNormalization(epsilon=1e-6, center=False),
        ]
    ),
    "normalization": row(
        lambda k, L: [
            L.Normalization(mean=[1.0, 2, 3], variance=[1.0, 2, 3]),
            adapted(k),
            L.LSTM(2),
        ]
    ),
    "shapes": row(
        lambda k, L: [
            L.Flatten(),
            L.Reshape((5, 3)),
            L.GlobalAveragePooling1D(),
            L.RepeatVector(4),
            L.GlobalMaxPooling1D(keepdims=True),
            L.Permute((2, 1)),
        ]
    ),
    "float64": row(lambda k, L: [L.LSTM(4, dtype="float64"), L.Dense(1, dtype="float64")]),
    "rows-within": row(
        lambda k, L: [
            k.Sequential([L.Input((5, 3)), L.Dense(3), k.Sequential([L.LSTM(4), L.Dense(2)])]),
            L.Dense(1),
        ]
    ),
}


def adapted(keras):
    layer = keras.layers.Normalization()
    layer.adapt(SERIES * 3 + 1)
    return layer


def encoder_decoder(keras):
    L = keras.layers
    tokens = L.Input((None,), dtype="int32", name="tokens")
    series = L.Input((None, 3), name="series")
    embedded = L.Embedding(10, 3, mask_zero=True)(tokens)
    _, h, c = L.LSTM(4, return_state=True, name="encoder")(embedded)
    y = L.LSTM(4, return_sequences=True)(L.Masking()(series), initial_state=[h, c])
    y = keras.ops.concatenate([L.Add()([y, y]) + y, y], axis=-1)
    # A layer within has the name of one without.
    within = keras.Sequential([L.Input((None, 8)), L.Dense(2, name="encoder")])
    outputs = [within(y), L.Bidirectional(L.GRU(2))(y)]
    x = {"tokens": TOKENS, "series": SERIES}
    return keras.Model({"tokens": tokens, "series": series}, outputs), x


def masked_graph(keras):
    L = keras.layers
    x = L.Input((5, 3))
    y = L.Bidirectional(L.LSTM(4, return_sequences=True))(L.Masking()(x))
    return keras.Model(x, L.Dense(1)(L.LSTM(3)(y))), HOLES


def shared_layer(keras):
    L = keras.layers
    one, other, gru = L.Input((5, 3)), L.Input((5, 3)), L.GRU(4, reset_after=False)
    y = L.Concatenate()([gru(one), gru(other)])
    return keras.Model([one, other], L.Dense(1)(y)), [SERIES, HOLES]


def named_outputs(keras):
    L = keras.layers
    x = L.Input((5, 3))
    y = L.GRU(4)(x)
    return keras.Model(x, {"p": L.Dense(1)(y), "q": L.Dense(2)(y)}), SERIES


def graph_in_a_row(keras):
    L = keras.layers
    within, _ = masked_graph(keras)
    return keras.Sequential([L.Input((5, 3)), L.Dense(3), within, L.Dense(2)]), HOLES


def lists_of_one(keras):
    x = keras.layers.Input((5, 3))
    return keras.Model([x], [keras.layers.LSTM(2)(x)]), [SERIES]


def states_of_several(keras):
    L = keras.layers
    x = L.Input((5, 3))
    stacked = [L.RNN([L.LSTMCell(4), L.GRUCell(2)], return_state=True) for _ in range(2)]
    y, *states = stacked[0](x)
    z = stacked[1](x, initial_state=states)
    both, *ends = L.Bidirectional(L.LSTM(2, return_state=True))(x)
    again = L.Bidirectional(L.LSTM(2))(x, initial_state=ends)
    return keras.Model(x, [y, z[0], both, again]), SERIES


def models_called_twice(keras):
    L = keras.layers
    row = keras.Sequential([L.Input((None, 3)), L.LSTM(3, return_sequences=True)])
    inner = L.Input((None, 3))
    graph = keras.Model(inner, L.GRU(3, return_sequences=True)(inner))
    x = L.Input((5, 3))
    row(L.Dense(3)(x))  # a call that no model contains
    return keras.Model(x, L.Add()([row(row(x)), graph(graph(x))])), SERIES


def merged(keras):
    L = keras.layers
    one, other = L.Input((5, 3)), L.Input((5, 3))
    both = [L.Dense(4)(one), L.Dense(4)(other)]
    kinds = (L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate)
    y = L.Concatenate(axis=-1)([kind()(both) for kind in kinds])
    operators = [both[0] + both[1], both[0] - both[1], both[0] * both[1]]
    operators += [keras.ops.maximum(*both), keras.ops.minimum(*both)]
    z = L.Concatenate()(operators)
    return keras.Model([one, other], [y, z, L.Dot(axes=(1, 1))(both)]), [SERIES, HOLES]


def input_as_output(keras):
    L = keras.layers
    x = L.Input((5, 3), name="series")
    return keras.Model(x, [L.GRU(3)(x), x]), SERIES


GRAPHS: dict[str, Any] = {
    function.__name__: function
    for function in (
        encoder_decoder,
        masked_graph,
        shared_layer,
        named_outputs,
        graph_in_a_row,
        lists_of_one,
        merged,
        models_called_twice,
        input_as_output,
        states_of_several,
    )
}


def made(keras, name):
    """Return a model with random weights and its input."""
    model, x = {**MODELS, **GRAPHS}[name](keras)
    generator = rng()
    for weight in model.weights:
        path = weight.path.rpartition("/")[2]
        if path not in ("mean", "variance", "count"):
            weight.assign(generator.normal(size=weight.shape) * 0.5)
    return model, x


def outputs(y):
    """Return outputs as a list, whatever form they have."""
    if isinstance(y, dict):
        return [y[name] for name in sorted(y)]
    return list(y) if isinstance(y, list | tuple) else [y]
