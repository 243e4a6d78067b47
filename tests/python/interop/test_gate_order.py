"""Weights in the layouts of Keras, PyTorch and ONNX: there, back, and beside torch's own layers."""

import numpy as np
import pytest

from gatedcore.interop.gate_order import (
    GATES,
    ONNX_PEEPHOLE_ORDER,
    KerasWeights,
    inverse_order,
    keras_to_onnx,
    keras_to_torch,
    onnx_to_keras,
    reorder_gates,
    torch_to_keras,
)

FORMS = [("lstm", True), ("gru", True), ("gru", False), ("simple_rnn", True)]


def keras_weights(cell, reset_after=True, dtype="float32", features=3, units=2, seed=0):
    rng = np.random.default_rng(seed)
    columns = GATES[cell] * units
    bias_shape = (2, columns) if cell == "gru" and reset_after else (columns,)
    shapes = (features, columns), (units, columns), bias_shape
    return KerasWeights(*(rng.standard_normal(s).astype(dtype) for s in shapes))


def assert_same(ours, expected):
    for name, a, b in zip(ours._fields, ours, expected, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)
        if a is not None:
            assert a.dtype == b.dtype
            assert a.flags.c_contiguous


# 0 to 3 for each block's gate, so that the order of the blocks can be read off.
def named_blocks(cell, units=2):
    return np.repeat(np.arange(GATES[cell]), units).astype(np.float32)


@pytest.mark.parametrize(
    ("cell", "torch_order", "onnx_order"),
    [("lstm", [0, 1, 2, 3], [0, 3, 1, 2]), ("gru", [1, 0, 2], [0, 1, 2])],
)
def test_blocks_stand_where_the_other_framework_looks_for_them(cell, torch_order, onnx_order):
    kernel = np.tile(named_blocks(cell), (3, 1))
    recurrent = np.tile(named_blocks(cell), (2, 1))
    to_torch = keras_to_torch(cell, kernel, recurrent)
    to_onnx = keras_to_onnx(cell, kernel, recurrent)
    for weights, order in ((to_torch, torch_order), (to_onnx, onnx_order)):
        assert weights[0].shape == (kernel.shape[1], 3)
        np.testing.assert_array_equal(weights[0][::2, 0], order)
        np.testing.assert_array_equal(weights[1][::2, 0], order)
        assert weights[2] is None


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
@pytest.mark.parametrize("cell", GATES)
def test_there_and_back_through_torch_is_exact(cell, dtype):
    weights = keras_weights(cell, dtype=dtype)
    assert_same(torch_to_keras(cell, *keras_to_torch(cell, *weights)), weights)


@pytest.mark.parametrize(("cell", "reset_after"), FORMS)
def test_there_and_back_through_onnx_is_exact(cell, reset_after):
    weights = keras_weights(cell, reset_after)
    there = keras_to_onnx(cell, *weights, reset_after=reset_after)
    assert there.b.shape == (2 * weights.kernel.shape[1],)
    assert_same(onnx_to_keras(cell, *there, linear_before_reset=reset_after), weights)


def test_a_gru_keeps_the_two_biases_of_torch_apart():
    there = keras_to_torch("gru", *keras_weights("gru"))
    back = torch_to_keras("gru", *there)
    np.testing.assert_array_equal(
        back.bias[0][2:4], there.bias_ih[:2]
    )  # r: second here, first there
    np.testing.assert_array_equal(back.bias[1][4:], there.bias_hh[4:])
    assert_same(keras_to_torch("gru", *back), there)


def test_biases_that_act_as_one_are_summed():
    rng = np.random.default_rng(1)
    weight_ih, weight_hh = rng.standard_normal((8, 3)), rng.standard_normal((8, 2))
    bias_ih, bias_hh = rng.standard_normal((2, 8))
    back = torch_to_keras("lstm", weight_ih, weight_hh, bias_ih, bias_hh)
    np.testing.assert_array_equal(back.bias, bias_ih + bias_hh)
    again = keras_to_torch("lstm", *back)
    np.testing.assert_array_equal(again.bias_ih, bias_ih + bias_hh)
    np.testing.assert_array_equal(again.bias_hh, np.zeros(8))


