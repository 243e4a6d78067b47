import copy

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import optimizers
from gatedcore.arrays import aligned_zeros

DTYPES = [np.float32, np.float64]
# A step is a handful of roundings of numbers of order 1, and there are 20 steps.
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-14}


def vectors(dtype, count: int = 37) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    parameters = aligned_zeros(count, np.dtype(dtype))
    parameters[...] = rng.normal(size=count)
    return parameters, [rng.normal(size=count).astype(dtype) for _ in range(20)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_adam_is_keras_formula(dtype) -> None:
    parameters, gradients = vectors(dtype)
    p, m, v = parameters.astype(np.float64), np.zeros(37), np.zeros(37)
    optimizer = gk.Adam(0.01, beta_1=0.8, beta_2=0.99)
    for t, g in enumerate(gradients, start=1):
        optimizer.step(parameters, g)
        # keras/src/optimizers/adam.py
        g64 = g.astype(np.float64)
        alpha = 0.01 * np.sqrt(1 - 0.99**t) / (1 - 0.8**t)
        m += (g64 - m) * (1 - 0.8)
        v += (g64**2 - v) * (1 - 0.99)
        p -= m * alpha / (np.sqrt(v) + 1e-7)
    np.testing.assert_allclose(parameters, p, rtol=0.0, atol=TOLERANCE[dtype])
    assert optimizer.iterations == 20


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9, 1.0])
def test_sgd_is_keras_formula(dtype, momentum: float, nesterov: bool) -> None:
    parameters, gradients = vectors(dtype)
    p, velocity = parameters.astype(np.float64), np.zeros(37)
    optimizer = gk.SGD(0.05, momentum=momentum, nesterov=nesterov)
    for g in gradients:
        optimizer.step(parameters, g)
        # keras/src/optimizers/sgd.py
        g64 = g.astype(np.float64)
        velocity = momentum * velocity - 0.05 * g64
        if momentum == 0.0:
            p -= 0.05 * g64
        elif nesterov:
            p += momentum * velocity - 0.05 * g64
        else:
            p += velocity
    # Momentum 1 adds up 20 steps of 20 gradients: numbers of order 10.
    np.testing.assert_allclose(parameters, p, rtol=0.0, atol=10 * TOLERANCE[dtype])


def test_defaults_are_keras() -> None:
    adam, sgd = gk.Adam(), gk.SGD()
    assert (adam.learning_rate, adam.beta_1, adam.beta_2) == (0.001, 0.9, 0.999)
    assert (adam.epsilon, adam.name) == (1e-7, "adam")
    assert (sgd.learning_rate, sgd.momentum, sgd.nesterov) == (0.01, 0.0, False)


def test_learning_rate_may_change_between_steps() -> None:
    parameters, (gradient, *_) = vectors(np.float64)
    optimizer = gk.SGD()
    optimizer.learning_rate = 0.5
    expected = parameters - 0.5 * gradient
    optimizer.step(parameters, gradient)
    np.testing.assert_allclose(parameters, expected, rtol=1e-15)  # one rounding, perhaps fused
    with pytest.raises(ValueError, match="SGD: learning_rate is -1, expected a number in"):
        optimizer.learning_rate = -1.0
    assert optimizer.learning_rate == 0.5


@pytest.mark.parametrize("make", [gk.Adam, lambda: gk.SGD(momentum=0.9), gk.SGD])
def test_state_goes_there_and_back(make) -> None:
    parameters, gradients = vectors(np.float32)
    optimizer = make()
    for gradient in gradients[:5]:
        optimizer.step(parameters, gradient)
    state, kept = optimizer.get_state(), parameters.copy()
    for gradient in gradients[5:]:
        optimizer.step(parameters, gradient)
    expected = parameters.copy()

    parameters[...] = kept
    optimizer.set_state(state)
    for gradient in gradients[5:]:
        optimizer.step(parameters, gradient)
    np.testing.assert_array_equal(parameters, expected)

    fresh, others = make(), aligned_zeros(37, np.dtype(np.float32))
    others[...] = kept
    fresh.set_state(state)
    for gradient in gradients[5:]:
        fresh.step(others, gradient)
    np.testing.assert_array_equal(others, expected)


