"""Repeat some symbols after a long pause: a test of how far back a network remembers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.tasks.console import count, print_table, save_plots, task_parser
from gatedcore.tasks.training import StopWhen, train

UNITS = 100
SEQUENCES, UNSEEN = 20_000, 1000  # to learn from, and to judge by
KINDS = 8  # symbols 1 to 8; 0 is a pause
SIGNAL = KINDS + 1  # "now repeat"
Numbers = npt.NDArray[Any]


def sequences(
    count: int, symbols: int, delay: int, rng: np.random.Generator
) -> tuple[Numbers, Numbers, Numbers]:
    """Return what is read, what is to be answered, and 1 where it counts; each (count, T).

    T is the symbols, the delay, and as many steps as there were symbols to repeat them; at the
    first of these stands the signal.
    """
    drawn = rng.integers(1, KINDS + 1, (count, symbols))
    x = np.zeros((count, symbols + delay + symbols), np.int64)
    y, weights = np.zeros_like(x), np.zeros(x.shape, np.float32)
    x[:, :symbols], x[:, symbols + delay] = drawn, SIGNAL
    y[:, -symbols:], weights[:, -symbols:] = drawn, 1
    return x, y, weights


def main(arguments: Sequence[str] | None = None) -> None:
    """Train an LSTM and a GRU on each delay, print and draw how much they repeat."""
    parser = task_parser("copy", str(__doc__), epochs=20)
    parser.add_argument(
        "--delay",
        type=count,
        nargs="+",
        default=[10, 30, 100],
        metavar="T",
        help="steps between the symbols and the signal (10 30 100)",
    )
    parser.add_argument(
        "--symbols", type=count, default=5, metavar="N", help="how many to remember (%(default)s)"
    )
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)

    histories, rows = {}, []
    for delay in options.delay:
        rng = np.random.default_rng(options.seed)
        x, y, weights = sequences(SEQUENCES, options.symbols, delay, rng)
        unseen = sequences(UNSEEN, options.symbols, delay, rng)
        for name, layer in (("LSTM", gk.LSTM), ("GRU", gk.GRU)):
            gk.set_random_seed(options.seed)
            model = gk.Sequential(
                [
                    gk.Embedding(SIGNAL + 1, 16),
                    layer(UNITS, return_sequences=True),
                    gk.Dense(SIGNAL, activation="softmax"),
                ]
            )
            model.compile(
                gk.Adam(0.005, global_clipnorm=1.0),
                loss="sparse_categorical_crossentropy",
                weighted_metrics=["accuracy"],
            )
            title = f"{name}, delay {delay}"
            history, seconds = train(
                title,
                model,
                x,
                y,
                sample_weight=weights,
                batch_size=64,
                epochs=options.epochs,
                validation_data=unseen,
                callbacks=[StopWhen("val_accuracy", lambda accuracy: accuracy == 1.0)],
            )
            accuracies = history.history["val_accuracy"]
            histories[title] = {"accuracy": accuracies}
            rows.append([title, len(accuracies), f"{seconds:.1f}", f"{accuracies[-1]:.4f}"])
    print_table(["model", "epochs", "seconds", "accuracy"], rows)
    print(f"guessing is right in {1 / KINDS:.3f} of the {options.symbols} steps that count")
    save_plots(
        options,
        {
            "copy.png": lambda: gk.plot.plot_history(
                histories, title=f"{options.symbols} symbols after a pause: share repeated rightly"
            )
        },
    )


if __name__ == "__main__":
    main()
