"""Layers in groups of which each becomes one module; no PyTorch is needed."""

import pytest

import gatedcore as gk
from gatedcore.interop.convert.torch_groups import groups_of, recurrent_of


def lstm(units=4, **options):
    return gk.LSTM(units, return_sequences=True, **options)


def sizes(*layers):
    return [len(group) for group in groups_of(list(layers))]


def test_layers_that_are_alike_are_a_group():
    assert sizes(lstm(), lstm(), lstm()) == [3]
    assert sizes(gk.Dense(2), lstm(), gk.LSTM(4), gk.Dense(2)) == [1, 2, 1]
    both = [gk.Bidirectional(gk.GRU(3, return_sequences=True)) for _ in range(2)]
    assert sizes(*both) == [2]


def test_layers_that_differ_are_none():
    assert sizes(lstm(4), lstm(5)) == [1, 1]
    assert sizes(lstm(), lstm(use_bias=False)) == [1, 1]
    assert sizes(lstm(), lstm(trainable=False)) == [1, 1]
    assert sizes(lstm(), gk.GRU(4), gk.Dense(3)) == [1, 1, 1]
    assert sizes(lstm(), gk.Bidirectional(lstm())) == [1, 1]
    assert sizes(lstm(), lstm(activation="relu")) == [1, 1]


def test_dropout_of_one_rate_belongs_to_the_group():
    drop = gk.Dropout
    assert sizes(lstm(), drop(0.1), lstm(), drop(0.1), lstm()) == [5]
    assert sizes(lstm(), drop(0.1), lstm(), drop(0.2), lstm()) == [3, 1, 1]
    assert sizes(lstm(), drop(0.1), lstm(), lstm()) == [3, 1]
    assert sizes(lstm(), lstm(), drop(0.1), lstm()) == [2, 1, 1]
    assert sizes(lstm(), drop(0.1), gk.Dense(2)) == [1, 1, 1]
    assert sizes(lstm(), drop(0.1)) == [1, 1]
    assert sizes(lstm(), drop(0.1, noise_shape=(None, 1, None)), lstm()) == [1, 1, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lstm(activation="relu"), "activation='relu' has no counterpart in PyTorch"),
        (lambda: lstm(recurrent_activation="tanh"), "recurrent_activation='tanh' has no"),
        (lambda: gk.GRU(3, reset_after=False), "reset_after=False has no counterpart"),
        (lambda: lstm(dropout=0.1), r"dropout=0\.1 has no counterpart"),
        (lambda: lstm(recurrent_dropout=0.1), r"recurrent_dropout=0\.1 has no counterpart"),
        (lambda: lstm(zoneout_c=0.1), r"zoneout_c=0\.1 has no counterpart"),
        (lambda: lstm(stateful=True), "stateful=True has no counterpart"),
        (lambda: lstm(go_backwards=True), "go_backwards=True, expected False"),
        (
            lambda: gk.Bidirectional(gk.GRU(3), merge_mode="sum"),
            "merge_mode='sum', expected PyTorch's 'concat'",
        ),
        (
            lambda: gk.Bidirectional(gk.GRU(3), backward_layer=gk.LSTM(3, go_backwards=True)),
            "both directions differ",
        ),
        (lambda: gk.RNN(gk.GRUCell(3)), "a RNN has no counterpart in PyTorch"),
        (lambda: gk.Bidirectional(gk.RNN(gk.GRUCell(3))), "a RNN has no counterpart in PyTorch"),
    ],
)
def test_what_pytorch_does_not_have_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        recurrent_of(make())


def test_an_rnn_may_have_relu():
    assert recurrent_of(gk.SimpleRNN(3, activation="relu")).activation == "relu"
