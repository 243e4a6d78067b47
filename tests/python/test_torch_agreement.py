"""The kernels give what PyTorch's nn.LSTM and nn.GRU give, in both passes."""

import numpy as np
import pytest

import gatedcore as gk

torch = pytest.importorskip("torch", reason="compares with PyTorch")

# Promises of the project. Outputs lie within [-1, 1]; gradients are measured against the largest
# of their array, as they are sums over all steps and rows that partly cancel.
OUTPUTS = {np.float32: 1e-5, np.float64: 1e-12}
GRADIENTS = {np.float32: 1e-4, np.float64: 1e-10}

# T, B, I, H: one of everything, odd sizes, around the lanes of a vector, a lone row, real ones.
SHAPES = [
    (1, 1, 1, 1),
    (5, 3, 2, 4),
    (3, 2, 1, 7),
    (9, 1, 5, 17),
    (60, 1, 8, 33),
    (4, 13, 3, 16),
    (11, 7, 31, 35),
    (100, 32, 1, 50),
    (50, 32, 64, 64),
]
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_layouts = pytest.mark.parametrize("time_major", [False, True])
every_shape = pytest.mark.parametrize("shape", SHAPES)

# PyTorch has the GRU's gates in the order r z n.
GRU_ORDER = (1, 0, 2)


def close(name, actual, expected, bound):
    """Assert that two arrays differ by at most ``bound`` anywhere."""
    expected = expected.detach().numpy()
    assert actual.shape == expected.shape, name
    assert actual.dtype == expected.dtype, name
    assert np.abs(actual - expected).max() <= bound, name


def close_gradient(name, actual, expected):
    """Assert agreement of a gradient relative to its largest element."""
    scale = np.abs(expected.detach().numpy()).max()
    close(name, actual, expected, GRADIENTS[actual.dtype.type] * scale)


def reorder(array, order):
    """Return the gate blocks of the last axis in another order."""
    return np.concatenate([np.split(array, 3, axis=-1)[gate] for gate in order], axis=-1)


def leaf(array):
    """Return a tensor of its own whose gradient torch keeps."""
    return torch.tensor(np.ascontiguousarray(array), requires_grad=True)


def random_arrays(shape, gates, dtype, time_major, biases):
    """Return x, kernel, recurrent kernel, bias, h0, c0, and gradients by h, last h and last c."""
    T, B, I, H = shape  # noqa: E741  # the letters of the equations
    rng = np.random.default_rng(sum(shape))
    bound = 1 / np.sqrt(H)  # of PyTorch's own initial weights

    def sequence(size):
        return rng.normal(size=(T, B, size) if time_major else (B, T, size))

    arrays = (
        sequence(I),
        rng.uniform(-bound, bound, (I, gates * H)),
        rng.uniform(-bound, bound, (H, gates * H)),
        rng.uniform(-bound, bound, (2, gates * H) if biases == 2 else gates * H),
        rng.uniform(-1, 1, (B, H)),
        rng.uniform(-1, 1, (B, H)),
        sequence(H),
        rng.normal(size=(B, H)),
        rng.normal(size=(B, H)),
    )
    return tuple(array.astype(dtype) for array in arrays)


def load(module, **weights):
    """Fill a module of one layer."""
    with torch.no_grad():
        for name, value in weights.items():
            getattr(module, f"{name}_l0").copy_(torch.from_numpy(np.ascontiguousarray(value)))


@both_dtypes
@both_layouts
@every_shape
def test_lstm_agrees_with_torch(shape, time_major, dtype):
    x, kernel, recurrent, bias, h0, c0, d_h, d_h_last, d_c_last = random_arrays(
        shape, 4, dtype, time_major, 1
    )
    h, c, cache = gk.ops.lstm(
        x, kernel, recurrent, bias, [h0, c0], time_major=time_major, return_cache=True
    )
    g = gk.ops.lstm_backward(cache, d_h, d_h_last, d_c_last)

    module = torch.nn.LSTM(shape[2], shape[3], batch_first=not time_major)
    module.to(torch.from_numpy(x).dtype)
    zeros = np.zeros_like(bias)
    load(module, weight_ih=kernel.T, weight_hh=recurrent.T, bias_ih=bias, bias_hh=zeros)
    inputs, first_h, first_c = leaf(x), leaf(h0[None]), leaf(c0[None])
    out, (last_h, last_c) = module(inputs, (first_h, first_c))
    torch.autograd.backward(
        [out, last_h, last_c], [torch.from_numpy(d) for d in (d_h, d_h_last[None], d_c_last[None])]
    )

    close("h", h, out, OUTPUTS[dtype])
    # A cell state may exceed 1, so its last digits are those of its size.
    close("c", c, last_c[0], OUTPUTS[dtype] * max(1, np.abs(c).max()))
    close_gradient("x", g.x, inputs.grad)
    close_gradient("kernel", g.kernel, module.weight_ih_l0.grad.T)
    close_gradient("recurrent_kernel", g.recurrent_kernel, module.weight_hh_l0.grad.T)
    close_gradient("bias", g.bias, module.bias_ih_l0.grad)
    close_gradient("h0", g.h0, first_h.grad[0])
    close_gradient("c0", g.c0, first_c.grad[0])


