"""The command ``gatedcore bench``: how fast layers run on this machine, and what bounds them."""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gatedcore import _core, ops, reference
from gatedcore.arrays import Array
from gatedcore.ceilings import multiply_add_rate, read_rate
from gatedcore.tasks.console import Parser, count, positive, print_table

GATES = {"lstm": 4, "gru": 3}
SHAPES = ((100, 32, 1, 50), (100, 32, 128, 128), (100, 1, 256, 256))  # T, B, I, H
READ_SIZES = {"16 KiB": 2**14, "256 KiB": 2**18, "4 MiB": 2**22, "256 MiB": 2**28}

SAMPLE = 0.01  # seconds of one timed sample at least: far above the clock's resolution
FEWEST_SAMPLES = 5
# Enough to see that the same is computed; tests/python/ops/ is where agreement is tested.
NEAR = 1e-3

Results = tuple[Array, ...]
GRU_ORDER = (1, 0, 2)  # PyTorch has r z n


@dataclass(frozen=True)
class Work:
    """One row: a layer of one shape, forward or in training."""

    cell: str
    T: int
    B: int
    I: int  # noqa: E741  # the letter of the equations
    H: int
    training: bool

    @property
    def operations(self) -> float:
        """Floating-point operations; those of the gates themselves are not counted."""
        forward = 2.0 * self.T * self.B * (self.I + self.H) * GATES[self.cell] * self.H
        return forward * (3 if self.training else 1)


@dataclass(frozen=True)
class Problem:
    """The arrays of a row, time first; gates in gatedcore's order."""

    x: Array
    kernel: Array
    recurrent: Array
    bias: Array
    d_h: Array


def main(arguments: Sequence[str]) -> None:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str
        What follows ``bench`` on the command line.

    Raises
    ------
    OSError
        If the file of ``--json`` cannot be written.
    RuntimeError
        If a result is not that of the plain loops in NumPy.
    """
    options = _parser().parse_args(arguments)
    before = _core.get_num_threads()
    if options.json is not None:
        options.json.open("a").close()  # an error here comes before a minute of work
    _core.set_num_threads(options.threads or before)
    try:
        report = run(options.seconds, SHAPES)
    finally:
        _core.set_num_threads(before)
    _print(report)
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


def run(seconds: float, shapes: Sequence[tuple[int, int, int, int]]) -> dict[str, Any]:
    """Measure the ceilings and every row, with a progress bar on standard error.

    Parameters
    ----------
    seconds : float
        For each library on each row.
    shapes : sequence of (T, B, I, H)
        Of an LSTM and a GRU each, forward, and forward and backward.

    Returns
    -------
    dict
        Facts about the machine, ``peak`` in operations per second, ``read`` in bytes per second,
        and ``rows``: median seconds of gatedcore and, if it is installed, PyTorch.

    Raises
    ------
    RuntimeError
        If a result is not that of the plain loops in NumPy.
    """
    from tqdm.auto import tqdm

    threads = _core.get_num_threads()
    torch = _load_torch(threads)
    works = [
        Work(cell, *shape, training)
        for cell in GATES
        for shape in shapes
        for training in (False, True)
    ]
    report: dict[str, Any] = {
        "machine": processor(),
        "threads": threads,
        "isa": _core.info()["isa"],
        "versions": {
            "gatedcore": _core.__version__,
            "numpy": np.__version__,
            "torch": None if torch is None else torch.__version__,
        },
    }
    interval = 0.1 if sys.stderr.isatty() else 10.0
    with tqdm(total=len(works) + 1, desc="bench", unit="row", mininterval=interval) as bar:
        report["peak"] = multiply_add_rate(threads, seconds / 4)
        report["read"] = {name: read_rate(size, seconds / 8) for name, size in READ_SIZES.items()}
        bar.update()
        report["rows"] = []
        for work in works:
            report["rows"].append(_measure(work, seconds, torch))
            bar.update()
        # Once more, in case others were at work the first time: too low a peak flatters.
        report["peak"] = max(report["peak"], multiply_add_rate(threads, seconds / 4))
    return report


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _parser() -> Parser:
    parser = Parser(
        prog="gatedcore bench",
        description="Time LSTM and GRU on this machine, beside PyTorch if it is installed.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--threads", type=count, metavar="N", help="as many as gatedcore uses by default"
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        default=2.0,
        metavar="S",
        help="for each library on each of twelve rows (%(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file")
    return parser


def _load_torch(threads: int) -> Any:
    """Return PyTorch on as many threads, or None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(threads)
    return torch


