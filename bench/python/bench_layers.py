"""Times LSTM and GRU layers beside PyTorch's, in one process, turn by turn, on the same processors.

    python bench/python/bench_layers.py --threads 1 --ceilings build/ceilings_bench

Both sides compute the same: all hidden states; in training also the gradients of input, weights and
biases, given one for every hidden state. Results are compared before anything is timed. Operations
are 2 T B (I + H) G H forward, three times that with backward; the gates' own arithmetic is not
counted. The peak is that of one thread, measured by ``ceilings_bench`` or given, times the threads.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

import gatedcore as gk
from gatedcore import _core

SHAPES = "100,1,64,64/100,32,1,50/100,32,64,64/100,32,128,128/100,32,256,256/100,64,512,512"
GATES = {"lstm": 4, "gru": 3}
GRU_ORDER = (1, 0, 2)  # PyTorch has r z n

# Far looser than tests/python/test_torch_agreement.py: enough to see that both compute the same.
NEAR = 1e-3
SAMPLE = 5e-3  # seconds of one timed sample at least, far above the clock's resolution
FEWEST_SAMPLES = 5


@dataclass(frozen=True)
class Shape:
    """Sizes of one layer's call."""

    T: int
    B: int
    I: int  # noqa: E741  # the letter of the equations
    H: int

    def operations(self, gates: int) -> float:
        """Return the floating-point operations of a forward pass."""
        return 2.0 * self.T * self.B * (self.I + self.H) * gates * self.H


@dataclass(frozen=True)
class Contest:
    """The same work on both sides; each call returns its results as arrays."""

    ours: Callable[[], tuple[np.ndarray, ...]]
    theirs: Callable[[], tuple[np.ndarray, ...]]


def reorder(array: np.ndarray) -> np.ndarray:
    """Return a GRU's gate columns in PyTorch's order, and back."""
    return np.concatenate([np.split(array, 3, axis=-1)[gate] for gate in GRU_ORDER], axis=-1)


def as_theirs(cell: str, array: np.ndarray) -> np.ndarray:
    """Return columns of gates as PyTorch has them."""
    return array if cell == "lstm" else reorder(array)


def contests(cell: str, shape: Shape) -> dict[str, Contest]:
    """Return the two passes of one layer."""
    gates = GATES[cell]
    rng = np.random.default_rng(0)
    bound = 1 / np.sqrt(shape.H)

    def uniform(*size: int) -> np.ndarray:
        return rng.uniform(-bound, bound, size).astype(np.float32)

    x = rng.normal(size=(shape.T, shape.B, shape.I)).astype(np.float32)
    d_h = rng.normal(size=(shape.T, shape.B, shape.H)).astype(np.float32)
    kernel, recurrent = uniform(shape.I, gates * shape.H), uniform(shape.H, gates * shape.H)
    biases = uniform(2, gates * shape.H)
    if cell == "lstm":
        biases[1] = 0  # Keras's LSTM has one bias

    module = (torch.nn.LSTM if cell == "lstm" else torch.nn.GRU)(shape.I, shape.H)
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.from_numpy(as_theirs(cell, kernel).T.copy()))
        module.weight_hh_l0.copy_(torch.from_numpy(as_theirs(cell, recurrent).T.copy()))
        module.bias_ih_l0.copy_(torch.from_numpy(as_theirs(cell, biases[0])))
        module.bias_hh_l0.copy_(torch.from_numpy(as_theirs(cell, biases[1])))
    their_x = torch.from_numpy(x)
    their_leaf = their_x.clone().requires_grad_()
    their_d_h = torch.from_numpy(d_h)

    def our_forward() -> tuple[np.ndarray, ...]:
        if cell == "lstm":
            return (gk.ops.lstm(x, kernel, recurrent, biases[0], time_major=True)[0],)
        return (gk.ops.gru(x, kernel, recurrent, biases, time_major=True),)

    def our_training() -> tuple[np.ndarray, ...]:
        if cell == "lstm":
            h, _, cache = gk.ops.lstm(
                x, kernel, recurrent, biases[0], time_major=True, return_cache=True
            )
            g = gk.ops.lstm_backward(cache, d_h)
        else:
            h, cache = gk.ops.gru(x, kernel, recurrent, biases, time_major=True, return_cache=True)
            g = gk.ops.gru_backward(cache, d_h)
        return h, g.x, g.kernel, g.recurrent_kernel

    def their_forward() -> tuple[np.ndarray, ...]:
        with torch.inference_mode():
            return (module(their_x)[0].numpy(),)

    def their_training() -> tuple[np.ndarray, ...]:
        module.zero_grad(set_to_none=True)
        their_leaf.grad = None
        h, _ = module(their_leaf)
        h.backward(their_d_h)
        grads = (their_leaf.grad, module.weight_ih_l0.grad.T, module.weight_hh_l0.grad.T)
        return (h.detach().numpy(), *(g.numpy() for g in grads))

    return {
        "forward": Contest(our_forward, their_forward),
        "forward+backward": Contest(our_training, their_training),
    }


