"""Compare an LSTM and a GRU on a noisy sine wave: errors, times, and what no model can beat."""

from collections.abc import Sequence

import numpy as np

import gatedcore as gk
from gatedcore.tasks.console import count, print_table, save_plots, task_parser
from gatedcore.tasks.training import train

POINTS, NOISE = 1000, 0.1  # values, and the standard deviation of what is added to each
SHOWN = 100  # forecasts in the picture


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both models, print and draw how they compare."""
    parser = task_parser("compare", str(__doc__), epochs=100)
    parser.add_argument(
        "--length", type=count, default=50, metavar="T", help="values in a window (%(default)s)"
    )
    options = parser.parse_args(arguments)
    if options.length > POINTS // 2:
        parser.error(f"argument --length: expected at most {POINTS // 2} of {POINTS} values")
    options.out.mkdir(parents=True, exist_ok=True)
    gk.set_random_seed(options.seed)

    wave = np.sin(np.arange(POINTS) / 10)
    noise = np.random.default_rng(options.seed).normal(0.0, NOISE, POINTS)
    x, y = gk.data.windows(wave + noise, options.length)
    held_out = len(x) - int(0.8 * len(x))  # what validation_split=0.2 keeps

    histories, rows, predictions = {}, [], {}
    for name, layer in (("LSTM", gk.LSTM), ("GRU", gk.GRU)):
        model = gk.Sequential(
            [layer(50, activation="relu", input_shape=(options.length, 1)), gk.Dense(1)]
        )
        model.compile(optimizer="adam", loss="mse")
        histories[name], seconds = train(
            name, model, x, y, epochs=options.epochs, validation_split=0.2
        )
        losses = histories[name].history["val_loss"]
        rows.append([name, f"{model.count_params():,}", f"{seconds:.2f}", losses[-1], min(losses)])
        predictions[name] = model.predict(x[-SHOWN:])[:, 0]

    floor = float(np.mean(noise[-held_out:] ** 2))
    rows.append(["the noise itself", "", "", floor, floor])
    print_table(["model", "parameters", "seconds", "validation mse", "the best epoch's"], rows)
    save_plots(
        options,
        {
            "compare-loss.png": lambda: gk.plot.plot_history(
                histories, title="LSTM and GRU on a noisy sine wave"
            ),
            "compare-forecast.png": lambda: gk.plot.plot_forecast(
                y[-SHOWN:, 0],
                predictions,
                xlabel="step",
                title=f"The next value of a noisy sine wave from the last {options.length}",
            ),
        },
    )


if __name__ == "__main__":
    main()
