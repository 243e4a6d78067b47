"""Predict the next value of a sine wave from the last ten, with an LSTM and with a GRU."""

from collections.abc import Sequence

import numpy as np

import gatedcore as gk
from gatedcore.tasks.console import print_table, save_plots, task_parser
from gatedcore.tasks.training import train

LENGTH = 10  # values in a window
KNOWN, UNSEEN = 1000, 100  # values to learn from, and those that follow


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both models, print and draw what they predict."""
    options = task_parser("sine", str(__doc__), epochs=100).parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    gk.set_random_seed(options.seed)

    wave = np.sin(np.arange(KNOWN + UNSEEN) / 10)
    x, y = gk.data.windows(wave, LENGTH)
    x_known, y_known = x[:-UNSEEN], y[:-UNSEEN]  # windows and targets among the known values
    x_next, y_next = x[-UNSEEN:], y[-UNSEEN:, 0]

    histories, predictions = {}, {}
    for name, layer in (("LSTM", gk.LSTM), ("GRU", gk.GRU)):
        model = gk.Sequential([layer(50, activation="relu", input_shape=(LENGTH, 1)), gk.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        histories[name], _ = train(name, model, x_known, y_known, epochs=options.epochs)
        predictions[name] = model.predict(x_next)[:, 0]

    print_table(
        ["model", "loss", f"predicted sin({KNOWN / 10:g})", "true value"],
        [
            [name, histories[name].history["loss"][-1], f"{predicted[0]:.4f}", f"{y_next[0]:.4f}"]
            for name, predicted in predictions.items()
        ],
    )
    save_plots(
        options,
        {
            "sine-loss.png": lambda: gk.plot.plot_history(histories, title="Learning a sine wave"),
            "sine-prediction.png": lambda: gk.plot.plot_forecast(
                y_next,
                predictions,
                errors=True,
                xlabel="step after the last one known",
                title=f"The next value of a sine wave from the last {LENGTH}",
            ),
        },
    )


if __name__ == "__main__":
    main()
