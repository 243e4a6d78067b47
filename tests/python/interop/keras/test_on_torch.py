"""Keras on PyTorch: autograd, compilation and tensors of other kinds."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")

import gatedcore.keras
from interop.keras.layer_runs import BACKEND, B, H, I, T, built, series

pytestmark = [
    pytest.mark.usefixtures("accelerated"),
    pytest.mark.skipif(BACKEND != "torch", reason="needs KERAS_BACKEND=torch in the environment"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]


@pytest.fixture
def layer():
    return built(keras.layers.LSTM(H, return_sequences=True, dtype="float64"))


@pytest.fixture
def x():
    return torch.tensor(series(), requires_grad=True)


def test_gradcheck(layer, x):
    weights = [v.value for v in layer.trainable_variables]
    assert torch.autograd.gradcheck(layer, (x,))

    def by_weights(*weights):
        return layer(x.detach())

    assert torch.autograd.gradcheck(by_weights, weights)
    assert gatedcore.keras.stats().passed_on == 0


def test_nothing_is_saved_without_gradients(layer, x):
    with torch.no_grad():
        y = layer(x)
    assert not y.requires_grad
    assert layer(x).requires_grad


def test_a_graph_that_is_retained_runs_back_twice(layer, x):
    loss = layer(x).sum()
    (first,) = torch.autograd.grad(loss, x, retain_graph=True)
    (second,) = torch.autograd.grad(loss, x)
    assert torch.equal(first, second)
    assert gatedcore.keras.stats().backward_runs == 2


@pytest.mark.parametrize("written", ["input", "output", "weight"])
def test_writing_to_what_backward_needs_is_an_error(layer, x, written):
    x = x * 1
    y = layer(x)
    tensor = {"input": x, "output": y, "weight": layer.cell.kernel.value}[written]
    loss = y.sum()
    with torch.no_grad():
        tensor.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_the_last_output_may_be_written_to(x):
    layer = keras.layers.GRU(H, dtype="float64")
    (expected,) = torch.autograd.grad((layer(x) * 2).sum(), x)
    (found,) = torch.autograd.grad(layer(x).mul_(2).sum(), x)
    torch.testing.assert_close(found, expected)


def test_a_second_derivative_is_an_error(layer, x):
    loss = (layer(x) ** 2).sum()
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_only_gradients_that_are_wanted_are_computed(layer, x):
    layer.trainable = False
    (gradient,) = torch.autograd.grad(layer(x).sum(), x)
    assert gradient.shape == x.shape
    layer.trainable = True
    layer(x.detach()).sum().backward()
    assert layer.cell.kernel.value.grad is not None
    assert x.grad is None


@pytest.mark.filterwarnings("ignore")  # of the compiler itself
def test_a_compiled_model_computes_the_same(layer, x):
    model = keras.Sequential([layer, keras.layers.Dense(1, dtype="float64")])
    expected = model(x)
    compiled = torch.compile(model, backend="eager")
    before = gatedcore.keras.stats()
    found = compiled(x)
    torch.testing.assert_close(found, expected)
    now = gatedcore.keras.stats()
    assert now.served == before.served + 1
    assert now.passed_on == before.passed_on


@pytest.mark.filterwarnings("ignore")
def test_a_traced_model_has_operations_of_torch_alone(layer, x):
    traced = torch.jit.trace(layer, x)
    torch.testing.assert_close(traced(x * 2), layer(x * 2))
    assert any("torch.jit.trace" in reason for reason in gatedcore.keras.stats().reasons)


@pytest.mark.filterwarnings("ignore")
def test_an_exported_model_has_operations_of_torch_alone(layer, x):
    x = x.detach()
    expected = layer(x)
    exported = torch.export.export(layer, (x,)).module()
    torch.testing.assert_close(exported(x), expected)


def test_transforms_of_functions_are_left_to_torch(layer, x):
    gradient = torch.func.grad(lambda x: layer(x).sum())(x.detach())
    (expected,) = torch.autograd.grad(layer(x).sum(), x)
    torch.testing.assert_close(gradient, expected)
    assert gatedcore.keras.stats().reasons == {"a transform of torch.func": 1}


def test_other_tensors_are_left_to_torch(x):
    half = keras.layers.GRU(H, dtype="bfloat16", recurrent_initializer="zeros")
    assert half(x).dtype == torch.bfloat16
    assert gatedcore.keras.stats().reasons == {"dtype bfloat16": 1}


def test_shapes_alone_are_not_counted():
    keras.layers.Bidirectional(keras.layers.LSTM(H))(keras.Input((T, I)))
    assert gatedcore.keras.stats().passed_on == 0


@pytest.mark.parametrize("kind", [keras.layers.LSTM, keras.layers.GRU])
def test_a_stateful_layer_trains(kind):
    # Its new states are written into its old ones before backward runs.
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(4 * B, T, I)), rng.normal(size=(4 * B, 1))
    x[::3, 2:] = 0  # Keras itself trains such a layer with a mask alone

    def losses():
        keras.utils.set_random_seed(5)
        layers = [keras.layers.Masking(), kind(H, stateful=True), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((T, I), batch_size=B), *layers])
        model.compile("sgd", "mse")
        fitted = model.fit(x, y, batch_size=B, epochs=2, shuffle=False, verbose=0)
        return fitted.history["loss"]

    found = losses()
    assert gatedcore.keras.stats().passed_on == 0
    assert gatedcore.keras.stats().backward_runs > 0
    gatedcore.keras.disable()
    np.testing.assert_allclose(found, losses(), rtol=1e-5)
