"""Forecast tomorrow's temperature from the last 30 days with a GRU, beside repeating today's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.tasks.console import EpochBar, print_table, save_plots, task_parser
from gatedcore.tasks.csv_column import read_column

LENGTH = 30  # days in a window
Series = npt.NDArray[np.floating[Any]]


def synthetic(seed: int, days: int = 1000) -> Series:
    """Return made-up daily temperatures in degrees: a year's wave and noise of 2 degrees."""
    day, noise = np.arange(days), np.random.default_rng(seed).normal(0.0, 2.0, days)
    return np.asarray(20.0 + 10.0 * np.sin(2.0 * np.pi * day / 365.0) + noise)


def forecast(series: Series, epochs: int, seed: int) -> tuple[Series, Series, gk.History]:
    """Learn from the first 80 %; return what came on each later day, its forecast, the training.

    Raises
    ------
    ValueError
        If the series is too short or constant.
    """
    split = int(0.8 * len(series))
    if split <= LENGTH or not np.ptp(series[:split]):
        raise ValueError(
            f"temperature: the series has {len(series)} values, expected at least "
            f"{LENGTH * 5 // 4 + 2}, not all alike in the first 80 %; pass a longer series"
        )
    gk.set_random_seed(seed)
    mean, deviation = series[:split].mean(), series[:split].std()  # the future stays unseen
    x, y = gk.data.windows((series - mean) / deviation, LENGTH)
    train, test = slice(split - LENGTH), slice(split - LENGTH, None)  # by the target's day

    model = gk.Sequential([gk.GRU(50, activation="relu", input_shape=(LENGTH, 1)), gk.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    history = model.fit(
        x[train], y[train], batch_size=32, epochs=epochs, verbose=0, callbacks=[EpochBar("GRU")]
    )
    return series[split:], model.predict(x[test])[:, 0] * deviation + mean, history


def rmse(actual: Series, predicted: Series) -> float:
    """Return the root mean square error, in the unit of the series."""
    return float(np.sqrt(np.mean((predicted - actual) ** 2)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read or make a series, forecast its last fifth, print and draw the result."""
    parser = task_parser("temperature", str(__doc__), epochs=50)
    parser.add_argument("--csv", metavar="FILE", help="a real series; by default 1000 made-up days")
    parser.add_argument("--column", metavar="NAME", help="the column of FILE that holds the series")
    options = parser.parse_args(arguments)
    if options.column is not None and options.csv is None:
        parser.error("--column is given without --csv")
    series = (
        read_column(options.csv, options.column)
        if options.csv is not None
        else synthetic(options.seed)
    )
    options.out.mkdir(parents=True, exist_ok=True)

    actual, predicted, _ = forecast(series, options.epochs, options.seed)
    persistence = series[-len(actual) - 1 : -1]
    print_table(
        [f"last {len(actual)} of {len(series)} days", "RMSE in degrees"],
        [
            ["GRU", rmse(actual, predicted)],
            ["persistence (tomorrow as today)", rmse(actual, persistence)],
        ],
    )
    save_plots(
        options,
        {
            "temperature-forecast.png": lambda: gk.plot.plot_forecast(
                actual,
                {"GRU": predicted},
                zoom=60,
                xlabel="day",
                ylabel="degrees",
                title="Tomorrow's temperature from the last 30 days",
            )
        },
    )


if __name__ == "__main__":
    main()
