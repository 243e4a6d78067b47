"""Times ``gatedcore.torch`` beside ``torch.nn``: training, packed sequences, one step of a cell.

    python bench/python/bench_torch.py --threads 1

Both modules hold the same parameters and get the same tensors; results and gradients are compared
before anything is timed. Samples are taken in turns, each the mean of as many calls as fill some
milliseconds, with the same number of threads for both. The medians and their ratio are printed as a
Markdown table, beside the ratio that a row is to reach.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn.utils.rnn import pack_padded_sequence

import gatedcore as gk

Body = Callable[[], None]


class Case(NamedTuple):
    """A row: what runs, on a module of torch.nn and on ours, and how much faster it is to be."""

    name: str
    bodies: tuple[Body, Body]
    target: float


def pair(kind: str, inputs: int, units: int, **options: int) -> list[torch.nn.Module]:
    """Return torch.nn's module and ours with the same parameters."""
    torch.manual_seed(0)
    modules = [getattr(place, kind)(inputs, units, **options) for place in (torch.nn, gk.torch)]
    modules[1].load_state_dict(modules[0].state_dict())
    return modules


def check(found: list[list[torch.Tensor]]) -> None:
    """Raise unless both sides agree, in float32 over sums of many steps."""
    for theirs, ours in zip(*found, strict=True):
        scale = float(theirs.abs().max())
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-4 * max(scale, 1.0))


def flat(results: object) -> list[torch.Tensor]:
    """Return the tensors of what a module returned."""
    return [t for t in torch.utils._pytree.tree_leaves(results) if torch.is_floating_point(t)]


def training(kind: str, sizes: tuple[int, int, int, int], target: float, **options: int) -> Case:
    """Forward and backward over a dense batch."""
    T, B, I, H = sizes  # noqa: E741  # the letters of the equations
    modules = pair(kind, I, H, **options)
    width = options.get("proj_size", H)
    x, d = torch.randn(T, B, I, requires_grad=True), torch.randn(T, B, width)
    found = []

    def body(module: torch.nn.Module) -> Body:
        def run() -> None:
            module.zero_grad()
            x.grad = None
            module(x)[0].backward(d)

        run()
        found.append([module(x)[0].detach(), x.grad, *(p.grad for p in module.parameters())])
        return run

    bodies = body(modules[0]), body(modules[1])
    check(found)
    extra = "".join(f" {name} {value}" for name, value in options.items())
    return Case(f"{kind}, training, T {T} B {B} I {I} H {H}{extra}", bodies, target)


def packed(kind: str, units: int, target: float) -> Case:
    """Forward and backward over a PackedSequence: 32 lengths, uniform in 50..500."""
    modules = pair(kind, units, units)
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(50, 501, (32,), generator=generator)
    x = torch.randn(int(lengths.max()), 32, units)
    steps = pack_padded_sequence(x, lengths, enforce_sorted=False)
    d = torch.randn(len(steps.data), units)
    found = []

    def body(module: torch.nn.Module) -> Body:
        def run() -> None:
            module.zero_grad()
            module(steps)[0].data.backward(d)

        run()
        found.append([p.grad for p in module.parameters()])
        return run

    bodies = body(modules[0]), body(modules[1])
    check(found)
    return Case(f"{kind}, training, packed, B 32 H {units}", bodies, target)


def one_step(kind: str, inputs: int, units: int, *, wanted: bool) -> Case:
    """One step of a cell at a batch of 1, with or without the graph of autograd."""
    modules = pair(kind, inputs, units)
    x, h = torch.randn(1, inputs), torch.randn(1, units)
    hx = (h, torch.randn(1, units)) if kind == "LSTMCell" else h
    check([[t.detach() for t in flat(module(x, hx))] for module in modules])

    def body(module: torch.nn.Module) -> Body:
        def run() -> None:
            with torch.set_grad_enabled(wanted):
                module(x, hx)

        return run

    what = "step, with gradients wanted" if wanted else "step"
    name = f"{kind}, {what}, B 1 I {inputs} H {units}"
    return Case(name, (body(modules[0]), body(modules[1])), 1.0)


def cases() -> list[Case]:
    """Return all rows."""
    sizes = [(100, 32, 64, 64), (100, 32, 128, 128)]
    rows = [training("LSTM", s, 2.0) for s in sizes] + [training("GRU", s, 4.0) for s in sizes]
    rows += [training("LSTM", (100, 32, 64, 128), 2.0, proj_size=64)]
    rows += [packed("LSTM", 128, 10.0), packed("GRU", 128, 10.0)]
    for kind in ("LSTMCell", "GRUCell"):
        for inputs, units in ((8, 16), (64, 64), (64, 128), (256, 256), (512, 512)):
            rows.append(one_step(kind, inputs, units, wanted=False))
        rows.append(one_step(kind, 64, 128, wanted=True))
    return rows


def seconds(body: Body, calls: int) -> float:
    """Return what a call takes."""
    start = time.perf_counter()
    for _ in range(calls):
        body()
    return (time.perf_counter() - start) / calls


def measure(case: Case, rounds: int) -> tuple[float, float]:
    """Return the medians of both sides, from samples in turns."""
    calls = [max(1, int(0.005 / seconds(body, 1))) for body in case.bodies]
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side in (0, 1):
            samples[side].append(seconds(case.bodies[side], calls[side]))
    return statistics.median(samples[0]), statistics.median(samples[1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    gk.set_num_threads(arguments.threads)
    print(f"PyTorch {torch.__version__}, gatedcore {gk.__version__}, {arguments.threads} threads\n")
    print("| | torch.nn | gatedcore.torch | ratio | target |")
    print("|---|---|---|---|---|")
    for case in cases():
        theirs, ours = measure(case, arguments.rounds)
        ratio, target = theirs / ours, case.target
        verdict = "met" if ratio >= target else "**missed**"
        print(
            f"| {case.name} | {theirs * 1e3:.3g} ms | {ours * 1e3:.3g} ms | {ratio:.2f}x | "
            f"≥ {target:.2f}x, {verdict} |"
        )


if __name__ == "__main__":
    main()
