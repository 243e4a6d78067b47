"""Predicts the efficiency of weak scaling up to 1000 machines, as a table and a picture.

    python bench/python/predict_distributed.py [--out docs/img/distributed.png]
                                               [--page docs/distributed.md]

The step of four LSTMs is measured, on one core and a batch of as many rows as a core gets; a
machine with more cores is taken to get more rows, so that its step takes as long. Bytes are those
of the models' flat gradients. ``gatedcore.distributed.predict`` does the rest: the picture shows a
ring (gloo) as lines and halving and doubling (MPI) as dots, the table both.
"""

import argparse
import time
from pathlib import Path

import numpy as np

import gatedcore as gk
from contest.machine import processor
from contest.text import markdown
from gatedcore.distributed import predict
from scaling.page import put

# Layers and units, from a model for a sensor to one for a language.
MODELS = [(1, 64), (1, 128), (1, 512), (2, 1024)]
GIGABITS = [1.0, 10.0, 100.0]
MACHINES = [1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000]
TICKS = [1, 10, 100, 1000]
IN_TABLE = [2, 8, 64, 1000]
EVERY = [1, 8]  # batches between two sums
# Okabe and Ito's colours, which all eyes tell apart.
COLOURS = ["#0072B2", "#009E73", "#E69F00", "#D55E00"]


def model_of(layers: int, units: int, inputs: int) -> gk.Sequential:
    """Return a compiled model."""
    gk.set_random_seed(0)
    model = gk.Sequential(
        [
            gk.Input((None, inputs)),
            *(gk.LSTM(units, return_sequences=k < layers - 1) for k in range(layers)),
            gk.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    return model


def step_seconds(model: gk.Sequential, rows: int, steps: int, rounds: int) -> float:
    """Return the least processor time of a training step on one thread: others add least to it."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, steps, model.input_shape[-1]), np.float32)
    y = x[:, -1, :1].copy()
    took = []
    for _ in range(rounds + 1):
        begin = time.process_time()
        model.train_on_batch(x, y)
        took.append(time.process_time() - begin)
    return min(took[1:])


def name_of(layers: int, units: int) -> str:
    """Return "LSTM 128" or "2 x LSTM 128"."""
    return f"LSTM {units}" if layers == 1 else f"{layers} x LSTM {units}"


def table(models: dict[str, tuple[int, float]], latency: float) -> list[str]:
    """Return efficiencies: a ring, and halving and doubling in brackets."""
    columns = [(machines, 1) for machines in IN_TABLE] + [(IN_TABLE[-1], EVERY[-1])]

    def cell(sizes: tuple[int, float], gigabits: float, machines: int, every: int) -> str:
        ring, halving = (
            predict(*sizes, machines, gigabits, latency, every, algorithm).efficiency
            for algorithm in ("ring", "halving")
        )
        return f"{ring:.2f} ({halving:.2f})"

    rows = [
        [name, f"{4e-6 * sizes[0]:.2f}", f"{1e3 * sizes[1]:.1f}", f"{gigabits:g}"]
        + [cell(sizes, gigabits, *column) for column in columns]
        for name, sizes in models.items()
        for gigabits in GIGABITS
    ]
    head = ["model", "MB", "step, ms", "Gb/s", *(f"{n} machines" for n in IN_TABLE)]
    return markdown([*head, f"{IN_TABLE[-1]}, a sum every {EVERY[-1]} batches"], rows)


def draw(models: dict[str, tuple[int, float]], latency: float, path: Path) -> None:
    """Draw efficiency by machines: a panel for each rate, a row for each number of batches."""
    import matplotlib.pyplot as plt

    from plot import STYLE, save

    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            len(EVERY), len(GIGABITS), figsize=(7.2, 4.6), sharex=True, sharey=True,
            layout="constrained", squeeze=False,
        )  # fmt: skip
        for line, every in zip(axes, EVERY, strict=True):
            for panel, gigabits in zip(line, GIGABITS, strict=True):
                sums = "a sum every batch" if every == 1 else f"every {every} batches"
                panel.set_title(f"{gigabits:g} Gb/s, {sums}")
                for colour, (name, sizes) in zip(COLOURS, models.items(), strict=False):
                    for style, algorithm in (("-", "ring"), (":", "halving")):
                        curve = [
                            predict(*sizes, n, gigabits, latency, every, algorithm).efficiency
                            for n in MACHINES
                        ]
                        label = name if algorithm == "ring" else None
                        panel.plot(MACHINES, curve, style, color=colour, label=label)
                panel.set(xscale="log", ylim=(0, 1.02), xlim=(1, MACHINES[-1]))
                panel.grid(alpha=0.3)
        for panel in axes[-1]:
            panel.set(xlabel="machines", xticks=TICKS, xticklabels=map(str, TICKS))
        for line in axes:
            line[0].set_ylabel("efficiency")
        figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
        save(figure, path)
        plt.close(figure)


def main() -> None:
    """Print the table; draw the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=64)
    parser.add_argument("--rows", type=int, default=32, help="of a core")
    parser.add_argument("--steps", type=int, default=100, help="time steps of a row")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latency", type=float, default=5e-5, help="seconds of a message")
    parser.add_argument("--out", type=Path, help="file of the picture")
    parser.add_argument("--page", type=Path, help="where to put the table: docs/distributed.md")
    args = parser.parse_args()
    gk.set_num_threads(1)
    models = {}
    for layers, units in MODELS:
        model = model_of(layers, units, args.inputs)
        seconds = step_seconds(model, args.rows, args.steps, args.rounds)
        models[name_of(layers, units)] = (model.count_params(), seconds)
    lines = [
        f"{processor()}, one core: {args.rows} rows of {args.steps} steps, I={args.inputs}; "
        f"{1e6 * args.latency:g} µs a message",
        "",
        *table(models, args.latency),
    ]
    print("\n".join(lines))
    if args.page is not None:
        put(args.page, "predicted", lines)
    if args.out is not None:
        draw(models, args.latency, args.out)


if __name__ == "__main__":
    main()
