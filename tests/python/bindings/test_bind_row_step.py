import numpy as np
import pytest

from gatedcore import _core
from gatedcore.interop import gate_order

B, I, H = 2, 3, 5  # noqa: E741  # the letters of the equations
BLOCKS = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}  # as PyTorch has them
CELLS = pytest.mark.parametrize("cell", ["lstm", "gru"])


def arguments(cell, dtype=np.float64):
    """Return x, h_prev, c_prev or None, and weights in rows."""
    rng = np.random.default_rng(0)
    G = len(BLOCKS[cell])
    shapes = [(B, I), (B, H), (B, H), (G * H, I), (G * H, H), (G * H,), (G * H,)]
    arrays = [rng.uniform(-1, 1, shape).astype(dtype) for shape in shapes]
    if cell == "gru":
        arrays[2] = None
    return arrays


@CELLS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_is_a_sequence_of_one_step(cell, dtype):
    x, h, c, *weights = arguments(cell, dtype)
    kernel = gate_order.torch_to_keras(cell, *weights)
    names = ("tanh", "sigmoid")
    if cell == "lstm":
        _, *wanted, _ = _core.lstm_forward(
            x[None], *kernel, h, c, *names, True, False, False, False
        )
    else:
        _, *wanted, _ = _core.gru_forward(
            x[None], *kernel, h, *names, True, True, False, False, False
        )
    found = _core.row_step_forward(BLOCKS[cell], x, h, c, *weights, True)
    assert found[2].shape == (B, 4 * H)
    for mine, other in zip(found, wanted, strict=False):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-6 if dtype == np.float32 else 1e-14)


@CELLS
def test_products_that_are_there_already(cell):
    x, h, c, w_x, w_h, b_x, b_h = arguments(cell)
    wanted = _core.row_step_forward(BLOCKS[cell], x, h, c, w_x, w_h, b_x, b_h, False)
    found = _core.row_step_gates(BLOCKS[cell], x @ w_x.T + b_x, h @ w_h.T + b_h, h, c, False)
    assert found[2] is None
    np.testing.assert_allclose(found[0], wanted[0], rtol=0, atol=1e-14)


@CELLS
def test_gradients_by_finite_differences(cell):
    x, h, c, w_x, w_h, b_x, b_h = arguments(cell)
    a_x, a_h = x @ w_x.T + b_x, h @ w_h.T + b_h
    rng = np.random.default_rng(1)
    d_h, d_c = rng.normal(size=(2, B, H))

    def loss(a_x, a_h, c):
        h_new, c_new, _ = _core.row_step_gates(BLOCKS[cell], a_x, a_h, h, c, False)
        return (h_new * d_h).sum() + (0.0 if c_new is None else (c_new * d_c).sum())

    _, c_new, gates = _core.row_step_gates(BLOCKS[cell], a_x, a_h, h, c, True)
    lstm = cell == "lstm"
    d_a_x, d_a_h, d_prev = _core.row_step_backward(
        BLOCKS[cell], gates, None if lstm else h, c, c_new, d_h, d_c if lstm else None
    )
    assert (d_a_h is d_a_x) == lstm
    checked = [(0, d_a_x), (1, d_a_h)] + ([(2, d_prev)] if lstm else [])
    for which, gradient in checked:
        for index in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [a_x.copy(), a_h.copy(), None if c is None else c.copy()]
                moved[which][index] += step
                ends.append(loss(*moved))
            assert gradient[index] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)


@CELLS
@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (0, np.ones(I), "x or w_h is no matrix"),
        (0, np.ones((B, I + 1)), "w_x has shape"),
        (1, np.ones((B, H + 1)), "h_prev has shape"),
        (3, np.ones((H, I)), "w_x has shape"),
        (3, np.ones((I, 1)).T, "w_x has shape"),
        (4, np.ones((7, H)), "w_h has shape"),
        (5, np.ones(H), "b_x has shape"),
    ],
)
def test_wrong_shapes(cell, position, value, message):
    given = arguments(cell)
    given[position] = value
    with pytest.raises(ValueError, match=message):
        _core.row_step_forward(BLOCKS[cell], *given, False)


@pytest.mark.parametrize(
    "blocks", [(), (0, 1), (0, 1, 1), (0, 1, 3), (0, 1, 2, -1), (0, 1, 2, 3, 4)]
)
def test_blocks_that_are_no_order(blocks):
    with pytest.raises(ValueError, match="blocks is no order of 3 or 4 gates"):
        _core.row_step_forward(blocks, *arguments("lstm"), False)


def test_wrong_arguments_of_the_other_functions():
    x, h, c, *_ = arguments("lstm")
    with pytest.raises(ValueError, match="a_x has shape"):
        _core.row_step_gates(BLOCKS["lstm"], np.ones((B, 4 * H + 1)), x, h, c, False)
    with pytest.raises(ValueError, match="a_h has shape"):
        _core.row_step_gates(BLOCKS["lstm"], np.ones((B, 4 * H)), x, h, c, False)
    with pytest.raises(ValueError, match="gates has shape"):
        _core.row_step_backward(BLOCKS["lstm"], np.ones((B, H)), None, c, c, h, None)
    with pytest.raises(ValueError, match="c is None"):
        _core.row_step_backward(BLOCKS["lstm"], np.ones((B, 4 * H)), None, c, None, h, None)
    with pytest.raises(TypeError, match="dtype"):
        _core.row_step_backward(
            BLOCKS["lstm"], np.ones((B, 4 * H)), None, c.astype(np.float32), c, h, None
        )
