"""cpp/bindings/bind_optimizers.cpp: steps in place over flat vectors, and what stands around."""

import numpy as np
import pytest

from gatedcore import _core

COUNT = 19

# Each step: its vectors, those it does without, its numbers.
STEPS = {
    "adam_step": (("m", "v", "v_hat"), ("v_hat",), {"beta_1": 0.9, "beta_2": 0.99}),
    "sgd_step": (("velocity",), ("velocity",), {"momentum": 0.9, "nesterov": False}),
    "rmsprop_step": (("v", "m", "velocity"), ("m", "velocity"), {"rho": 0.9, "momentum": 0.9}),
    "nadam_step": (("m", "v"), (), {"beta_1": 0.9, "beta_2": 0.99}),
    "adagrad_step": (("squares",), (), {}),
}
RATES = {
    "nadam_step": {"m_rate": 0.06, "g_rate": 0.04, "v_factor": 1.5},
}


def vectors(*names: str, dtype: str = "float32") -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: np.abs(rng.normal(size=COUNT)).astype(dtype) for name in names}


def arguments(step: str, dtype: str = "float32", **changes: object) -> dict:
    names, _, numbers = STEPS[step]
    epsilon = {} if step == "sgd_step" else {"epsilon": 1e-7}
    made = vectors("parameters", "gradients", *names, dtype=dtype)
    return made | numbers | epsilon | RATES.get(step, {"rate": 0.1}) | changes


def expected(step: str, call: dict) -> dict[str, np.ndarray]:
    """Return what changes, in float64."""
    p, g = call["parameters"].astype("f8"), call["gradients"].astype("f8")
    slots = {name: call[name].astype("f8") for name in STEPS[step][0]}
    if step in ("adam_step", "nadam_step"):
        slots["m"] += 0.1 * (g - slots["m"])
        slots["v"] += 0.01 * (g * g - slots["v"])
    if step == "adam_step":
        slots["v_hat"] = np.maximum(slots["v_hat"], slots["v"])
        p -= 0.1 * slots["m"] / (np.sqrt(slots["v_hat"]) + 1e-7)
    elif step == "nadam_step":
        p -= (0.06 * slots["m"] + 0.04 * g) / (np.sqrt(1.5 * slots["v"]) + 1e-7)
    elif step == "sgd_step":
        slots["velocity"] = 0.9 * slots["velocity"] - 0.1 * g
        p += slots["velocity"]
    elif step == "rmsprop_step":
        slots["v"] += 0.1 * (g * g - slots["v"])
        slots["m"] += 0.1 * (g - slots["m"])
        variance = np.maximum(slots["v"] - slots["m"] ** 2, 0.0)
        slots["velocity"] = 0.9 * slots["velocity"] - 0.1 * g / np.sqrt(variance + 1e-7)
        p += slots["velocity"]
    else:
        slots["squares"] += g * g
        p -= 0.1 * g / np.sqrt(slots["squares"] + 1e-7)
    return {"parameters": p, **slots}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("step", STEPS)
