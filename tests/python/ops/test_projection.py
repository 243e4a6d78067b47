"""The LSTM with a projection of its hidden state: against plain NumPy, its gradients, errors."""

import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore import ops
from problems import assert_close, make_problem

MASK = np.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)
RESET = np.array([[0, 0, 0, 1, 0], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0]], bool)
P = 2


def projected(seed: int = 0, **sizes):
    """Return a problem with P columns of h, and its projection (H, P)."""
    p = make_problem(4, H=5, seed=seed, **sizes)
    rng = np.random.default_rng(seed + 7)
    B, T = p.x.shape[:2]
    return p._replace(
        recurrent_kernel=rng.normal(size=(P, 20)) * 0.4,
        h0=rng.normal(size=(B, P)),
        d_h=rng.normal(size=(B, T, P)),
        d_h_last=rng.normal(size=(B, P)),
    ), rng.normal(size=(5, P)) * 0.6


def sigmoid(a: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-a))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forward_is_the_equations(dtype) -> None:
    p, w_r = projected()
    h, c, gates = ops.lstm(
        p.x.astype(dtype), p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0],
        projection=w_r, return_gates=True,
    )  # fmt: skip
    h_t, c_t = p.h0, p.c0
    for t in range(p.x.shape[1]):
        a = p.x[:, t] @ p.kernel + h_t @ p.recurrent_kernel + p.bias
        i, f, g, o = np.split(a, 4, axis=1)
        c_t = sigmoid(f) * c_t + sigmoid(i) * np.tanh(g)
        h_t = (sigmoid(o) * np.tanh(c_t)) @ w_r
        assert_close(h[:, t], h_t.astype(dtype))
        assert_close(gates.c[:, t], c_t.astype(dtype))
    assert h.shape == (3, 5, P)
    assert_close(c, c_t.astype(dtype))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mask": MASK, "reset": RESET},
        {"recurrent_dropout": 0.4, "dropout": 0.2, "seed": 3},
        {"zoneout_c": 0.3, "seed": 4, "mask": MASK},
        {"peephole": np.ones((3, 5)) * 0.3, "clip": 0.8, "go_backwards": True},
    ],
)
def test_gradients_are_those_of_the_loss(options: dict) -> None:
    p, w_r = projected(1)

    def run(**more):
        return ops.lstm(
            p.x, p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0],
            projection=w_r, **options, **more,
        )  # fmt: skip

    def loss() -> float:
        h, c = run()
        last = (h[:, -1] * p.d_h_last).sum() if "mask" not in options else 0.0
        return float((h * p.d_h).sum() + (c * p.d_c_last).sum() + last)

    *_, cache = run(return_cache=True)
    last = None if "mask" in options else p.d_h_last
    given = ops.lstm_backward(cache, p.d_h, last, p.d_c_last)
    assert given.projection is not None
    for gradient, array in [
        (given.projection, w_r),
        (given.recurrent_kernel, p.recurrent_kernel),
        (given.kernel, p.kernel),
        (given.bias, p.bias),
        (given.x, p.x),
        (given.h0, p.h0),
        (given.c0, p.c0),
    ]:
        assert_gradient(gradient, loss, array)


def test_layouts_agree() -> None:
    p, w_r = projected()
    weights = (p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0])
    h, c = ops.lstm(p.x, *weights, projection=w_r)
    steps, last = ops.lstm(p.x.swapaxes(0, 1), *weights, projection=w_r, time_major=True)
    assert steps.swapaxes(0, 1).tobytes() == h.tobytes()
    assert last.tobytes() == c.tobytes()


def test_the_cache_counts_what_it_holds() -> None:
    p, w_r = projected()
    *_, cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, projection=w_r, return_cache=True)
    assert cache.nbytes == 8 * 15 * (4 * 5 + 5 + 5 + P)  # gates, c, what is projected, h


def test_no_steps_and_no_rows() -> None:
    p, w_r = projected()
    h, c = ops.lstm(p.x[:, :0], p.kernel, p.recurrent_kernel, None, [p.h0, p.c0], projection=w_r)
    assert h.shape == (3, 0, P)
    np.testing.assert_array_equal(c, p.c0)
    h, c, cache = ops.lstm(p.x[:0], p.kernel, p.recurrent_kernel, projection=w_r, return_cache=True)
    assert h.shape == (0, 5, P)
    assert not ops.lstm_backward(cache, h).projection.any()


def test_errors_name_the_argument() -> None:
    p, w_r = projected()
    with pytest.raises(ValueError, match=r"lstm: projection has shape \(5,\), expected \(H, P\)"):
        ops.lstm(p.x, p.kernel, p.recurrent_kernel, projection=w_r[:, 0])
    with pytest.raises(ValueError, match=r"projection has shape \(5, 0\), expected at least one"):
        ops.lstm(p.x, p.kernel, p.recurrent_kernel, projection=w_r[:, :0])
    with pytest.raises(
        ValueError, match=r"recurrent_kernel has shape \(2, 20\), expected \(P, 4\*H\) = \(3, 20\)"
    ):
        ops.lstm(p.x, p.kernel, p.recurrent_kernel, projection=np.ones((5, 3)))
    with pytest.raises(ValueError, match=r"kernel has shape \(2, 20\), expected .* = \(2, 24\)"):
        ops.lstm(p.x, p.kernel, np.ones((P, 24)), projection=np.ones((6, P)))
    with pytest.raises(
        ValueError, match=r"initial_state\[0\] has shape \(3, 5\), expected \(B, P\) = \(3, 2\)"
    ):
        ops.lstm(p.x, p.kernel, p.recurrent_kernel, None, [p.c0, p.c0], projection=w_r)
    for name, options in [
        ("recompute", {"recompute": True, "return_cache": True}),
        ("zoneout_h", {"zoneout_h": 0.1}),
    ]:
        with pytest.raises(ValueError, match=f"lstm: projection came with {name}"):
            ops.lstm(p.x, p.kernel, p.recurrent_kernel, projection=w_r, **options)
    *_, cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, projection=w_r, return_cache=True)
    with pytest.raises(ValueError, match=r"d_c_last has shape \(3, 2\), .* = \(3, 5\)"):
        ops.lstm_backward(cache, None, None, p.d_h_last)


def test_pytorch_agrees() -> None:
    torch = pytest.importorskip("torch")
    p, w_r = projected()
    layer = torch.nn.LSTM(2, 5, proj_size=P, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(p.kernel.T))
        layer.weight_hh_l0.copy_(torch.from_numpy(p.recurrent_kernel.T))
        layer.weight_hr_l0.copy_(torch.from_numpy(w_r.T))
        layer.bias_ih_l0.copy_(torch.from_numpy(p.bias))
        layer.bias_hh_l0.zero_()
    state = (torch.from_numpy(p.h0)[None], torch.from_numpy(p.c0)[None])
    x = torch.from_numpy(p.x).requires_grad_()
    expected, (_, c_last) = layer(x, state)
    expected.backward(torch.from_numpy(p.d_h))
    h, c, cache = ops.lstm(
        p.x, p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0],
        projection=w_r, return_cache=True,
    )  # fmt: skip
    given = ops.lstm_backward(cache, p.d_h)
    assert_close(h, expected.detach().numpy())
    assert_close(c, c_last.detach().numpy()[0])
    assert_close(given.x, x.grad.numpy())
    assert_close(given.projection, layer.weight_hr_l0.grad.numpy().T)
    assert_close(given.recurrent_kernel, layer.weight_hh_l0.grad.numpy().T)