def _measure(work: Work, seconds: float, torch: Any) -> dict[str, Any]:
    """Check one row, then time it; the libraries take turns."""
    problem = _problem(work)
    bodies = {"gatedcore": _own(work, problem)}
    if torch is not None:
        bodies["torch"] = _pytorch(torch, work, problem)
    expected = _plain(work, problem)
    for name, body in bodies.items():
        _check(name, work, body(), expected)
    times = _turns(bodies, seconds)
    return {
        "cell": work.cell,
        "T": work.T,
        "B": work.B,
        "I": work.I,
        "H": work.H,
        "training": work.training,
        "operations": work.operations,
        "seconds": {name: statistics.median(of_body) for name, of_body in times.items()},
        "fastest": {name: min(of_body) for name, of_body in times.items()},
    }


def _problem(work: Work) -> Problem:
    rng = np.random.default_rng(0)
    width, bound = GATES[work.cell] * work.H, 1 / np.sqrt(work.H)

    def uniform(*size: int) -> Array:
        return rng.uniform(-bound, bound, size).astype(np.float32)

    return Problem(
        rng.standard_normal((work.T, work.B, work.I), np.float32),
        uniform(work.I, width),
        uniform(work.H, width),
        uniform(width) if work.cell == "lstm" else uniform(2, width),
        rng.standard_normal((work.T, work.B, work.H), np.float32),
    )


def _own(work: Work, p: Problem) -> Callable[[], Results]:
    """Return gatedcore's pass."""
    weights = (p.kernel, p.recurrent, p.bias)

    def lstm() -> Results:
        if not work.training:
            return (ops.lstm(p.x, *weights, time_major=True)[0],)
        h, _, cache = ops.lstm(p.x, *weights, time_major=True, return_cache=True)
        g = ops.lstm_backward(cache, p.d_h)
        assert g.x is not None
        return h, g.x, g.kernel, g.recurrent_kernel

    def gru() -> Results:
        if not work.training:
            return (ops.gru(p.x, *weights, time_major=True),)
        h, cache = ops.gru(p.x, *weights, time_major=True, return_cache=True)
        g = ops.gru_backward(cache, p.d_h)
        assert g.x is not None
        return h, g.x, g.kernel, g.recurrent_kernel

    return lstm if work.cell == "lstm" else gru


def _plain(work: Work, p: Problem) -> Results:
    """Return the same from plain NumPy."""
    weights = (p.kernel, p.recurrent, p.bias)
    if work.cell == "lstm":
        lstm = reference.lstm_forward(p.x, *weights, time_major=True)
        of_lstm = reference.lstm_backward(lstm, p.d_h)
        results = (lstm.h[1:], of_lstm.x, of_lstm.w_x, of_lstm.w_h)
    else:
        gru = reference.gru_forward(p.x, *weights, time_major=True)
        of_gru = reference.gru_backward(gru, p.d_h)
        results = (gru.h[1:], of_gru.x, of_gru.w_x, of_gru.w_h)
    return results if work.training else results[:1]


