"""gatedcore.ops.stack: the layers one after the other, and PyTorch where it is installed."""

from itertools import product

import numpy as np
import pytest

from gatedcore import ops

KINDS = {
    "lstm": ["lstm"],
    "lstm, gru": ["lstm", "gru"],
    "both directions": [("lstm", "lstm")],
    "mixed": [("gru", "lstm"), "gru_before", ("gru", "gru")],
}


def random_direction(rng, kind, inputs, units, batch, dtype):
    gates = 4 if kind == "lstm" else 3

    def draw(*shape, scale=0.5):
        return (scale * rng.normal(size=shape)).astype(dtype)

    bias = draw(2, gates * units) if kind == "gru" else draw(gates * units)
    weights = (draw(inputs, gates * units), draw(units, gates * units), bias)
    if kind == "lstm":
        return ops.StackedLSTM(*weights, [draw(batch, units), draw(batch, units)])
    return ops.StackedGRU(*weights, draw(batch, units), reset_after=kind == "gru")


def random_layers(rng, kinds, inputs, batch, dtype):
    """Return layers, the first directions 5 wide and the second ones 4."""
    layers = []
    for layer in kinds:
        kinds_of_layer = layer if isinstance(layer, tuple) else (layer,)
        widths = (5, 4)[: len(kinds_of_layer)]
        directions = [
            random_direction(rng, kind, inputs, units, batch, dtype)
            for kind, units in zip(kinds_of_layer, widths, strict=True)
        ]
        layers.append(tuple(directions) if len(directions) > 1 else directions[0])
        inputs = sum(widths)
    return layers


def as_pair(layer):
    return layer if isinstance(layer, tuple) else (layer,)


def forward_alone(x, direction, *, time_major, backwards):
    """Return h in the order of x, the last states, and the cache of a direction alone."""
    options = {
        "activation": direction.activation,
        "recurrent_activation": direction.recurrent_activation,
        "time_major": time_major,
        "go_backwards": backwards,
        "return_cache": True,
    }
    arguments = (x, direction.kernel, direction.recurrent_kernel, direction.bias)
    axis = 0 if time_major else 1
    if isinstance(direction, ops.StackedLSTM):
        h, c, cache = ops.lstm(*arguments, direction.initial_state, **options)
        states = (np.take(h, -1, axis), c)
    else:
        h, cache = ops.gru(
            *arguments, direction.initial_state, reset_after=direction.reset_after, **options
        )
        states = (np.take(h, -1, axis),)
    return np.flip(h, axis) if backwards else h, states, cache


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS.keys())
def test_the_bits_are_those_of_the_layers_one_after_the_other(kinds, time_major, dtype):
    rng = np.random.default_rng(0)
    B, T, features = 3, 7, 2
    axis = 0 if time_major else 1
    layers = random_layers(rng, kinds, features, B, dtype)
    x = rng.normal(size=(T, B, features) if time_major else (B, T, features)).astype(dtype)

    h, states, cache = ops.stack(x, layers, time_major=time_major, return_cache=True)
    outputs, caches = x, []
    for layer, of_layer in zip(layers, states, strict=True):
        runs = [
            forward_alone(outputs, direction, time_major=time_major, backwards=k == 1)
            for k, direction in enumerate(as_pair(layer))
        ]
        outputs = np.concatenate([run[0] for run in runs], axis=2)
        caches.append([run[2] for run in runs])
        for run, own in zip(runs, of_layer, strict=True):
            for state, expected in zip(own, run[1], strict=True):
                np.testing.assert_array_equal(state, expected)
    assert h.dtype == dtype
    np.testing.assert_array_equal(h, outputs)
    assert cache.nbytes > h.nbytes
    assert ops.stack(x, layers, time_major=time_major)[0].tobytes() == h.tobytes()

    d_h = rng.normal(size=h.shape).astype(dtype)
    d_states = [
        [[rng.normal(size=state.shape).astype(dtype) for state in own] for own in layer]
        for layer in states
    ]
    gradients = ops.stack_backward(cache, d_h, d_states)
    arriving = d_h
    for i in reversed(range(len(layers))):
        d_x, first = None, 0
        for k, direction in enumerate(as_pair(layers[i])):
            units = direction.recurrent_kernel.shape[0]
            own = arriving[..., first : first + units]
            own = np.ascontiguousarray(np.flip(own, axis) if k else own)
            lstm = isinstance(direction, ops.StackedLSTM)
            expected = (ops.lstm_backward if lstm else ops.gru_backward)(
                caches[i][k], own, *d_states[i][k]
            )
            assert gradients.layers[i][k].x is None
            for actual, value in zip(gradients.layers[i][k][1:], expected[1:], strict=True):
                np.testing.assert_array_equal(actual, value)
            d_x = expected.x if d_x is None else d_x + expected.x
            first += units
        arriving = d_x
    np.testing.assert_array_equal(gradients.x, arriving)