def test_in_place(step, dtype):
    call = arguments(step, dtype)
    if step == "rmsprop_step":
        call["m"] *= call["m"].dtype.type(0.01)  # a mean whose square is below that of squares
        call["v"] += call["v"].dtype.type(1)
    after = expected(step, call)
    assert getattr(_core, step)(**call) is None
    # A dozen roundings each.
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    for name, value in after.items():
        np.testing.assert_allclose(call[name], value, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("step", STEPS)
def test_some_vectors_may_be_left_out(step):
    without = STEPS[step][1]
    call = arguments(step, **dict.fromkeys(without))
    before = call["parameters"].copy()
    getattr(_core, step)(**call)
    assert not np.array_equal(call["parameters"], before)
    for name in set(STEPS[step][0]) - set(without):
        with pytest.raises(TypeError):
            getattr(_core, step)(**arguments(step, **{name: None}))


@pytest.mark.parametrize(
    ("step", "name"), [(s, n) for s in STEPS for n in ("parameters", "gradients", *STEPS[s][0])]
)
def test_what_does_not_fit_is_refused(step, name):
    for wrong in (np.zeros((COUNT, 1), "f4"), np.zeros(2 * COUNT, "f4")[::2]):
        with pytest.raises(ValueError, match=f"{step}: "):
            getattr(_core, step)(**arguments(step, **{name: wrong}))
    with pytest.raises(TypeError, match=f"{step}: {name} has dtype int64"):
        getattr(_core, step)(**arguments(step, **{name: np.zeros(COUNT, "i8")}))
    if name == "gradients":
        return
    call = arguments(step)
    call[name].flags.writeable = False
    before = call["parameters"].copy()
    with pytest.raises(ValueError, match=f"{step}: {name} is read-only"):
        getattr(_core, step)(**call)
    np.testing.assert_array_equal(call["parameters"], before)


# What stands around a step.


def frame(dtype: str = "float32", **changes: object) -> tuple[dict, _core.UpdateFrame]:
    given = vectors("accumulated", "average", dtype=dtype) | {
        "summed": 2, "clip": "clipnorm", "limit": 0.5, "ends": [4, COUNT], "decay": 0.1,
        "average_share": 0.25,
    }  # fmt: skip
    return given | changes, _core.UpdateFrame(**(given | changes))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_frame_in_place(dtype):
    given, around = frame(dtype)
    call = arguments("sgd_step", dtype, velocity=None)
    mean = (call["gradients"].astype("f8") + given["accumulated"]) / 2
    parts = [part * 0.5 / np.linalg.norm(part) for part in np.split(mean, [4])]
    p = 0.9 * call["parameters"].astype("f8") - 0.1 * np.concatenate(parts)
    average = 0.75 * given["average"].astype("f8") + 0.25 * p
    _core.sgd_step(**call, frame=around)
    tolerance = 1e-6 if dtype == "float32" else 1e-14  # a dozen roundings of numbers of order 1
    np.testing.assert_allclose(call["parameters"], p, rtol=0, atol=tolerance)
    np.testing.assert_allclose(given["average"], average, rtol=0, atol=tolerance)
    assert not given["accumulated"].any()


@pytest.mark.parametrize("name", ["accumulated", "average"])
def test_vectors_of_a_frame_that_do_not_fit_are_refused(name):
    call = arguments("sgd_step")
    before = call["parameters"].copy()
    for wrong, error, message in (
        (np.zeros(COUNT + 1, "f4"), ValueError, "has shape"),
        (np.zeros(COUNT, "f8"), TypeError, "has dtype float64"),
    ):
        with pytest.raises(error, match=f"sgd_step: {name} {message}"):
            _core.sgd_step(**call, frame=frame(**{name: wrong})[1])
    read_only = np.zeros(COUNT, "f4")
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match=f"sgd_step: {name} is read-only"):
        _core.sgd_step(**call, frame=frame(**{name: read_only})[1])
    np.testing.assert_array_equal(call["parameters"], before)


@pytest.mark.parametrize(
    "ends", [[], [4], [COUNT + 1], [-1, COUNT], [9, 4, COUNT], [4, COUNT + 5, COUNT]]
)
def test_ends_that_do_not_fit_are_refused(ends):
    with pytest.raises(ValueError, match=f"sgd_step: ends do not rise from 0 to {COUNT}, expected"):
        _core.sgd_step(**arguments("sgd_step"), frame=frame(ends=ends)[1])


def test_other_mistakes_in_a_frame():
    with pytest.raises(ValueError, match="UpdateFrame: clip is 'norm', expected"):
        frame(clip="norm")
    with pytest.raises(ValueError, match="sgd_step: summed is 0, expected 1 or more"):
        _core.sgd_step(**arguments("sgd_step"), frame=frame(summed=0)[1])


def test_an_average_alone():
    parameters, average = vectors("a", "b").values()
    after = average + 0.25 * (parameters - average)
    _core.average_step(parameters, average, 0.25)
    np.testing.assert_allclose(average, after, rtol=3e-7)  # one rounding where NumPy has two
    with pytest.raises(ValueError, match="average_step: average has shape"):
        _core.average_step(parameters, np.zeros(3, "f4"), 0.25)