def _pytorch(torch: Any, work: Work, p: Problem) -> Callable[[], Results]:
    """Return PyTorch's pass; its gradients of weights are brought to our order of gates."""

    def ordered(array: Array) -> Array:  # and back: the order is its own inverse
        if work.cell == "lstm":
            return array
        parts = np.split(array, 3, axis=-1)
        return np.concatenate([parts[gate] for gate in GRU_ORDER], axis=-1)

    module = (torch.nn.LSTM if work.cell == "lstm" else torch.nn.GRU)(work.I, work.H)
    biases = p.bias if work.cell == "gru" else np.stack([p.bias, np.zeros_like(p.bias)])
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.from_numpy(ordered(p.kernel).T.copy()))
        module.weight_hh_l0.copy_(torch.from_numpy(ordered(p.recurrent).T.copy()))
        module.bias_ih_l0.copy_(torch.from_numpy(ordered(biases[0])))
        module.bias_hh_l0.copy_(torch.from_numpy(ordered(biases[1])))
    x, d_h = torch.from_numpy(p.x), torch.from_numpy(p.d_h)
    leaf = x.clone().requires_grad_()

    def forward() -> Results:
        with torch.inference_mode():
            return (module(x)[0].numpy(),)

    def training() -> Results:
        module.zero_grad(set_to_none=True)
        leaf.grad = None
        h, _ = module(leaf)
        h.backward(d_h)
        weights = (module.weight_ih_l0.grad, module.weight_hh_l0.grad)
        return (
            h.detach().numpy(),
            leaf.grad.numpy(),
            *(ordered(gradient.numpy().T) for gradient in weights),
        )

    return training if work.training else forward


def _check(name: str, work: Work, results: Results, expected: Results) -> None:
    for got, wanted in zip(results, expected, strict=True):
        off = float(np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max()))
        if not off <= NEAR:
            raise RuntimeError(f"bench: {name} differs from plain NumPy by {off:.2g} in {work}")


def _turns(bodies: dict[str, Callable[[], Results]], seconds: float) -> dict[str, list[float]]:
    """Return samples of each body, taken in turns for about the given seconds each."""
    calls = {
        name: max(1, int(SAMPLE / min(_sample(body, 1) for _ in range(3))))
        for name, body in bodies.items()
    }
    times: dict[str, list[float]] = {name: [] for name in bodies}
    end = time.perf_counter() + seconds * len(bodies)
    while time.perf_counter() < end or min(map(len, times.values())) < FEWEST_SAMPLES:
        for name, body in bodies.items():
            times[name].append(_sample(body, calls[name]))
    return times


def _sample(body: Callable[[], Results], calls: int) -> float:
    """Return the seconds of one of several calls."""
    begin = time.perf_counter()
    for _ in range(calls):
        body()
    return (time.perf_counter() - begin) / calls


def _print(report: dict[str, Any]) -> None:
    """Print what a person wants to know of a report."""
    versions = report["versions"]
    threads = report["threads"]
    print(
        f"{report['machine']}, {threads} thread{'s' if threads > 1 else ''}, {report['isa']}; "
        f"gatedcore {versions['gatedcore']}, load {os.getloadavg()[0]:.1f}"
    )
    print(f"peak of multiply-adds  {report['peak'] / 1e9:.0f} GFLOP/s in float32")
    reads = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in report["read"].items())
    print(f"reading, one thread    {reads} GB/s")
    torch = versions["torch"]
    head = ["layer", "T", "B", "I", "H", "pass", "ms", "GFLOP/s", "of peak"]
    rows = []
    for row in report["rows"]:
        seconds = row["seconds"]["gatedcore"]
        rate = row["operations"] / seconds
        cells = [row["cell"], row["T"], row["B"], row["I"], row["H"]]
        cells += ["forward+backward" if row["training"] else "forward", f"{seconds * 1e3:.3f}"]
        cells += [f"{rate / 1e9:.1f}", f"{rate / report['peak']:.0%}"]
        if torch is not None:
            theirs = row["seconds"]["torch"]
            cells += [f"{theirs * 1e3:.3f}", f"{theirs / seconds:.2f}x"]
        rows.append(cells)
    if torch is not None:
        head += ["PyTorch ms", "faster"]
    print_table(head, rows)
    print(f"PyTorch {torch}" if torch else "PyTorch is not installed: pip install torch")