def test_the_first_gradient_may_be_left_out_and_gradients_of_states_too():
    rng = np.random.default_rng(1)
    layers = random_layers(rng, ["lstm", ("gru", "gru")], 2, 3, np.float32)
    x = rng.normal(size=(3, 6, 2)).astype(np.float32)
    results = []
    for d_states in (None, [None, None], [[None], [[None], [np.zeros((3, 4), "f4")]]]):
        h, _, cache = ops.stack(x, layers, return_cache=True)
        results.append(ops.stack_backward(cache, np.ones_like(h), d_states, need_d_x=False))
    for gradients in results:
        assert gradients.x is None
        for layer, expected in zip(gradients.layers, results[0].layers, strict=True):
            for own, of_first in zip(layer, expected, strict=True):
                for actual, value in zip(own[1:], of_first[1:], strict=True):
                    np.testing.assert_array_equal(actual, value)


@pytest.mark.parametrize("steps", [0, 1])
def test_short_sequences(steps):
    rng = np.random.default_rng(2)
    layers = random_layers(rng, KINDS["mixed"], 2, 3, np.float32)
    h, states, cache = ops.stack(np.ones((3, steps, 2), "f4"), layers, return_cache=True)
    assert h.shape == (3, steps, 9)
    if steps == 0:
        np.testing.assert_array_equal(states[1][0][0], layers[1].initial_state)
    assert ops.stack_backward(cache, np.ones_like(h)).x.shape == (3, steps, 2)


@pytest.mark.parametrize("directions", [1, 2])
def test_any_number_of_threads_gives_the_same_bits(directions):
    rng = np.random.default_rng(3)
    before = ops.get_num_threads()
    H = 64
    x = rng.normal(size=(1, 100, H)).astype(np.float32)
    layers = []
    for gates, inputs in ((4, H), (3, directions * H), (4, directions * H)):
        kind = ops.StackedLSTM if gates == 4 else ops.StackedGRU
        shapes = [(inputs, gates * H), (H, gates * H)]
        layers.append(
            tuple(
                kind(*(rng.uniform(-0.1, 0.1, shape).astype("f4") for shape in shapes))
                for _ in range(directions)
            )
        )
    results = []
    try:
        for threads in (1, 2, 3):
            ops.set_num_threads(threads)
            h, _, cache = ops.stack(x, layers, return_cache=True)
            gradients = ops.stack_backward(cache, np.ones_like(h))
            results.append((h.tobytes(), gradients.x.tobytes()))
    finally:
        ops.set_num_threads(before)
    assert results == [results[0]] * 3


def test_the_cache_is_used_once_and_holds_its_results():
    rng = np.random.default_rng(4)
    layers = random_layers(rng, ["lstm"], 2, 3, np.float32)
    h, _, cache = ops.stack(np.ones((3, 4, 2), "f4"), layers, return_cache=True)
    with pytest.raises(ValueError, match="read-only"):
        h[0] = 0
    ops.stack_backward(cache, np.ones_like(h))
    assert cache.consumed
    with pytest.raises(ValueError, match="stack_backward: cache was used by an earlier"):
        ops.stack_backward(cache, np.ones_like(h))
    with pytest.raises(TypeError, match="cache has type int, expected StackCache"):
        ops.stack_backward(1)


def one_layer(**changes):
    arguments = {"kernel": np.zeros((2, 12)), "recurrent_kernel": np.zeros((3, 12))}
    return ops.StackedLSTM(**arguments | changes)


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([], ValueError, "layers is empty, expected a layer or more"),
        (one_layer(), ValueError, "layers is a StackedLSTM, expected a layer or more"),
        ([3], TypeError, r"layers\[0\] has type int, expected StackedLSTM or StackedGRU"),
        ([(one_layer(),) * 3], ValueError, r"layers\[0\] has 3 directions, expected 1 or 2"),
        (
            [one_layer(), one_layer()],
            ValueError,
            r"layers\[1\]: kernel has shape \(2, 12\), expected \(I, 4\*H\) = \(3, 12\)",
        ),
        (
            [(one_layer(), one_layer(bias=np.zeros(3)))],
            ValueError,
            r"layers\[0\]\[1\]: bias has shape",
        ),
        ([one_layer(initial_state=np.zeros((1, 3)))], ValueError, r"expected \[h0, c0\]"),
        (
            [one_layer(initial_state=[np.zeros((2, 3)), None])],
            ValueError,
            r"initial_state\[0\] has shape \(2, 3\), expected \(B, H\) = \(1, 3\)",
        ),
        ([one_layer(activation="tan")], ValueError, "activation is 'tan'"),
    ],
)
def test_errors_name_the_layer(layers, error, message):
    with pytest.raises(error, match=f"stack: .*{message}"):
        ops.stack(np.zeros((1, 5, 2)), layers)