@both_dtypes
@both_layouts
@every_shape
def test_gru_agrees_with_torch(shape, time_major, dtype):
    x, kernel, recurrent, bias, h0, _, d_h, d_h_last, _ = random_arrays(
        shape, 3, dtype, time_major, 2
    )
    h, cache = gk.ops.gru(x, kernel, recurrent, bias, h0, time_major=time_major, return_cache=True)
    g = gk.ops.gru_backward(cache, d_h, d_h_last)

    module = torch.nn.GRU(shape[2], shape[3], batch_first=not time_major)
    module.to(torch.from_numpy(x).dtype)
    load(
        module,
        weight_ih=reorder(kernel, GRU_ORDER).T,
        weight_hh=reorder(recurrent, GRU_ORDER).T,
        bias_ih=reorder(bias[0], GRU_ORDER),
        bias_hh=reorder(bias[1], GRU_ORDER),
    )
    inputs, first_h = leaf(x), leaf(h0[None])
    out, last_h = module(inputs, first_h)
    torch.autograd.backward([out, last_h], [torch.from_numpy(d) for d in (d_h, d_h_last[None])])

    def in_torch_order(gradient):
        return reorder(gradient, GRU_ORDER)

    close("h", h, out, OUTPUTS[dtype])
    close_gradient("x", g.x, inputs.grad)
    close_gradient("kernel", in_torch_order(g.kernel), module.weight_ih_l0.grad.T)
    close_gradient(
        "recurrent_kernel", in_torch_order(g.recurrent_kernel), module.weight_hh_l0.grad.T
    )
    close_gradient("bias[0]", in_torch_order(g.bias[0]), module.bias_ih_l0.grad)
    close_gradient("bias[1]", in_torch_order(g.bias[1]), module.bias_hh_l0.grad)
    close_gradient("h0", g.h0, first_h.grad[0])


@both_dtypes
def test_an_lstm_without_states_agrees_with_torch(dtype):
    shape = (6, 3, 4, 9)
    x, kernel, recurrent, bias, _, _, d_h, _, _ = random_arrays(shape, 4, dtype, False, 1)
    h, _, cache = gk.ops.lstm(x, kernel, recurrent, bias, return_cache=True)
    g = gk.ops.lstm_backward(cache, d_h)
    module = torch.nn.LSTM(4, 9, batch_first=True).to(torch.from_numpy(x).dtype)
    zeros = np.zeros_like(bias)
    load(module, weight_ih=kernel.T, weight_hh=recurrent.T, bias_ih=bias, bias_hh=zeros)
    inputs = leaf(x)
    out, _ = module(inputs)
    out.backward(torch.from_numpy(d_h))
    close("h", h, out, OUTPUTS[dtype])
    close_gradient("x", g.x, inputs.grad)
    close_gradient("recurrent_kernel", g.recurrent_kernel, module.weight_hh_l0.grad.T)


@both_dtypes
def test_a_layer_backwards_agrees_with_torchs_reverse_direction(dtype):
    shape = (6, 3, 4, 9)
    x, kernel, recurrent, bias, h0, c0, d_h, _, _ = random_arrays(shape, 4, dtype, False, 1)
    h, _, cache = gk.ops.lstm(
        x, kernel, recurrent, bias, [h0, c0], go_backwards=True, return_cache=True
    )
    g = gk.ops.lstm_backward(cache, d_h)
    module = torch.nn.LSTM(4, 9, batch_first=True).to(torch.from_numpy(x).dtype)
    zeros = np.zeros_like(bias)
    load(module, weight_ih=kernel.T, weight_hh=recurrent.T, bias_ih=bias, bias_hh=zeros)
    inputs = leaf(x)
    out, _ = module(inputs.flip(1), (torch.from_numpy(h0[None]), torch.from_numpy(c0[None])))
    out.backward(torch.from_numpy(d_h))
    close("h", h, out, OUTPUTS[dtype])
    close_gradient("x", g.x, inputs.grad)
    close_gradient("kernel", g.kernel, module.weight_ih_l0.grad.T)


@both_dtypes
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_mask_of_lengths_agrees_with_torchs_packed_sequences(cell, dtype):
    shape, gates = (11, 6, 4, 9), 4 if cell == "lstm" else 3
    lengths = np.array([11, 3, 7, 1, 7, 10])
    mask = np.arange(11) < lengths[:, None]
    x, kernel, recurrent, bias, _, _, d_h, _, _ = random_arrays(
        shape, gates, dtype, False, 1 if cell == "lstm" else 2
    )
    run, back = (
        (gk.ops.lstm, gk.ops.lstm_backward) if cell == "lstm" else (gk.ops.gru, gk.ops.gru_backward)
    )
    h, *_, cache = run(
        x, kernel, recurrent, bias, mask=mask, zero_output_for_mask=True, return_cache=True
    )
    g = back(cache, d_h)

    def ordered(array):
        return array if cell == "lstm" else reorder(array, GRU_ORDER)

    biases = (bias, np.zeros_like(bias)) if cell == "lstm" else bias
    kind = torch.nn.LSTM if cell == "lstm" else torch.nn.GRU
    module = kind(4, 9, batch_first=True).to(torch.from_numpy(x).dtype)
    load(
        module,
        weight_ih=ordered(kernel).T,
        weight_hh=ordered(recurrent).T,
        bias_ih=ordered(biases[0]),
        bias_hh=ordered(biases[1]),
    )
    inputs = leaf(x)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        inputs, torch.from_numpy(lengths), batch_first=True, enforce_sorted=False
    )
    out, _ = torch.nn.utils.rnn.pad_packed_sequence(module(packed)[0], batch_first=True)
    out.backward(torch.from_numpy(d_h))
    close("h", h, out, OUTPUTS[dtype])
    close_gradient("x", g.x, inputs.grad)
    close_gradient("kernel", ordered(g.kernel), module.weight_ih_l0.grad.T)
    close_gradient("recurrent_kernel", ordered(g.recurrent_kernel), module.weight_hh_l0.grad.T)