def test_a_projected_state_has_fewer_rows():
    kernel, recurrent = np.ones((3, 8)), np.ones((1, 8))
    there = keras_to_torch("lstm", kernel, recurrent)
    assert there.weight_hh.shape == (8, 1)
    assert torch_to_keras("lstm", *there).recurrent_kernel.shape == (1, 8)


def test_results_share_nothing_with_what_was_given():
    weights = keras_weights("simple_rnn")
    there = keras_to_torch("simple_rnn", *weights)
    back = torch_to_keras("simple_rnn", *there)
    assert not any(np.shares_memory(a, b) for a, b in zip(there, weights, strict=False))
    assert not any(np.shares_memory(a, b) for a, b in zip(back, there, strict=False))


def test_orders_are_undone_by_their_inverse():
    array = np.arange(12.0).reshape(2, 6)
    there = reorder_gates(array, (1, 2, 0))
    np.testing.assert_array_equal(there[0], [2, 3, 4, 5, 0, 1])
    np.testing.assert_array_equal(reorder_gates(there, inverse_order((1, 2, 0))), array)
    assert inverse_order(ONNX_PEEPHOLE_ORDER) == ONNX_PEEPHOLE_ORDER


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: keras_to_torch("rnn", *keras_weights("lstm")), "cell is 'rnn', expected one of"),
        (
            lambda: keras_to_torch("gru", *keras_weights("gru", False), reset_after=False),
            "a GRU with reset_after=False, expected reset_after=True: PyTorch's GRU",
        ),
        (
            lambda: keras_to_torch("lstm", np.ones((3, 9)), np.ones((2, 8))),
            r"kernel has shape \(3, 9\), expected \(I, 4\*H\)",
        ),
        (
            lambda: keras_to_torch("lstm", np.ones((3, 8)), np.ones((3, 8))),
            r"recurrent_kernel has shape \(3, 8\), expected \(H, 4\*H\) = \(2, 8\)",
        ),
        (
            lambda: keras_to_onnx("gru", *keras_weights("gru", False)),
            r"bias has shape \(6,\), expected \(2, 3\*H\) = \(2, 6\)",
        ),
        (
            lambda: torch_to_keras("gru", np.ones((6, 3)), np.ones((6, 1))),
            r"weight_hh has shape \(6, 1\), expected \(3\*H, H\) = \(6, 2\)",
        ),
        (
            lambda: torch_to_keras("gru", np.ones((6, 3)), np.ones((6, 2)), None, np.ones(6)),
            "bias_hh without bias_ih, expected both or neither",
        ),
        (
            lambda: onnx_to_keras("lstm", np.ones((8, 3)), np.ones((8, 2)), np.ones(8)),
            r"B has shape \(8,\), expected \(2\*G\*H,\) = \(16,\)",
        ),
        (
            lambda: reorder_gates(np.ones((2, 5)), (1, 0)),
            r"array has shape \(2, 5\), expected a last axis of 2 blocks",
        ),
    ],
)
def test_errors_say_what_came_and_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("cell", GATES)
def test_torch_computes_the_same_with_these_weights(cell):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    import gatedcore as gk

    layer = {"lstm": gk.LSTM, "gru": gk.GRU, "simple_rnn": gk.SimpleRNN}[cell](
        2, return_sequences=True, input_shape=(None, 3)
    )
    weights = keras_weights(cell)
    x = np.random.default_rng(2).standard_normal((4, 5, 3)).astype(np.float32)
    layer(x)
    layer.set_weights(list(weights))
    theirs = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "simple_rnn": torch.nn.RNN}[cell](
        3, 2, batch_first=True
    )
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    converted = map(torch.from_numpy, keras_to_torch(cell, *weights))
    theirs.load_state_dict(dict(zip(names, converted, strict=True)))
    with torch.no_grad():
        expected = theirs(torch.from_numpy(x))[0].numpy()
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)
