"""Times a batch of sequences of different lengths beside a dense one and PyTorch's PackedSequence.

    python bench/python/bench_lengths.py --threads 1

Lengths are uniform in [50, 500]. All three sides train: forward, and gradients of input and
weights. ``dense`` is a batch of as many rows without a mask and as many steps as the mean length;
what counts is the time per valid step. Results are compared with PyTorch's before anything is
timed; samples are taken in turns.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import gatedcore as gk
from gatedcore import _core

SHORTEST, LONGEST = 50, 500
GATES = {"lstm": 4, "gru": 3}
NEAR = 1e-3  # relative: enough to see that both compute the same


def sides(cell: str, batch: int, units: int) -> tuple[dict[str, Callable[[], np.ndarray]], float]:
    """Return what is timed by name, and the valid steps of the padded batch over the dense one."""
    rng = np.random.default_rng(0)
    bound = 1 / np.sqrt(units)
    gates = GATES[cell]
    lengths = rng.integers(SHORTEST, LONGEST + 1, batch)
    mean = int(lengths.mean().round())
    mask = np.arange(LONGEST) < lengths[:, None]
    x, d_h = (rng.normal(size=(batch, LONGEST, units)).astype(np.float32) for _ in range(2))
    kernel, recurrent = (
        rng.uniform(-bound, bound, (units, gates * units)).astype(np.float32) for _ in range(2)
    )
    run = gk.ops.lstm if cell == "lstm" else gk.ops.gru
    back = gk.ops.lstm_backward if cell == "lstm" else gk.ops.gru_backward

    def masked() -> np.ndarray:
        cache = run(x, kernel, recurrent, mask=mask, zero_output_for_mask=True, return_cache=True)[
            -1
        ]
        return back(cache, d_h).x

    def dense() -> np.ndarray:
        cache = run(x[:, :mean], kernel, recurrent, return_cache=True)[-1]
        return back(cache, d_h[:, :mean]).x

    def inference() -> np.ndarray:
        return run(x, kernel, recurrent, mask=mask)[0]

    def dense_inference() -> np.ndarray:
        return run(x[:, :mean], kernel, recurrent)[0]

    def ordered(array: np.ndarray) -> torch.Tensor:
        parts = np.split(array, gates, axis=-1)
        order = range(4) if cell == "lstm" else (1, 0, 2)
        return torch.from_numpy(np.concatenate([parts[g] for g in order], axis=-1).T.copy())

    module = (torch.nn.LSTM if cell == "lstm" else torch.nn.GRU)(
        units, units, bias=False, batch_first=True
    )
    with torch.no_grad():
        module.weight_ih_l0.copy_(ordered(kernel))
        module.weight_hh_l0.copy_(ordered(recurrent))
    leaf = torch.from_numpy(x).clone().requires_grad_()

    def packed() -> np.ndarray:
        module.zero_grad(set_to_none=True)
        leaf.grad = None
        sequence = pack_padded_sequence(
            leaf, torch.from_numpy(lengths), batch_first=True, enforce_sorted=False
        )
        h, _ = pad_packed_sequence(module(sequence)[0], batch_first=True, total_length=LONGEST)
        h.backward(torch.from_numpy(d_h))
        return leaf.grad.numpy()

    bodies = {
        "masked training": masked,
        "dense training": dense,
        "PackedSequence training": packed,
        "masked inference": inference,
        "dense inference": dense_inference,
    }
    return bodies, lengths.sum() / (mean * batch)


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-arguments.threads :])
    gk.ops.set_num_threads(arguments.threads)
    torch.set_num_threads(arguments.threads)
    print(
        f"gatedcore on {_core.info()['isa']}, PyTorch {torch.__version__}, {arguments.threads} "
        f"thread(s), B {arguments.batch}, I = H = {arguments.units}, load {os.getloadavg()[0]:.2f}"
    )
    print("\n| layer | pass | masked, ms | dense per valid step | PackedSequence |")
    print("|---|---|--:|--:|--:|")
    for cell in GATES:
        bodies, more = sides(cell, arguments.batch, arguments.units)
        ours, theirs = bodies["masked training"](), bodies["PackedSequence training"]()
        if not np.abs(ours - theirs).max() <= NEAR * np.abs(theirs).max():
            raise RuntimeError(f"{cell}: the gradient of x differs from PyTorch's")
        times: dict[str, list[float]] = {name: [] for name in bodies}
        for _ in range(arguments.rounds):
            for name, body in bodies.items():
                begin = time.perf_counter()
                body()
                times[name].append(time.perf_counter() - begin)
        median = {name: statistics.median(of_side) for name, of_side in times.items()}
        for kind in ("inference", "training"):
            masked = median[f"masked {kind}"]
            speed = f"{median[f'dense {kind}'] * more / masked:.0%} of its speed"
            slower = (
                f"{median['PackedSequence training'] / masked:.1f} times slower"
                if kind == "training"
                else ""
            )
            print(f"| {cell} | {kind} | {masked * 1e3:.1f} | {speed} | {slower} |", flush=True)


if __name__ == "__main__":
    main()