def test_state_of_something_else_is_refused() -> None:
    parameters, (gradient, *_) = vectors(np.float32)
    adam = gk.Adam()
    adam.step(parameters, gradient)
    momentum = gk.SGD(momentum=0.5)
    momentum.step(aligned_zeros(37, np.dtype(np.float32)), gradient)
    with pytest.raises(ValueError, match=r"adam.set_state: state holds \{'velocity'"):
        adam.set_state(momentum.get_state())
    small = gk.Adam()
    small.step(aligned_zeros(3, np.dtype(np.float32)), gradient[:3])
    with pytest.raises(ValueError, match=r"adam.set_state: state holds"):
        adam.set_state(small.get_state())
    assert adam.iterations == 1


def test_one_optimizer_for_one_vector() -> None:
    parameters, (gradient, *_) = vectors(np.float32)
    optimizer = gk.Adam()
    optimizer.step(parameters, gradient)
    with pytest.raises(ValueError, match="adam: optimizer already trains other parameters"):
        optimizer.step(parameters.copy(), gradient)
    assert optimizer.iterations == 1
    twin = copy.deepcopy(optimizer)
    twin.step(parameters.copy(), gradient)
    assert (twin.iterations, optimizer.iterations) == (2, 1)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: gk.Adam(learning_rate="fast"),
            TypeError,
            "Adam: learning_rate is 'fast', expected",
        ),
        (lambda: gk.Adam(beta_1=1.0), ValueError, "Adam: beta_1 is 1, expected a number in"),
        (lambda: gk.Adam(epsilon=0.0), ValueError, "Adam: epsilon is 0, expected a number in"),
        (lambda: gk.Adam(amsgrad=True), ValueError, "Adam: amsgrad=True is not supported"),
        (lambda: gk.Adam(clipnorm=1.0), ValueError, "Adam: clipnorm=1.0 is not supported"),
        (lambda: gk.Adam(lr=0.1), TypeError, "Adam: got an unknown argument 'lr'"),
        (lambda: gk.SGD(momentum=1.1), ValueError, "SGD: momentum is 1.1, expected a number in"),
        (lambda: gk.SGD(nesterov=1), TypeError, "SGD: nesterov is 1, expected True or False"),
    ],
)
def test_bad_arguments(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_get() -> None:
    assert isinstance(optimizers.get("Adam"), gk.Adam)
    assert isinstance(optimizers.get("sgd"), gk.SGD)
    own = gk.SGD()
    assert optimizers.get(own) is own
    with pytest.raises(ValueError, match="optimizer is 'lion', expected one of adam, sgd"):
        optimizers.get("lion")
    with pytest.raises(TypeError, match="optimizer has type ABCMeta, expected a name or an Optim"):
        optimizers.get(gk.Adam)


def test_momentum_may_be_set_after_the_first_step():
    optimizer = optimizers.SGD(0.5)
    parameters, gradients = aligned_zeros(2, np.dtype("f8")), np.ones(2)
    optimizer.step(parameters, gradients)
    optimizer.momentum = 0.5
    optimizer.step(parameters, gradients)
    optimizer.step(parameters, gradients)
    # -0.5, then velocities -0.5 and -0.75.
    np.testing.assert_allclose(parameters, -1.75, rtol=1e-15)


@pytest.mark.parametrize(
    ("optimizer", "name", "value", "error"),
    [
        (gk.Adam, "beta_1", 1.0, ValueError),
        (gk.Adam, "beta_2", -0.1, ValueError),
        (gk.Adam, "epsilon", 0.0, ValueError),
        (gk.Adam, "learning_rate", "fast", TypeError),
        (gk.SGD, "momentum", 1.1, ValueError),
        (gk.SGD, "nesterov", "no", TypeError),
        (gk.SGD, "learning_rate", -1.0, ValueError),
        (gk.SGD, "learning_rate", 1e39, ValueError),
    ],
)
def test_a_bad_value_is_refused_whenever_it_is_set(optimizer, name, value, error) -> None:
    made = optimizer()
    before = getattr(made, name)
    with pytest.raises(error, match=f"{optimizer.__name__}: {name} is .*, expected "):
        setattr(made, name, value)
    assert getattr(made, name) == before
    with pytest.raises(error, match=f"{optimizer.__name__}: {name} is .*, expected "):
        optimizer(**{name: value})
