"""Forecast temperatures of the next day and week from 30 days, beside repeating the known ones."""

from collections.abc import Sequence

import numpy as np

import gatedcore as gk
from gatedcore.tasks.console import count, print_table, save_plots, task_parser
from gatedcore.tasks.csv_column import read_column
from gatedcore.tasks.forecasting import Series, naive, score_rows, targets
from gatedcore.tasks.training import train

LENGTH, SEASON = 30, 365  # days in a window, and in a year


def synthetic(seed: int, days: int = 1000) -> Series:
    """Return made-up daily temperatures in degrees: a year's wave and noise of 2 degrees."""
    day, noise = np.arange(days), np.random.default_rng(seed).normal(0.0, 2.0, days)
    return np.asarray(20.0 + 10.0 * np.sin(2.0 * np.pi * day / 365.0) + noise)


def forecast(
    series: Series, epochs: int, seed: int, horizon: int = 1
) -> tuple[Series, dict[str, Series], gk.History]:
    """Learn from the first 80 %, then forecast from each later day on.

    Returns
    -------
    actual : ndarray, (N, horizon)
        What came on each later day and those behind it.
    forecasts : dict of str to ndarray, (N, horizon)
        What was forecast: by the GRU, and by what needs no model.
    history : History
        The training.

    Raises
    ------
    ValueError
        If the series is too short or constant.
    """
    split = int(0.8 * len(series))
    if split < LENGTH + horizon or len(series) < split + horizon or not np.ptp(series[:split]):
        least = max(-(-5 * (LENGTH + horizon) // 4), 5 * horizon)
        raise ValueError(
            f"temperature: the series has {len(series)} values, expected at least {least}, not all "
            "alike in the first 80 %; pass a longer series"
        )
    gk.set_random_seed(seed)
    mean, deviation = series[:split].mean(), series[:split].std()  # the future stays unseen
    x, y = gk.data.windows((series - mean) / deviation, LENGTH, horizon)
    known = split - LENGTH - horizon + 1  # windows whose targets end before the split
    first = np.arange(split, len(series) - horizon + 1)

    model = gk.Sequential(
        [gk.GRU(50, activation="relu", input_shape=(LENGTH, 1)), gk.Dense(horizon)]
    )
    model.compile(optimizer="adam", loss="mse")
    title = f"GRU, {horizon} ahead"
    history, _ = train(title, model, x[:known], y[:known], batch_size=32, epochs=epochs)
    predicted = model.predict(x[split - LENGTH :]) * deviation + mean
    forecasts = {"GRU": predicted, **naive(series, first, horizon, SEASON)}
    return targets(series, first, horizon), forecasts, history


def main(arguments: Sequence[str] | None = None) -> None:
    """Read or make a series, forecast its last fifth, print and draw the result."""
    parser = task_parser("temperature", str(__doc__), epochs=50)
    parser.add_argument(
        "--data",
        "--csv",
        dest="csv",
        metavar="FILE",
        help="a real series, .csv; by default 1000 made-up days",
    )
    parser.add_argument("--column", metavar="NAME", help="the column of FILE that holds the series")
    parser.add_argument(
        "--horizon",
        type=count,
        default=7,
        metavar="N",
        help="days ahead of the second forecast (%(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.column is not None and options.csv is None:
        parser.error("--column is given without --data")
    series = (
        read_column(options.csv, options.column)
        if options.csv is not None
        else synthetic(options.seed)
    )
    options.out.mkdir(parents=True, exist_ok=True)

    results = {}
    for horizon in dict.fromkeys((1, options.horizon)):
        actual, forecasts, _ = forecast(series, options.epochs, options.seed, horizon)
        results[horizon] = (actual, forecasts)
    days = len(results[1][0])
    heads = [f"day {n}" if n == 1 else f"days 1 to {n}" for n in results]
    print_table(
        [f"RMSE in degrees, last {days} of {len(series)} days", *heads], score_rows(results)
    )
    save_plots(
        options,
        {
            "temperature-forecast.png": lambda: gk.plot.plot_forecast(
                results[1][0][:, 0],
                {"GRU": results[1][1]["GRU"][:, 0]},
                zoom=60,
                xlabel="day",
                ylabel="degrees",
                title="Tomorrow's temperature from the last 30 days",
            )
        },
    )


if __name__ == "__main__":
    main()
