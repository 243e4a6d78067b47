"""The picture of forecasts of several steps: how their errors grow with the distance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gatedcore.arrays import Array, as_array
from gatedcore.plot.canvas import COLOURS, finish, pyplot, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_horizon(
    actual: object,
    forecasts: Mapping[str, object],
    *,
    xlabel: str = "steps ahead",
    ylabel: str = "RMSE",
    title: str = "",
) -> "Figure":
    """Draw the root mean square error of forecasts by how many steps ahead they are.

    Parameters
    ----------
    actual : array-like, (N, H)
        What came at the H steps after each of N places; any unit.
    forecasts : mapping of str to array-like, (N, H)
        What was forecast for them, by the name for the legend.
    xlabel, ylabel, title : str
        Axes and heading.

    Returns
    -------
    matplotlib.figure.Figure
        One panel, a line for each forecast.

    Raises
    ------
    ImportError
        If matplotlib is absent.
    TypeError, ValueError
        If the arrays are no numbers or not all of one shape (N, H).
    """
    truth = _steps("actual", actual)
    errors = {}
    for name, values in forecasts.items():
        array = _steps(f"forecasts[{name!r}]", values)
        if array.shape != truth.shape:
            raise ValueError(
                f"plot_horizon: forecasts[{name!r}] has shape {array.shape}, expected that of "
                f"actual, {truth.shape}; cut both to the same places and steps"
            )
        errors[name] = np.sqrt(np.mean((array - truth) ** 2, axis=0))
    plt = pyplot()
    with styled():
        figure, axes = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
        steps = np.arange(1, truth.shape[1] + 1)
        for k, (name, line) in enumerate(errors.items()):
            axes.plot(
                steps,
                line,
                color=COLOURS[k % len(COLOURS)],
                marker="o",
                markersize=3.5,
                label=name,
            )
        axes.set_ylim(bottom=0)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        axes.set_title(title)
        axes.locator_params(axis="x", integer=True)
        axes.grid(visible=True, axis="y")
        axes.legend()
    return finish(figure)


def _steps(name: str, values: object) -> Array:
    """Return forecasts of several steps as an array of two axes."""
    array = as_array("plot_horizon", name, values)
    if array.ndim != 2 or not array.size:
        raise ValueError(
            f"plot_horizon: {name} has shape {array.shape}, expected (N, H), places and steps "
            "ahead; plot_forecast draws a single series"
        )
    return array
