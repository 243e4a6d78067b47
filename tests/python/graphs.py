"""Graphs of layers in float64, each a model and its inputs, for tests that run through them."""

import numpy as np

import gatedcore as gk

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5, 3))
OTHER = RNG.normal(size=(4, 6, 2))
D = {"dtype": "float64"}


def series(name=None):
    return gk.Input((None, 3), dtype="float64", name=name)


def shared():
    x = series()
    layer = gk.LSTM(3, return_sequences=True, dropout=0.0)
    return gk.Model(x, gk.Dense(2)(layer(layer(x)))), X


def shared_bidirectional():
    a, b = series("a"), series("b")
    layer = gk.Bidirectional(gk.GRU(2), merge_mode="mul")
    return gk.Model([a, b], gk.Concatenate()([layer(a), layer(b)])), [X, X[::-1].copy()]


def diamond():
    x = series()
    h = gk.Dense(3, "tanh")(x)
    paths = [
        gk.LSTM(2)(h),
        gk.GRU(2)(h),
        gk.Dense(2)(gk.Flatten()(gk.RepeatVector(2)(gk.LSTM(2)(h)))),
    ]
    return gk.Model(x, gk.Dense(1)(gk.Multiply()([gk.Add()(paths), paths[0]]))), X


def encoder_decoder():
    source = series("source")
    begun = gk.Input((None, 2), dtype="float64", name="begun")
    _, h, c = gk.LSTM(4, return_state=True)(source)
    y, _, _ = gk.LSTM(4, return_sequences=True, return_state=True)(begun, initial_state=[h, c])
    return gk.Model([source, begun], gk.Dense(2)(y)), [X, OTHER]


def bidirectional_encoder():
    source = series("source")
    begun = gk.Input((None, 2), dtype="float64", name="begun")
    y, *states = gk.Bidirectional(gk.GRU(2, return_state=True))(source)
    h = gk.Concatenate()(states)
    y = gk.Add()([h, y])
    return gk.Model([source, begun], gk.GRU(4)(begun, initial_state=y)), [X, OTHER]


def states_to_both_directions():
    source = series("source")
    _, *states = gk.Bidirectional(gk.LSTM(2, return_state=True))(source)
    out = gk.Bidirectional(gk.LSTM(2, return_sequences=True))(source, initial_state=states)
    return gk.Model(source, gk.Dense(1)(out)), X


def masked():
    tokens = gk.Input((None,), dtype="int32", name="tokens")
    gaps = series("gaps")
    e = gk.Embedding(6, 3, mask_zero=True, **D)(tokens)
    m = gk.Masking(**D)(gaps)
    h = gk.LSTM(3, return_sequences=True, **D)(gk.Add(**D)([e, m]))
    return gk.Model([tokens, gaps], gk.GRU(2, **D)(h)), [
        np.array([[1, 2, 0, 0, 5], [3, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 2, 4, 0]]),
        np.where(RNG.random((4, 5, 1)) < 0.4, 0.0, X),
    ]


GRAPHS = [
    shared,
    shared_bidirectional,
    diamond,
    encoder_decoder,
    bidirectional_encoder,
    states_to_both_directions,
    masked,
]
