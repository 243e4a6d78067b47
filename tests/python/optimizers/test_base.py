import copy
import pickle

import numpy as np
import pytest

import gatedcore as gk
from descent import COUNT, descend, problem, vector
from gatedcore import optimizers
from gatedcore.optimizers.schedules import ExponentialDecay, LearningRateSchedule
from optimizer_kinds import FRAMES, MAKERS

ENDS = (5, 6, 30, COUNT)

# The learning rate.


def test_learning_rate_may_change_between_steps() -> None:
    parameters, (gradient, *_) = problem()
    optimizer = gk.SGD()
    optimizer.learning_rate = 0.5
    expected = parameters - 0.5 * gradient
    optimizer.step(parameters, gradient)
    np.testing.assert_allclose(parameters, expected, rtol=1e-15)  # one rounding, perhaps fused
    with pytest.raises(ValueError, match="SGD: learning_rate is -1, expected a number in"):
        optimizer.learning_rate = -1.0
    assert optimizer.learning_rate == 0.5
    optimizer.lr = 0.25  # an older name
    assert optimizer.learning_rate == optimizer.lr == 0.25


def test_a_schedule_is_asked_at_every_step() -> None:
    schedule = ExponentialDecay(0.5, 2, 0.25)
    optimizer, parameters = gk.SGD(schedule), vector(np.zeros(1))
    for step in range(4):
        assert optimizer.learning_rate == schedule(step)
        optimizer.step(parameters, np.ones(1))
    np.testing.assert_allclose(parameters, -(0.5 + 0.25 + 0.125 + 0.0625), rtol=1e-15)
    with pytest.raises(TypeError, match=r"SGD: learning_rate is 0\.1 where a schedule Exponential"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = ExponentialDecay(1.0, 4, 0.5)
    assert optimizer.learning_rate == 0.5


def test_weight_decay_follows_the_schedule() -> None:
    optimizer, parameters = gk.SGD(ExponentialDecay(0.5, 1, 0.5), weight_decay=0.5), vector([1.0])
    optimizer.step(parameters, np.zeros(1))
    optimizer.step(parameters, np.zeros(1))
    np.testing.assert_allclose(parameters, 0.75 * 0.875, rtol=1e-15)


def test_a_schedule_counts_gradients_as_in_keras() -> None:
    asked = []

    class Asked(LearningRateSchedule):
        def __call__(self, step: int) -> float:
            asked.append(step)
            return 0.5

    optimizer, parameters = gk.SGD(Asked(), gradient_accumulation_steps=2), vector(np.zeros(1))
    for _ in range(4):
        optimizer.step(parameters, np.ones(1))
    assert asked == [1, 3]
    assert (optimizer.iterations, optimizer.calls) == (2, 4)


def test_a_callable_is_asked_without_arguments() -> None:
    rates = iter([0.5, 0.25])
    optimizer, parameters = gk.SGD(lambda: next(rates)), vector(np.zeros(1))
    optimizer.step(parameters, np.ones(1))
    optimizer.step(parameters, np.ones(1))
    assert parameters[0] == -0.75
    with pytest.raises(TypeError, match=r"sgd\.get_config: learning_rate is the callable <lambda>"):
        optimizer.get_config()
    optimizer.learning_rate = 0.125
    assert optimizer.learning_rate == 0.125


@pytest.mark.parametrize("rate", [-0.1, float("nan"), 1e39, "fast", None])
def test_a_rate_that_is_none_is_an_error_before_the_step(rate: object) -> None:
    optimizer, parameters = gk.Adam(lambda: rate, weight_decay=0.1), vector(np.ones(2))
    with pytest.raises((ValueError, TypeError), match="Adam, schedule <lambda>: learning_rate is"):
        optimizer.step(parameters, np.ones(2))
    np.testing.assert_array_equal(parameters, 1.0)
    assert optimizer.calls == 0


# State.


@pytest.mark.parametrize("shared", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_state_goes_there_and_back(make, shared: dict) -> None:
    parameters, gradients = problem(np.float32)
    optimizer = make(**shared)
    optimizer.attach(parameters, ENDS)
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

    fresh, others = make(**shared), vector(kept, np.float32)
    fresh.set_state(state)
    fresh.attach(others, ENDS)
    for gradient in gradients[5:]:
        fresh.step(others, gradient)
    np.testing.assert_array_equal(others, expected)

    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert twin.get_config() == optimizer.get_config()
        assert twin.calls == 20


def test_state_of_something_else_is_refused() -> None:
    parameters, (gradient, *_) = problem(np.float32)
    adam = gk.Adam()
    adam.step(parameters, gradient)
    momentum = gk.SGD(momentum=0.5)
    momentum.step(vector(np.zeros(COUNT), np.float32), gradient)
    small = gk.Adam()
    small.step(vector(np.zeros(3), np.float32), gradient[:3])
    nadam = optimizers.Nadam()
    nadam.step(vector(np.zeros(COUNT), np.float32), gradient)
    plain = gk.SGD()
    plain.step(vector(np.zeros(COUNT), np.float32), gradient)
    before = adam.get_state()
    for other in (momentum, small, nadam, plain, gk.Adam(amsgrad=True), gk.Adam(use_ema=True)):
        if not other.calls:
            other.step(vector(np.zeros(COUNT), np.float32), gradient)
        with pytest.raises(ValueError, match=r"adam\.set_state: state holds"):
            adam.set_state(other.get_state())
    scheduled = gk.Adam(ExponentialDecay(0.1, 1, 0.5))
    scheduled.step(vector(np.zeros(COUNT), np.float32), gradient)
    with pytest.raises(ValueError, match=r"adam\.set_state: state has a schedule as learning rate"):
        adam.set_state(scheduled.get_state())
    with pytest.raises(ValueError, match=r"adam\.set_state: state has a number as learning rate"):
        scheduled.set_state(adam.get_state())
    after = adam.get_state()
    np.testing.assert_array_equal(after.pop("slots")["m"], before.pop("slots")["m"])
    assert after == before


def test_a_state_from_before_the_first_step_begins_anew() -> None:
    path = descend(optimizers.Nadam(use_ema=True))
    optimizer = optimizers.Nadam(use_ema=True)
    fresh = optimizer.get_state()
    parameters, gradients = problem()
    optimizer.step(parameters, gradients[3])
    parameters[...] = problem()[0]
    optimizer.set_state(fresh)
    optimizer.step(parameters, gradients[0])
    np.testing.assert_array_equal(parameters, path[0])


def test_one_optimizer_for_one_vector() -> None:
    parameters, (gradient, *_) = problem(np.float32)
    optimizer = gk.Adam()
    optimizer.step(parameters, gradient)
    with pytest.raises(ValueError, match="adam: optimizer already trains other parameters"):
        optimizer.step(parameters.copy(), gradient)
    assert optimizer.iterations == 1
    twin = copy.deepcopy(optimizer)
    twin.step(parameters.copy(), gradient)
    assert (twin.iterations, optimizer.iterations) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": 7}, TypeError, "SGD: name is 7, expected a string"),
        ({"learning_rate": gk.SGD}, TypeError, "SGD: learning_rate is .*, expected a number in"),
        ({"learning_rate": None}, TypeError, "SGD: learning_rate is None, expected a number in"),
    ],
)
def test_bad_arguments(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        gk.SGD(**arguments)
