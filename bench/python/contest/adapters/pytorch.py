"""PyTorch: nn.LSTM and nn.GRU on time-major sequences, the cells for single steps."""

from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from contest.adapters import NotOfferedError, Prepared
from contest.problem import STEPS_CHECKED, Problem, reorder, restore

ORDER = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}  # PyTorch has i f g o and r z n


class PyTorch:
    """PyTorch in its own process."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)

    def versions(self) -> dict[str, str]:
        """Return PyTorch's version."""
        return {"torch": torch.__version__}

    def prepare(self, problem: Problem, variant: str) -> Prepared:
        """Return a module's pass, over a PackedSequence for the option "lengths"."""
        case = problem.case
        if case.option not in ("", "lengths"):
            raise NotOfferedError(f"timed without {case.option}")
        return _step(problem) if case.kind == "step" else _pass(problem)


def _set_weights(module: Any, problem: Problem, suffix: str) -> None:
    cell = problem.case.cell
    biases = problem.bias if cell == "gru" else np.stack([problem.bias, 0 * problem.bias])
    values = {
        "weight_ih": reorder(problem.kernel, ORDER[cell]).T,
        "weight_hh": reorder(problem.recurrent, ORDER[cell]).T,
        "bias_ih": reorder(biases[0], ORDER[cell]),
        "bias_hh": reorder(biases[1], ORDER[cell]),
    }
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name + suffix).copy_(torch.from_numpy(value.copy()))


def _pass(problem: Problem) -> Prepared:
    case = problem.case
    module = (torch.nn.LSTM if case.cell == "lstm" else torch.nn.GRU)(case.I, case.H)
    _set_weights(module, problem, "_l0")
    x, d_h = torch.from_numpy(problem.x), torch.from_numpy(problem.d_h)
    leaf = x.clone().requires_grad_()
    lengths = torch.from_numpy(problem.lengths)

    def run(sequence: torch.Tensor) -> torch.Tensor:
        if case.option != "lengths":
            return module(sequence)[0]
        packed = pack_padded_sequence(sequence, lengths, enforce_sorted=False)
        return pad_packed_sequence(module(packed)[0], total_length=case.T)[0]

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            return run(x)

    def training() -> torch.Tensor:
        module.zero_grad(set_to_none=True)
        leaf.grad = None
        h = run(leaf)
        h.backward(d_h)
        return h

    def results() -> dict[str, np.ndarray]:
        if case.kind == "infer":
            return {"h": forward().numpy()}
        h = training().detach().numpy()
        order = ORDER[case.cell]
        d_b_x, d_b_h = (
            restore(bias.grad.numpy(), order) for bias in (module.bias_ih_l0, module.bias_hh_l0)
        )
        return {
            "h": h,
            "d_x": leaf.grad.numpy(),
            "d_kernel": restore(module.weight_ih_l0.grad.T.numpy(), order),
            "d_recurrent": restore(module.weight_hh_l0.grad.T.numpy(), order),
            "d_bias": d_b_x if case.cell == "lstm" else np.stack([d_b_x, d_b_h]),
        }

    valid = float(problem.lengths.mean() / case.T)
    return Prepared(forward if case.kind == "infer" else training, results, valid)


def _step(problem: Problem) -> Prepared:
    case = problem.case
    if case.T > 1:
        raise NotOfferedError("blocks of steps are timed for gatedcore alone")
    module = (torch.nn.LSTMCell if case.cell == "lstm" else torch.nn.GRUCell)(case.I, case.H)
    _set_weights(module, problem, "")
    x = torch.from_numpy(problem.x)
    carried: list[Any] = [None]

    @torch.inference_mode()
    def step(x_t: torch.Tensor) -> torch.Tensor:
        carried[0] = state = module(x_t, carried[0])
        return state[0] if case.cell == "lstm" else state

    def results() -> dict[str, np.ndarray]:
        carried[0] = None
        return {"h": np.stack([step(x[t]).numpy() for t in range(STEPS_CHECKED)])}

    first = x[0].clone()
    return Prepared(lambda: step(first), results)


def adapter(library: str, threads: int) -> PyTorch:
    """Return the adapter."""
    return PyTorch(threads)
