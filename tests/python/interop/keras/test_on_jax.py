"""Keras on JAX: eager, in ``jax.jit``, mapped."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
if keras.config.backend() != "jax":
    pytest.skip("needs KERAS_BACKEND=jax in the environment", allow_module_level=True)
jax = pytest.importorskip("jax")
import jax.numpy as jnp

import gatedcore.keras
from gatedcore.interop.keras import on_jax
from gatedcore.interop.keras.shelf import shelf
from interop.keras.layer_runs import H, built, series

pytestmark = [
    pytest.mark.usefixtures("accelerated"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]


@pytest.fixture
def layer():
    return built(keras.layers.LSTM(H, return_sequences=True))


@pytest.fixture
def x():
    return jnp.array(series().astype("float32"))


def loss_of(layer):
    others = [v.value for v in layer.non_trainable_variables]

    def loss(weights, x):
        return jnp.sum(layer.stateless_call(weights, others, x)[0] ** 2)

    return loss, [v.value for v in layer.trainable_variables]


def test_compiled_gradients_are_those_of_keras(layer, x):
    loss, weights = loss_of(layer)
    gatedcore.keras.disable()
    expected = jax.grad(loss, argnums=(0, 1))(weights, x)
    gatedcore.keras.enable()
    compiled = jax.jit(jax.grad(loss, argnums=(0, 1)))
    for _ in range(3):
        found = compiled(weights, x)
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    stats = gatedcore.keras.stats()
    assert (stats.served, stats.forward_runs, stats.backward_runs) == (1, 3, 3)
    assert shelf.nbytes == 0


def test_a_pass_that_the_shelf_let_go_runs_forward_again(layer, x, monkeypatch):
    loss, weights = loss_of(layer)
    expected = jax.grad(loss)(weights, x)
    monkeypatch.setattr(shelf, "take", lambda number: None)
    for a, b in zip(jax.jit(jax.grad(loss))(weights, x), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_input_s_gradient_is_computed_where_it_is_wanted(layer, x, monkeypatch):
    asked = []

    def recording(saved, *d_results, need_d_x):
        asked.append((need_d_x, *(d is not None for d in d_results)))
        return backward(saved, *d_results, need_d_x=need_d_x)

    backward = on_jax.backward
    monkeypatch.setattr(on_jax, "backward", recording)
    loss, weights = loss_of(layer)
    by_both = jax.grad(loss, argnums=(0, 1))(weights, x)[0]
    by_weights = jax.grad(loss)(weights, x)
    for found, wanted in zip(by_weights, by_both, strict=True):
        np.testing.assert_array_equal(found, wanted)
    # Of the outputs alone, as nothing hangs on the last states.
    assert asked == [(True, True, False, False), (False, True, False, False)]


def test_a_call_without_gradients_saves_nothing(layer, x):
    loss, weights = loss_of(layer)
    jax.jit(loss)(weights, x).block_until_ready()
    assert shelf.nbytes == 0
    assert gatedcore.keras.stats().forward_runs == 1


def test_a_mapped_call_runs_once_for_each(layer, x):
    loss, weights = loss_of(layer)
    several = jnp.stack([x, x * 2, x * 3])
    mapped = jax.vmap(jax.grad(loss), in_axes=(None, 0))(weights, several)
    for i in range(3):
        for a, b in zip(mapped, jax.grad(loss)(weights, several[i]), strict=True):
            np.testing.assert_allclose(a[i], b, atol=1e-6)


def test_a_second_derivative_is_an_error(layer, x):
    loss, weights = loss_of(layer)
    with pytest.raises(ValueError, match=r"[Pp]ure callbacks do not support JVP"):
        jax.grad(lambda x: jnp.sum(jax.grad(loss, argnums=1)(weights, x) ** 2))(x)


def test_large_arrays_do_not_stop_a_compiled_function():
    # Callbacks that wait for arrays larger than some 100 kB have been known to stop for good.
    layer = keras.layers.GRU(64, return_sequences=True)
    x = jnp.ones((64, 200, 64))
    layer.build(x.shape)
    loss, weights = loss_of(layer)
    compiled = jax.jit(jax.grad(loss, argnums=(0, 1)))
    for _ in range(5):
        found = compiled(weights, x * 0.5)
    assert np.isfinite(np.asarray(found[1])).all()


def test_half_precision_is_left_to_keras(x):
    keras.layers.GRU(H, dtype="mixed_bfloat16")(x)
    assert gatedcore.keras.stats().reasons == {"dtype bfloat16": 1}


def test_an_array_on_another_device_is_left_to_keras(x, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    keras.layers.GRU(H)(x)
    assert gatedcore.keras.stats().reasons == {"JAX runs on gpu": 1}


def test_one_core_is_left_to_keras(monkeypatch):
    # There a callback waits for a copy that its own thread has to make.
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0})
    layer = keras.layers.LSTM(4)
    layer(np.ones((2, 3, 3), "float32"))
    (reason,) = gatedcore.keras.stats().reasons
    assert reason.startswith("JAX has one core")
