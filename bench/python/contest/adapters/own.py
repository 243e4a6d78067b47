"""gatedcore: the functions of ``gk.ops`` on arrays, streams for single steps."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

import gatedcore as gk
from contest.adapters import NotOfferedError, Prepared
from contest.problem import DENORMAL, HOLES, STEPS_CHECKED, Problem, problem_of
from gatedcore import _core

RATE = 0.2  # of the recurrent dropout


class Own:
    """gatedcore in its own process."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        gk.ops.set_num_threads(threads)

    def versions(self) -> dict[str, str]:
        """Return version, instruction set and compiler."""
        info = _core.info()
        return {"gatedcore": info["version"], "isa": info["isa"], "compiler": info["compiler"]}

    def prepare(self, problem: Problem, variant: str) -> Prepared:
        """Return a layer's pass or stream.

        Variants: ``plain`` leaves the option out, ``dense`` is a batch of as many full sequences of
        the mean length, ``one-thread`` is the case on one thread.
        """
        case = problem.case
        if variant == "plain":
            problem = problem_of(replace(case, option=""))
        if variant == "dense":
            return self._dense(problem)
        if case.option in ("two_layers", "bidirectional"):
            prepared = _stack(problem)
        elif case.kind == "step":
            prepared = _stream(problem)
        else:
            prepared = _pass(problem, *_arguments(problem))
        return self._on_one_thread(prepared) if variant == "one-thread" else prepared

    def _dense(self, problem: Problem) -> Prepared:
        mean = int(problem.lengths.mean().round())
        case = replace(problem.case, option="", T=mean)
        prepared = _pass(problem_of(case), {}, 1.0)
        return Prepared(prepared.run, dict, mean / problem.case.T)

    def _on_one_thread(self, prepared: Prepared) -> Prepared:
        def run() -> object:
            gk.ops.set_num_threads(1)
            try:
                return prepared.run()
            finally:
                gk.ops.set_num_threads(self._threads)

        return replace(prepared, run=run)


def _arguments(problem: Problem) -> tuple[dict[str, Any], float]:
    """Return the keyword arguments of an option, and the share of steps that count."""
    case = problem.case
    arguments: dict[str, Any] = {}
    valid = 1.0
    if case.option == "lengths":
        mask = np.arange(case.T)[:, None] < problem.lengths
        arguments, valid = {"mask": mask, "zero_output_for_mask": True}, mask.mean()
    if case.option == "mask":
        mask = np.random.default_rng(2).random((case.T, case.B)) >= HOLES
        arguments, valid = {"mask": mask}, mask.mean()
    if case.option == "recurrent_dropout":
        known = inspect.signature(getattr(gk.ops, case.cell)).parameters
        if "recurrent_dropout" not in known:
            raise NotOfferedError("gk.ops has no recurrent_dropout yet")
        arguments["recurrent_dropout"] = RATE
        arguments.update({"seed": 0} if "seed" in known else {})
    if case.option == "denormal":
        state = np.full((case.B, case.H), DENORMAL, np.float32)
        arguments["initial_state"] = [state, state] if case.cell == "lstm" else state
    if case.option == "relu":
        arguments["activation"] = "relu"
    if case.option == "reset_before":
        arguments["reset_after"] = False
    return arguments, float(valid)


def _pass(problem: Problem, arguments: dict[str, Any], valid: float) -> Prepared:
    """Return a whole sequence, forward or in training."""
    case, x, d_h = problem.case, problem.x, problem.d_h
    bias = problem.bias[0] if case.option == "reset_before" else problem.bias
    weights = (problem.kernel, problem.recurrent, bias)
    run = gk.ops.lstm if case.cell == "lstm" else gk.ops.gru
    back: Callable[..., Any] = gk.ops.lstm_backward if case.cell == "lstm" else gk.ops.gru_backward

    def forward() -> Any:
        return run(x, *weights, time_major=True, **arguments)

    def training() -> Any:
        h, *_, cache = run(x, *weights, time_major=True, return_cache=True, **arguments)
        return h, back(cache, d_h)

    def results() -> dict[str, np.ndarray]:
        if case.kind == "infer":
            h = forward()
            return {"h": h[0] if case.cell == "lstm" else h}
        h, g = training()
        of_weights = {"d_kernel": g.kernel, "d_recurrent": g.recurrent_kernel, "d_bias": g.bias}
        return {"h": h, "d_x": g.x, **of_weights}

    return Prepared(forward if case.kind == "infer" else training, results, valid)


def _stream(problem: Problem) -> Prepared:
    """Return one step, or a block of steps, of a layer that carries its states."""
    case = problem.case
    layer = (gk.LSTM if case.cell == "lstm" else gk.GRU)(case.H, return_sequences=True)
    layer.build((None, None, case.I))
    layer.set_weights([problem.kernel, problem.recurrent, problem.bias])
    stream = layer.stream()
    step, block = problem.x[0].copy(), problem.x.transpose(1, 0, 2)[:, : case.T].copy()

    def results() -> dict[str, np.ndarray]:
        stream.reset()
        return {"h": np.stack([stream.step(x) for x in problem.x[:STEPS_CHECKED]])}

    if case.T == 1:
        return Prepared(lambda: stream.step(step), results)
    return Prepared(lambda: stream.steps(block), results)


def _stack(problem: Problem) -> Prepared:
    """Return two layers, one after the other or one in each direction, of equal weights."""
    case = problem.case
    kind = gk.ops.StackedLSTM if case.cell == "lstm" else gk.ops.StackedGRU
    layer = kind(problem.kernel, problem.recurrent, problem.bias)
    if case.option == "bidirectional":
        layers = [(layer, layer)]
    else:
        layers = [layer, kind(problem.recurrent, problem.recurrent, problem.bias)]

    def inference() -> object:
        return gk.ops.stack(problem.x, layers, time_major=True)

    d_h = np.ones_like(gk.ops.stack(problem.x, layers, time_major=True)[0])

    def training() -> object:
        cache = gk.ops.stack(problem.x, layers, time_major=True, return_cache=True)[-1]
        return gk.ops.stack_backward(cache, d_h)

    return Prepared(inference if case.kind == "infer" else training, dict)


def adapter(library: str, threads: int) -> Own:
    """Return the adapter."""
    return Own(threads)
