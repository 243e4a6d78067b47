"""Forecast Beijing's fine dust of the next hour and day from two days of dust and weather."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.tasks.console import count, data_file, print_table, save_plots, task_parser
from gatedcore.tasks.csv_column import read_cells, read_column
from gatedcore.tasks.forecasting import Series, naive, score_rows, targets
from gatedcore.tasks.training import keep_best, train

LENGTH, DAY = 48, 24  # hours in a window, and in a day
WEATHER = ("DEWP", "TEMP", "PRES", "Iws", "Is", "Ir")  # dew point to hours of rain
SHOWN = 1000  # forecasts in the picture
VALIDATION, TEST = 2013, 2014  # the years; those before are learnt from
SOURCE = (
    "Liang et al. (2015), Beijing PM2.5, UCI Machine Learning Repository, the CSV file of the "
    "hours 2010 to 2014, .gz too"
)


def read(path: Path) -> tuple[Series, Series, Series]:
    """Return of each hour the dust, NaN where it was not measured, the other features, the year.

    Features, (N, F): the weather, the wind's direction as one of four, the hour and the day of the
    year as sines and cosines.
    """
    dust = read_column(path, "pm2.5", gap="NA")
    wind = np.array([cell for _, cell in read_cells(path, "cbwd")])
    hours = np.arange(len(dust))
    turns = 2 * np.pi * np.stack([hours / DAY, hours / (DAY * 365.25)], axis=1)
    parts = [
        np.stack([read_column(path, name) for name in WEATHER], axis=1),
        wind[:, None] == np.unique(wind),
        np.sin(turns),
        np.cos(turns),
    ]
    return dust, np.concatenate(parts, axis=1), read_column(path, "year")


def filled(dust: Series) -> tuple[Series, npt.NDArray[np.bool_]]:
    """Return the dust with the last known value in each gap, and where it is known.

    Before the first known value stands that one, of which no window may make use.
    """
    known = ~np.isnan(dust)
    last = np.maximum.accumulate(np.where(known, np.arange(len(dust)), known.argmax()))
    return dust[last], known


def forecast(
    data: tuple[Series, Series, Series], horizon: int, epochs: int, seed: int
) -> tuple[Series, dict[str, Series], gk.History, float]:
    """Train on the first years; return what came in the last one, the forecasts, the training.

    The model says by how much each hour differs from the last known value. A forecast is made
    from every hour after which all of the ``horizon`` values were measured.
    """
    dust, others, year = data
    values, known = filled(dust)
    features = np.column_stack([np.log1p(values), others, known])
    learnt = year < VALIDATION
    features = (features - features[learnt].mean(axis=0)) / features[learnt].std(axis=0)
    scale = np.diff(values[learnt]).std() * horizon**0.5

    first = np.arange(known.argmax() + LENGTH, len(dust) - horizon + 1)
    first = first[known[first[:, None] + np.arange(horizon)].all(axis=1)]
    change = (targets(values, first, horizon) - values[first - 1, None]) / scale
    ends = year[first + horizon - 1]  # a forecast belongs to the year in which it begins and ends
    parts = {
        name: np.flatnonzero(begins & (year[first] == ends))
        for name, begins in (
            ("train", ends < VALIDATION),
            ("validation", ends == VALIDATION),
            ("test", ends == TEST),
        )
    }
    gk.set_random_seed(seed)

    def windows(part: str) -> tuple[Series, Series]:
        starts = first[parts[part]] - LENGTH
        return features[starts[:, None] + np.arange(LENGTH)].astype(np.float32), change[parts[part]]

    model = gk.Sequential([gk.GRU(64), gk.Dropout(0.2), gk.Dense(horizon)])
    model.compile(gk.Adam(0.001), loss="mse")
    history, seconds = train(
        f"GRU, {horizon} ahead",
        model,
        *windows("train"),
        batch_size=64,
        epochs=epochs,
        validation_data=windows("validation"),
        callbacks=[keep_best(4)],
    )
    place = first[parts["test"]]
    predicted = values[place - 1, None] + model.predict(windows("test")[0]) * scale
    return (
        targets(values, place, horizon),
        {"GRU": np.maximum(predicted, 0), **naive(values, place, horizon, DAY)},
        history,
        seconds,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Forecast the last year an hour and a day ahead, print and draw the errors."""
    parser = task_parser("pm25", str(__doc__), epochs=12)
    data_file(parser, "beijing-pm25.csv.gz", SOURCE)
    parser.add_argument(
        "--horizon",
        type=count,
        default=DAY,
        metavar="N",
        help="hours ahead of the second forecast, at most 24 (%(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.horizon > DAY:
        parser.error(f"argument --horizon: expected at most {DAY}")
    data = read(options.data)
    options.out.mkdir(parents=True, exist_ok=True)

    results, seconds = {}, 0.0
    for horizon in dict.fromkeys((1, options.horizon)):
        actual, forecasts, _, took = forecast(data, horizon, options.epochs, options.seed)
        results[horizon] = (actual, forecasts)
        seconds += took
    heads = [f"{ahead(n)} ({len(actual):,})" for n, (actual, _) in results.items()]
    print_table([f"RMSE in ug/m3, {TEST}", *heads], score_rows(results))
    print(f"training took {seconds:.0f} seconds")
    actual, forecasts = results[options.horizon]
    save_plots(
        options,
        {
            "pm25-forecast.png": lambda: gk.plot.plot_forecast(
                results[1][0][-SHOWN:, 0],
                {name: lines[-SHOWN:, 0] for name, lines in results[1][1].items() if name == "GRU"},
                zoom=100,
                xlabel="hour, those not measured left out",
                ylabel="ug/m3",
                title="Fine dust in Beijing, the next hour",
            ),
            "pm25-horizon.png": lambda: gk.plot.plot_horizon(
                actual,
                forecasts,
                xlabel="hours ahead",
                ylabel="RMSE in ug/m3",
                title="Fine dust in Beijing: errors by how far ahead",
            ),
        },
    )


def ahead(hours: int) -> str:
    """Return how far ahead, for the head of a table."""
    return "hour 1" if hours == 1 else f"hours 1 to {hours}"


if __name__ == "__main__":
    main()
