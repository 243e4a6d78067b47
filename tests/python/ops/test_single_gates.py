import re

import numpy as np
import pytest

from gatedcore import ops
from problems import assert_close, make_problem


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_four_gates_and_two_lines_make_an_lstm(dtype) -> None:
    p = make_problem(4).astype(dtype)
    x, (w_i, w_f, w_g, w_o) = p.x[:, 0], np.split(p.kernel, 4, axis=1)
    (u_i, u_f, u_g, u_o), (b_i, b_f, b_g, b_o) = (
        np.split(p.recurrent_kernel, 4, axis=1),
        np.split(p.bias, 4),
    )
    i = ops.input_gate(x, p.h0, w_i, u_i, b_i)
    f = ops.forget_gate(x, p.h0, w_f, u_f, b_f)
    g = ops.candidate(x, p.h0, w_g, u_g, b_g)
    o = ops.output_gate(x, p.h0, w_o, u_o, b_o)
    c = f * p.c0 + i * g
    h, c_expected = ops.lstm_cell(x, p.h0, p.c0, p.kernel, p.recurrent_kernel, p.bias)
    assert_close(c, c_expected)
    assert_close((o * np.tanh(c)).astype(dtype), h)


def test_three_gates_make_the_gru_of_cho() -> None:
    p = make_problem(3)
    x, (w_z, w_r, w_n) = p.x[:, 0], np.split(p.kernel, 3, axis=1)
    (u_z, u_r, u_n), (b_z, b_r, b_n) = (
        np.split(p.recurrent_kernel, 3, axis=1),
        np.split(p.bias, 3),
    )
    z = ops.update_gate(x, p.h0, w_z, u_z, b_z)
    r = ops.reset_gate(x, p.h0, w_r, u_r, b_r)
    n = ops.candidate(x, r * p.h0, w_n, u_n, b_n)
    h = ops.gru_cell(x, p.h0, p.kernel, p.recurrent_kernel, p.bias, reset_after=False)
    assert_close(z * p.h0 + (1 - z) * n, h)


def test_other_activation_and_no_bias() -> None:
    x, h, w_x, w_h = np.ones((1, 2)), np.ones((1, 1)), np.full((2, 1), 0.5), np.full((1, 1), 3.0)
    assert ops.input_gate(x, h, w_x, w_h, activation="linear").tolist() == [[4.0]]


def test_names_and_help_are_those_of_the_gate() -> None:
    assert ops.reset_gate.__name__ == "reset_gate"
    assert "r * h_prev" in ops.candidate.__doc__


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.ones(2)}, "forget_gate: x has shape (2,), expected (B, I)"),
        ({"w_h": np.ones((4, 16))}, "forget_gate: w_h has shape (4, 16), expected (H, H) = (4, 4)"),
        ({"w_x": np.ones((3, 4))}, "forget_gate: w_x has shape (3, 4), expected (I, H) = (2, 4)"),
        ({"h_prev": np.ones((2, 4))}, "forget_gate: h_prev has shape (2, 4), expected (B, H)"),
        ({"b": np.ones(16)}, "forget_gate: b has shape (16,), expected (H,) = (4,)"),
        ({"activation": "x"}, "forget_gate: activation is 'x', expected one of"),
    ],
)
def test_bad_arguments(change: dict, message: str) -> None:
    good = {
        "x": np.ones((3, 2)), "h_prev": np.ones((3, 4)), "w_x": np.ones((2, 4)),
        "w_h": np.ones((4, 4)), "b": np.ones(4),
    }  # fmt: skip
    with pytest.raises(ValueError, match=re.escape(message)):
        ops.forget_gate(**{**good, **change})
