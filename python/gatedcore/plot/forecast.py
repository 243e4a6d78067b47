"""The picture of a forecast beside what came."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gatedcore.arrays import Array, as_array
from gatedcore.checks import check_count
from gatedcore.plot.canvas import COLOURS, INK, finish, pyplot, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# So many steps or fewer are marked one by one.
_CLOSE_UP = 120


def plot_forecast(
    actual: object,
    forecasts: Mapping[str, object],
    *,
    zoom: int | None = None,
    errors: bool = False,
    xlabel: str = "step",
    ylabel: str = "",
    title: str = "",
) -> "Figure":
    """Draw a series and what was forecast for it.

    Parameters
    ----------
    actual : array-like, (N,)
        What came; in the unit named by ``ylabel``.
    forecasts : mapping of str to array-like, (N,)
        What was forecast, by the name for the legend; the legend adds each one's RMSE.
    zoom : int, optional
        Draw the last so many steps once more below, with every value marked.
    errors : bool
        Whether to draw forecast minus actual below; tells apart what lies too close to see.
    xlabel, ylabel, title : str
        Axes and heading.

    Returns
    -------
    matplotlib.figure.Figure
        One to three panels.

    Raises
    ------
    ImportError
        If matplotlib is absent.
    TypeError, ValueError
        If the series are no numbers or of different lengths, or ``zoom`` is no count.
    """
    truth = _series("actual", actual)
    lines = {name: _series(f"forecasts[{name!r}]", values) for name, values in forecasts.items()}
    for name, values in lines.items():
        if len(values) != len(truth):
            raise ValueError(
                f"plot_forecast: forecasts[{name!r}] has {len(values)} values, expected as many as "
                f"actual, {len(truth)}; cut both to the same steps"
            )
    panels: list[tuple[str, slice, bool]] = [(title, slice(0, None), False)]
    if zoom is not None and check_count("plot_forecast", "zoom", zoom) < len(truth):
        panels.append((f"The last {zoom}", slice(len(truth) - zoom, None), False))
    if errors:
        panels.append(("Forecast minus actual", slice(0, None), True))
    plt = pyplot()
    with styled():
        figure, grid = plt.subplots(
            len(panels),
            1,
            figsize=(9.0, 0.6 + sum(1.6 if is_error else 2.7 for _, _, is_error in panels)),
            height_ratios=[1.6 if is_error else 2.7 for _, _, is_error in panels],
            squeeze=False,
            layout="constrained",
        )
        for axes, (heading, part, is_error) in zip(grid[:, 0], panels, strict=True):
            _draw_forecast(axes, truth, lines, part, is_error)
            axes.set_ylabel(ylabel)
            axes.set_title(heading, fontweight="bold" if axes is grid[0, 0] else "normal")
        grid[-1, 0].set_xlabel(xlabel)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return finish(figure)


def _series(name: str, values: object) -> Array:
    """Return a series as a vector."""
    array = as_array("plot_forecast", name, values)
    if array.ndim != 1:
        raise ValueError(
            f"plot_forecast: {name} has shape {array.shape}, expected (N,); "
            f"flatten it, for example with {name}.ravel()"
        )
    return array


def _draw_forecast(
    axes: "Axes", truth: Array, lines: Mapping[str, Array], part: slice, is_error: bool
) -> None:
    """Draw the steps of ``part``, or the forecasts' errors in them."""
    steps = np.arange(len(truth))[part]
    close_up = len(steps) <= _CLOSE_UP
    if is_error:
        axes.axhline(0.0, color=INK, linewidth=1.0)
    else:
        marks: dict[str, Any] = {"marker": "o", "markersize": 3.5} if close_up else {}
        axes.plot(steps, truth[part], color=INK, linewidth=1.0, alpha=0.75, label="actual", **marks)
    for k, (name, values) in enumerate(lines.items()):
        rmse = float(np.sqrt(np.mean((values - truth) ** 2)))
        axes.plot(
            steps,
            (values - truth if is_error else values)[part],
            color=COLOURS[k % len(COLOURS)],
            linewidth=1.6 if close_up else 1.1,
            alpha=0.9,
            label=f"{name}, RMSE {rmse:.3g}",
        )
    axes.margins(x=0.01)
    axes.grid(visible=True)
