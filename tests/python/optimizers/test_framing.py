import numpy as np
import pytest

import gatedcore as gk
from descent import COUNT, DTYPES, assert_same_path, descend, problem, vector
from optimizer_kinds import FRAMES, MAKERS

ENDS = (5, 6, 30, COUNT)


def clipped(g: np.ndarray, shared: dict) -> np.ndarray:
    if "clipvalue" in shared:
        return np.clip(g, -shared["clipvalue"], shared["clipvalue"])
    for name, ends in (("clipnorm", ENDS), ("global_clipnorm", (COUNT,))):
        if name in shared:
            parts = np.split(g, ends[:-1])
            scales = [shared[name] / max(np.linalg.norm(p), shared[name]) for p in parts]
            return np.concatenate([p * s for p, s in zip(parts, scales, strict=True)])
    return g


def plain_path(make, shared: dict, dtype) -> tuple[np.ndarray, np.ndarray]:
    """Keras's order of things around a plain optimizer in float64, written out."""
    parameters, gradients = problem(dtype)
    p, plain = vector(parameters.astype(np.float64)), make()
    steps = shared.get("gradient_accumulation_steps", 1)
    momentum = shared.get("ema_momentum", 0.0)
    kept, average, path = np.zeros(COUNT), np.zeros(COUNT), []
    for call, g in enumerate(gradients):
        iterations = call // steps
        kept += g
        if (call + 1) % steps == 0:
            p *= 1 - shared.get("weight_decay", 0.0) * 0.05
            plain.step(p, clipped(kept / steps, shared))
            kept = np.zeros(COUNT)
        if "use_ema" in shared:
            share = 1 - momentum if iterations else 1.0
            average = (1 - share) * average + share * p
            frequency = shared.get("ema_overwrite_frequency")
            if frequency and (iterations + 1) % frequency == 0:
                p[...] = average
        path.append(p.copy())
    return np.stack(path), average


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", MAKERS)
def test_what_stands_around_updates_is_keras_order(kind: str, frame: str, dtype) -> None:
    make, shared = MAKERS[kind], FRAMES[frame]
    optimizer = make(**shared)
    path, (expected, average) = descend(optimizer, dtype, ENDS), plain_path(make, shared, dtype)
    # Averages and normed gradients add a dozen roundings, centered variances count theirs thrice.
    assert_same_path(path, expected, dtype, 10.0)
    if "use_ema" in shared:
        assert_same_path(optimizer.slots["average"], average, dtype, 10.0)
        assert not np.allclose(average, descend(make(), dtype)[-1], rtol=0.0, atol=1e-3)
    if frame not in ("none", "ema"):  # an average alone changes nothing yet
        assert not np.allclose(path[-1], descend(make(), dtype, ENDS)[-1], rtol=0.0, atol=1e-3)


def test_clipnorm_without_ends_takes_the_vector_for_one_variable() -> None:
    one, whole = descend(gk.SGD(0.05, clipnorm=1.0)), descend(gk.SGD(0.05, global_clipnorm=1.0))
    np.testing.assert_array_equal(one, whole)


def test_a_gradient_below_the_limit_stays() -> None:
    for limit in ({"clipnorm": 100.0}, {"global_clipnorm": 100.0}, {"clipvalue": 100.0}):
        np.testing.assert_array_equal(descend(gk.Adam(**limit), ends=ENDS), descend(gk.Adam()))


def test_large_gradients_in_float32_have_a_norm() -> None:
    parameters = vector(np.zeros(4), np.float32)
    gk.SGD(1.0, global_clipnorm=2.0).step(parameters, np.full(4, 1e30, np.float32))
    np.testing.assert_allclose(parameters, -1.0, rtol=1e-6)  # one rounding of the scale, one of 1


@pytest.mark.parametrize("kind", MAKERS)
def test_same_bits_for_any_number_of_threads(kind: str) -> None:
    rng, found = np.random.default_rng(1), []
    count = 500_003  # several million operations: enough to deserve several threads
    start, g = rng.normal(size=(2, count)).astype(np.float32)
    ends = [100, 70_000, 70_001, 300_000, count]
    before = gk.get_num_threads()
    for threads in (1, 2, 3, 5):
        gk.set_num_threads(threads)
        shared = {"weight_decay": 0.1, "use_ema": True, "gradient_accumulation_steps": 2}
        for clip in ("clipnorm", "global_clipnorm"):
            optimizer, parameters = MAKERS[kind](**shared, **{clip: 3.0}), vector(start, np.float32)
            optimizer.attach(parameters, ends)
            for _ in range(3):
                optimizer.step(parameters, g)
            found.append([parameters, *optimizer.get_state()["slots"].values()])
    gk.set_num_threads(before)
    assert not np.array_equal(found[0][0], start)
    for result, expected in zip(found[2:], found[:2] * 3, strict=True):
        for array, same in zip(result, expected, strict=True):
            np.testing.assert_array_equal(array, same)


def test_the_average_replaces_the_parameters_at_the_end() -> None:
    parameters, gradients = problem()
    optimizer = gk.SGD(0.05, use_ema=True, ema_momentum=0.5)
    before = parameters.copy()
    optimizer.finalize_variable_values(parameters)  # of no step yet
    np.testing.assert_array_equal(parameters, before)
    for g in gradients:
        optimizer.step(parameters, g)
    expected = optimizer.get_state()["slots"]["average"]
    assert not np.allclose(parameters, expected)
    optimizer.finalize_variable_values(parameters)
    np.testing.assert_array_equal(parameters, expected)
    other, kept = gk.SGD(), parameters.copy()
    other.step(parameters, np.zeros(COUNT))
    other.finalize_variable_values(parameters)
    np.testing.assert_array_equal(parameters, kept)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"loss_scale_factor": 2.0}, ValueError, "SGD: loss_scale_factor=2.0 is not supported"),
        ({"lr": 0.1}, TypeError, "SGD: got an unknown argument 'lr'"),
        ({"clipnorm": 0}, ValueError, "SGD: clipnorm is 0, expected a number in"),
        ({"weight_decay": -1}, ValueError, "SGD: weight_decay is -1, expected a number in"),
        ({"use_ema": 1}, TypeError, "SGD: use_ema is 1, expected True or False"),
        ({"ema_momentum": 1.5}, ValueError, "SGD: ema_momentum is 1.5, expected a number in"),
        ({"ema_overwrite_frequency": 0}, ValueError, "SGD: ema_overwrite_frequency is 0, expect"),
        (
            {"gradient_accumulation_steps": 1},
            ValueError,
            "SGD: gradient_accumulation_steps is 1, expected an integer of at least 2",
        ),
        (
            {"gradient_accumulation_steps": 2.5},
            TypeError,
            "SGD: gradient_accumulation_steps is 2.5, expected an integer",
        ),
    ],
)
def test_bad_arguments(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        gk.SGD(**arguments)


def test_what_slots_depend_on_is_fixed() -> None:
    for name in ("use_ema", "gradient_accumulation_steps", "amsgrad", "iterations"):
        with pytest.raises(AttributeError):
            setattr(gk.Adam(), name, 2)