@pytest.mark.parametrize(
    ("d_h", "d_states", "message"),
    [
        (np.zeros((1, 5, 4)), None, r"d_h has shape \(1, 5, 4\), expected the shape of h"),
        (None, [], "d_states is a list of 0, expected 1 items or None"),
        (None, [[[None]]], r"d_states\[0\]\[0\] is a list of 1, expected 2 items"),
        (None, [[[np.zeros((1, 4)), None]]], r"d_states\[0\]\[0\]\[0\] has shape \(1, 4\)"),
    ],
)
def test_gradients_are_checked_before_the_cache_is_used(d_h, d_states, message):
    _, _, cache = ops.stack(np.zeros((1, 5, 2)), [one_layer()], return_cache=True)
    with pytest.raises(ValueError, match=f"stack_backward: {message}"):
        ops.stack_backward(cache, d_h, d_states)
    assert not cache.consumed


# As for a layer alone in test_torch_agreement.py.
OUTPUTS = {np.float32: 1e-5, np.float64: 1e-12}
GRADIENTS = {np.float32: 1e-4, np.float64: 1e-10}


@pytest.mark.parametrize(
    ("gates", "dtype", "B"), list(product([3, 4], [np.float32, np.float64], [1, 4]))
)
def test_two_layers_of_two_directions_are_those_of_pytorch(gates, dtype, B):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    rng = np.random.default_rng(gates)
    T, features, H = 30, 5, 17
    torch.manual_seed(gates)
    kind = torch.nn.LSTM if gates == 4 else torch.nn.GRU
    module = kind(features, H, num_layers=2, bidirectional=True, batch_first=True)
    module = module.to(torch.float64 if dtype == np.float64 else torch.float32)
    order = [0, 1, 2, 3] if gates == 4 else [1, 0, 2]  # PyTorch's GRU has r z n

    def reordered(array, transposed=True):
        blocks = np.split(array.detach().numpy(), gates, axis=0)
        ordered = np.concatenate([blocks[gate] for gate in order], axis=0)
        return np.ascontiguousarray(ordered.T if transposed else ordered)

    def from_torch(layer, suffix, attribute):
        def get(name):
            value = getattr(module, f"{name}_l{layer}{suffix}")
            return value.grad if attribute == "grad" else value

        biases = [reordered(get(name), transposed=False) for name in ("bias_ih", "bias_hh")]
        bias = biases if attribute == "grad" else biases[0] + biases[1]
        return (
            reordered(get("weight_ih")),
            reordered(get("weight_hh")),
            bias if gates == 4 else np.stack(biases),
        )

    stacked = ops.StackedLSTM if gates == 4 else ops.StackedGRU
    layers = [
        tuple(stacked(*from_torch(layer, suffix, "value")) for suffix in ("", "_reverse"))
        for layer in range(2)
    ]
    x = rng.normal(size=(B, T, features)).astype(dtype)
    d_h = rng.normal(size=(B, T, 2 * H)).astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    expected, last = module(tensor)
    expected.backward(torch.tensor(d_h))

    h, states, cache = ops.stack(x, layers, return_cache=True)
    assert np.abs(h - expected.detach().numpy()).max() <= OUTPUTS[dtype]
    lasts = last if gates == 4 else (last,)
    for layer, k, j in product(range(2), range(2), range(len(lasts))):
        reference = lasts[j][2 * layer + k].detach().numpy()
        assert np.abs(states[layer][k][j] - reference).max() <= 2 * OUTPUTS[dtype]  # c beyond 1
    gradients = ops.stack_backward(cache, d_h)

    def close(actual, reference):
        assert np.abs(actual - reference).max() <= GRADIENTS[dtype] * np.abs(reference).max()

    close(gradients.x, tensor.grad.numpy())
    for layer, k in product(range(2), range(2)):
        own = gradients.layers[layer][k]
        kernel, recurrent_kernel, bias = from_torch(layer, ("", "_reverse")[k], "grad")
        close(own.kernel, kernel)
        close(own.recurrent_kernel, recurrent_kernel)
        close(own.bias, bias[0] if gates == 4 else bias)
