"""The numbers of a case, the same in the process of every library."""

from dataclasses import dataclass

import numpy as np

from contest.cases import GATES, SHORTEST, Case

STEPS_CHECKED = 5  # of a stream: enough for a wrong state to show

# Steps that the mask of the option "mask" leaves out, anywhere in a sequence.
HOLES = 0.1
# The first states of the option "denormal": below the smallest normal float32, 1.2e-38.
DENORMAL = 1e-39
# sigmoid(6) = 0.9975: a state keeps its size for hundreds of steps.
KEEPING = 6.0


@dataclass(frozen=True)
class Problem:
    """Arrays in gatedcore's layout: gates i f g o and z r n side by side, time first.

    ``bias`` is (4H,) for an LSTM and (2, 3H) for a GRU, ``lengths`` is (B,). ``d_h`` is the
    gradient that arrives at every hidden state, zero where a step does not count.
    """

    case: Case
    x: np.ndarray
    kernel: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray
    d_h: np.ndarray
    lengths: np.ndarray


def lengths_of(case: Case) -> np.ndarray:
    """Return the lengths of the sequences of a batch: uniform for the option "lengths", else T."""
    if case.option != "lengths":
        return np.full(case.B, case.T)
    shortest = min(SHORTEST, case.T)
    return np.random.default_rng(1).integers(shortest, case.T + 1, case.B)


def problem_of(case: Case) -> Problem:
    """Return the arrays of a case."""
    rng = np.random.default_rng(0)
    T, B, I, H = case.T, case.B, case.I, case.H  # noqa: E741  # the equations' letters
    G = GATES[case.cell]
    bound = 1 / np.sqrt(H)

    def uniform(*size: int) -> np.ndarray:
        return rng.uniform(-bound, bound, size).astype(np.float32)

    lengths = lengths_of(case)
    steps = max(T, STEPS_CHECKED) if case.kind == "step" else T
    x = rng.standard_normal((steps, B, I), dtype=np.float32)
    kernel, recurrent = uniform(I, G * H), uniform(H, G * H)
    bias = uniform(G * H) if case.cell == "lstm" else uniform(2, G * H)
    d_h = rng.standard_normal((steps, B, H), dtype=np.float32)
    d_h[np.arange(steps)[:, None] >= lengths] = 0
    if case.option == "denormal":
        x[:], bias[:] = 0, 0
        gate = 1 if case.cell == "lstm" else 0
        bias[..., gate * H : (gate + 1) * H] = KEEPING / (1 if case.cell == "lstm" else 2)
    return Problem(case, x, kernel, recurrent, bias, d_h, lengths)


def reorder(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Return the gates of the last axis in another order."""
    parts = np.split(array, len(order), axis=-1)
    return np.concatenate([parts[gate] for gate in order], axis=-1)


def restore(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Undo ``reorder``."""
    return reorder(array, tuple(order.index(gate) for gate in range(len(order))))
