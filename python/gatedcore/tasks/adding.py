"""Add two marked numbers far apart in a sequence: Hochreiter and Schmidhuber's test of memory."""

from collections.abc import Sequence

import numpy as np

import gatedcore as gk
from gatedcore.arrays import Array
from gatedcore.tasks.console import count, print_table, save_plots, task_parser
from gatedcore.tasks.training import StopWhen, train

UNITS = 32
SEQUENCES, UNSEEN = 10_000, 1000  # to learn from, and to judge by
SOLVED = 0.002  # mean squared error at which a run ends; always answering 1 has 1/6


def sequences(count: int, length: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return inputs (count, length, 2) and sums (count, 1).

    Each step has a number from 0 to 1 and a mark, which is 1 at a step of the first half and at
    one of the second.
    """
    x = np.zeros((count, length, 2), np.float32)
    x[:, :, 0] = rng.uniform(size=(count, length))
    rows = np.arange(count)
    x[rows, rng.integers(0, length // 2, count), 1] = 1
    x[rows, rng.integers(length // 2, length, count), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train an LSTM and a GRU on each length, print and draw their errors."""
    parser = task_parser("adding", str(__doc__), epochs=40)
    parser.add_argument(
        "--length",
        type=count,
        nargs="+",
        default=[100, 200, 400],
        metavar="T",
        help="time steps of the sequences (100 200 400)",
    )
    options = parser.parse_args(arguments)
    if min(options.length) < 2:
        parser.error("argument --length: expected at least 2 steps, for two numbers")
    options.out.mkdir(parents=True, exist_ok=True)

    histories, rows = {}, []
    for length in options.length:
        rng = np.random.default_rng(options.seed)
        x, y = sequences(SEQUENCES, length, rng)
        unseen = sequences(UNSEEN, length, rng)
        for name, layer in (("LSTM", gk.LSTM), ("GRU", gk.GRU)):
            gk.set_random_seed(options.seed)
            model = gk.Sequential([layer(UNITS, input_shape=(None, 2)), gk.Dense(1)])
            model.compile(optimizer=gk.Adam(0.005), loss="mse")
            title = f"{name}, {length} steps"
            history, seconds = train(
                title,
                model,
                x,
                y,
                batch_size=64,
                epochs=options.epochs,
                validation_data=unseen,
                callbacks=[StopWhen("val_loss", lambda loss: loss < SOLVED)],
            )
            losses = history.history["val_loss"]
            histories[title] = history
            rows.append([title, len(losses), f"{seconds:.1f}", losses[-1]])
    print_table(["model", "epochs", "seconds", "mean squared error"], rows)
    print(f"always answering 1 has a mean squared error of {1 / 6:.3f}")
    save_plots(
        options,
        {
            "adding.png": lambda: gk.plot.plot_history(
                histories, title="Two numbers far apart: error over epochs"
            )
        },
    )


if __name__ == "__main__":
    main()
