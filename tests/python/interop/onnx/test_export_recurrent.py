"""Recurrent layers as graphs: every way to run them, masked or not, in two runtimes."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from interop.onnx.exported import assert_exports, operators_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 7, 3)).astype(np.float32)
GAPS = RNG.random((5, 7, 1)) < 0.4  # holes, padding on either side, a row of padding alone
GAPS[0], GAPS[1], GAPS[2, :4], GAPS[2, 4:], GAPS[3, :4], GAPS[3, 4:] = 0, 1, 1, 0, 0, 1
MASKED = np.where(GAPS, np.float32(0), X)
KINDS = {
    "lstm": lambda **k: gk.LSTM(4, bias_initializer="uniform", seed=1, **k),
    "gru": lambda **k: gk.GRU(4, bias_initializer="uniform", seed=1, **k),
    "gru_before": lambda **k: gk.GRU(4, bias_initializer="uniform", seed=1, reset_after=False, **k),
    "simple": lambda **k: gk.SimpleRNN(4, bias_initializer="uniform", seed=1, **k),
}
SEQUENCES, BACKWARDS = {"return_sequences": True}, {"go_backwards": True}
WAYS = [{}, SEQUENCES, BACKWARDS, {**SEQUENCES, **BACKWARDS}]


def row(*layers, masked=False):
    first = [gk.Input((None, 3)), *([gk.Masking()] if masked else [])]
    return gk.Sequential([*first, *layers, gk.Dense(2, seed=3)])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "+".join(way) or "last")
@pytest.mark.parametrize("kind", KINDS)
def test_one_layer(kind, way):
    assert_exports(row(KINDS[kind](**way)), X)


@pytest.mark.parametrize("zero_output", [False, True])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "+".join(way) or "last")
@pytest.mark.parametrize("kind", KINDS)
def test_any_mask(kind, way, zero_output):
    layer = KINDS[kind](zero_output_for_mask=zero_output, **way)
    assert_exports(row(layer, masked=True), MASKED)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("mode", ["concat", "sum", "ave", "mul"])
@pytest.mark.parametrize("way", [{}, SEQUENCES])
@pytest.mark.parametrize("kind", KINDS)
def test_two_directions(kind, way, mode, masked):
    layer = gk.Bidirectional(KINDS[kind](**way), merge_mode=mode)
    made = assert_exports(row(layer, masked=masked), MASKED if masked else X)
    recurrent = [node for node in made.graph.node if node.op_type in ("LSTM", "GRU", "RNN")]
    assert len(recurrent) == 1
    assert onnx.helper.get_node_attr_value(recurrent[0], "direction") == b"bidirectional"


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("way", [{}, SEQUENCES])
def test_two_directions_that_are_no_one_operator(way, masked):
    pairs = [
        (gk.LSTM(4, **way), gk.GRU(4, go_backwards=True, **way)),
        (gk.GRU(4, go_backwards=True, **way), gk.GRU(4, **way)),
        (gk.GRU(4, **way), gk.GRU(4, go_backwards=True, reset_after=False, **way)),
    ]
    for layer, other in pairs:
        both = gk.Bidirectional(layer, backward_layer=other)
        assert_exports(row(both, masked=masked), MASKED if masked else X)


@pytest.mark.parametrize("masked", [False, True])
def test_several_layers(masked):
    model = row(
        gk.LSTM(4, return_sequences=True),
        gk.Bidirectional(gk.GRU(3, return_sequences=True)),
        gk.GRU(5, return_sequences=True, go_backwards=True),
        gk.LSTM(4),
        masked=masked,
    )
    assert_exports(model, MASKED if masked else X)


def test_layers_in_a_row_hand_on_sequences_time_first():
    made = assert_exports(
        row(*(gk.LSTM(4, return_sequences=True) for _ in range(3)), gk.LSTM(4)), X
    )
    assert operators_of(made).count("Transpose") == 1  # of the input


def test_tokens_with_padding():
    model = gk.Sequential(
        [
            gk.Input((None,), dtype="int32"),
            gk.Embedding(9, 4, mask_zero=True),
            gk.LSTM(5, return_sequences=True),
            gk.GRU(3),
        ]
    )
    tokens = RNG.integers(0, 9, (5, 7)) * ~GAPS[..., 0]
    made = assert_exports(model, tokens)
    assert made.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.INT32


@pytest.mark.parametrize("activation", ["relu", "linear", "softsign", "elu", "hard_sigmoid"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_activations(kind, activation):
    layer = getattr(gk, kind)(3, activation=activation, recurrent_activation="hard_sigmoid")
    assert_exports(row(layer), X)


@pytest.mark.parametrize("activation", ["softplus", "leaky_relu", "linear", "sigmoid"])
def test_activations_of_simple_rnn(activation):
    assert_exports(row(gk.SimpleRNN(3, activation)), 0.2 * X)


def test_activations_that_onnx_has_not_are_named():
    message = "simple: activation 'gelu', expected one that ONNX's recurrent operators have: tanh"
    with pytest.raises(ValueError, match=message):
        gk.onnx.export(row(gk.SimpleRNN(3, "gelu", name="simple")))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_states_in_and_out(kind, masked):
    x, other = gk.Input((None, 3), name="x"), gk.Input((None, 3), name="other")
    a, b = (gk.Masking()(x), gk.Masking()(other)) if masked else (x, other)
    y, *states = KINDS[kind](return_state=True)(a)
    z, *after = KINDS[kind](return_sequences=True, return_state=True)(b, initial_state=states)
    model = gk.Model([x, other], [y, z, *after])
    assert_exports(model, [X, MASKED[:, ::-1].copy()])


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_states_of_two_directions(kind, masked):
    x = gk.Input((None, 3), name="x")
    a = gk.Masking()(x) if masked else x
    layer = gk.Bidirectional(KINDS[kind](return_state=True))
    y, *states = layer(a)
    other = gk.Bidirectional(KINDS[kind](return_sequences=True, return_state=True), merge_mode=None)
    first, second, *after = other(a, initial_state=states)
    assert_exports(gk.Model(x, [y, first, second, *after]), MASKED)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "+".join(way) or "last")
def test_cells(way, masked):
    cells = [gk.LSTMCell(4), gk.GRUCell(3, reset_after=False), gk.SimpleRNNCell(5)]
    for cell in cells:
        assert_exports(row(gk.RNN(cell, **way), masked=masked), MASKED)
    stacked = gk.RNN([gk.LSTMCell(4), gk.GRUCell(3)], zero_output_for_mask=True, **way)
    assert_exports(row(stacked, masked=masked), MASKED)


def test_states_of_stacked_cells():
    x = gk.Input((None, 3), name="x")
    layer = gk.RNN([gk.LSTMCell(4), gk.GRUCell(3)], return_state=True)
    y, lstm, gru = layer(x)
    flat = [*lstm, *gru]
    assert_exports(gk.Model(x, [y, *flat]), X)


def test_without_bias_and_with_dropout():
    layers = [
        gk.LSTM(4, use_bias=False, return_sequences=True, dropout=0.3, recurrent_dropout=0.2),
        gk.Bidirectional(gk.GRU(4, use_bias=False)),
    ]
    made = assert_exports(row(*layers), X)
    assert not any(tensor.name.endswith("/B") for tensor in made.graph.initializer)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (gk.LSTM(3, zoneout_h=0.1, name="a"), "a has zoneout_h=0.1, expected 0: its units keep"),
        (gk.LSTM(3, zoneout_c=0.1, name="b"), "b has zoneout_c=0.1"),
        (gk.GRU(3, zoneout_h=0.1, name="c"), "c has zoneout_h=0.1"),
        (gk.GRU(3, stateful=True, name="d"), "d has stateful=True, expected False: a graph"),
        (gk.Bidirectional(gk.GRU(3, stateful=True, name="e")), "e has stateful=True"),
    ],
)
def test_what_onnx_cannot_say_is_an_error_with_the_reason(layer, message):
    with pytest.raises(ValueError, match=message):
        gk.onnx.export(row(layer))


def test_a_layer_called_twice_has_its_weights_once():
    x = gk.Input((None, 3), name="x")
    layer, other = gk.LSTM(3, return_sequences=True), gk.Dense(3)
    made = assert_exports(gk.Model(x, layer(other(layer(other(x))))), X)
    assert len([t for t in made.graph.initializer if t.name.endswith("/W")]) == 1
    assert operators_of(made).count("LSTM") == 2


def test_any_number_of_rows_and_steps():
    model = row(gk.Bidirectional(gk.LSTM(4, return_sequences=True)), gk.GRU(3), masked=True)
    for batch, steps in ((1, 1), (3, 11), (1, 40)):
        assert_exports(model, RNG.normal(size=(batch, steps, 3)).astype(np.float32))