def check_agreement(cell: str, contest: Contest) -> None:
    """Raise RuntimeError unless both sides give the same."""
    for index, (ours, theirs) in enumerate(zip(contest.ours(), contest.theirs(), strict=True)):
        if index >= 2:  # gradients of weights, whose columns are gates
            theirs = as_theirs(cell, theirs)
        off = np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max())
        if not off <= NEAR:
            raise RuntimeError(f"{cell}: result {index} differs from PyTorch's by {off:.2g}")


def sample(body: Callable[[], object], calls: int) -> float:
    """Return the seconds of one of several calls."""
    begin = time.perf_counter()
    for _ in range(calls):
        body()
    return (time.perf_counter() - begin) / calls


def time_both(contest: Contest, seconds: float) -> tuple[list[float], list[float]]:
    """Return samples of both sides, taken in turns for about the given seconds each."""
    bodies = (contest.ours, contest.theirs)
    calls = []
    for body in bodies:  # which warms up as well
        once = min(sample(body, 1) for _ in range(3))
        calls.append(max(1, int(SAMPLE / once)))
    samples: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + 2 * seconds
    while time.perf_counter() < end or len(samples[0]) < FEWEST_SAMPLES:
        for body, count, times in zip(bodies, calls, samples, strict=True):
            times.append(sample(body, count))
    return samples


def spread(times: list[float]) -> float:
    """Return the distance from the first to the ninth decile as a share of the median."""
    deciles = statistics.quantiles(times, n=10)
    return (deciles[-1] - deciles[0]) / statistics.median(times)


def measured_peak(program: str) -> float:
    """Return the float32 peak in GFLOP/s of one thread that ``ceilings_bench`` measures."""
    row = f"--benchmark_filter=^fma/{_core.info()['isa']}/float32/.*threads:1$"
    output = subprocess.run(
        [program, row, "--benchmark_format=json"], check=True, capture_output=True, text=True
    ).stdout
    return json.loads(output)["benchmarks"][0]["best GFLOP/s"]


def processor() -> str:
    """Return the name of the processor."""
    try:
        with open("/proc/cpuinfo") as file:
            return next(
                line.split(":")[1].strip() for line in file if line.startswith("model name")
            )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cells", default="lstm,gru")
    parser.add_argument("--shapes", default=SHAPES, help="T,B,I,H/T,B,I,H/...")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each side of each row")
    parser.add_argument("--peak", type=float, help="GFLOP/s of one thread in float32")
    parser.add_argument("--ceilings", help="path of ceilings_bench, which measures it")
    arguments = parser.parse_args()

    processors = sorted(os.sched_getaffinity(0))[-arguments.threads :]
    os.sched_setaffinity(0, processors)
    peak = arguments.peak or (measured_peak(arguments.ceilings) if arguments.ceilings else None)
    gk.ops.set_num_threads(arguments.threads)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    print(
        f"{processor()}, {arguments.threads} thread(s) on processors {processors}; gatedcore on "
        f"{_core.info()['isa']}, PyTorch {torch.__version__}; float32; peak of one thread "
        f"{'unknown' if peak is None else f'{peak:.1f} GFLOP/s'}; load {os.getloadavg()[0]:.2f}\n"
    )
    print(
        "| layer | T | B | I | H | pass | ms | spread | GFLOP/s | of peak | PyTorch ms | faster |"
    )
    print("|---|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|")
    for cell in arguments.cells.split(","):
        for text in arguments.shapes.split("/"):
            shape = Shape(*(int(size) for size in text.split(",")))
            for name, contest in contests(cell, shape).items():
                check_agreement(cell, contest)
                ours, theirs = time_both(contest, arguments.seconds)
                median = statistics.median(ours)
                work = shape.operations(GATES[cell]) * (3 if "backward" in name else 1)
                rate = work / median / 1e9
                share = f"{rate / (peak * arguments.threads):.0%}" if peak else ""
                print(
                    f"| {cell} | {shape.T} | {shape.B} | {shape.I} | {shape.H} | {name} "
                    f"| {median * 1e3:.3f} | {spread(ours):.0%} | {rate:.1f} | {share} "
                    f"| {statistics.median(theirs) * 1e3:.3f} "
                    f"| {statistics.median(theirs) / median:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
