"""The picture of a training: loss and metrics over the epochs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from gatedcore.plot.canvas import COLOURS, finish, pyplot, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gatedcore.callbacks import History

Curves = dict[str, list[float]]

# From this ratio of the largest to the smallest value on, a loss is drawn on a logarithmic axis.
_MOST_WITHIN = 2  # curves whose legend finds room between them
_LOG_RATIO = 30.0


def plot_history(
    history: "History | Mapping[str, Any]", *, log: bool | None = None, title: str = ""
) -> "Figure":
    """Draw loss and metrics over the epochs, training and validation in one panel.

    Parameters
    ----------
    history : History, or mapping
        What ``fit`` returned, or its ``history`` dict; or several of them by name, to compare.
    log : bool, optional
        Whether the vertical axes are logarithmic; by default where values span a wide range.
    title : str
        Heading of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each quantity.

    Raises
    ------
    ImportError
        If matplotlib is absent.
    ValueError
        If there is no epoch to draw.
    """
    runs = _runs(history)
    names = list(dict.fromkeys(name.removeprefix("val_") for run in runs.values() for name in run))
    if not names or not any(run[name] for run in runs.values() for name in run):
        raise ValueError(
            "plot_history: history holds no epoch, expected at least one; call fit first"
        )
    plt = pyplot()
    with styled():
        figure, grid = plt.subplots(
            1,
            len(names),
            figsize=((0.8 if len(runs) <= _MOST_WITHIN / 2 else 2.8) + 4.4 * len(names), 3.2),
            squeeze=False,
            layout="constrained",
        )
        if title:
            figure.suptitle(title, x=0.01, ha="left")
        for axes, name in zip(grid[0], names, strict=True):
            _draw_curves(axes, name, runs, log)
    return finish(figure)


def _runs(history: Any) -> dict[str, Curves]:
    """Return the curves of each run by the run's name, "" for a single one."""
    if hasattr(history, "history"):
        return {"": history.history}
    if not isinstance(history, Mapping):
        raise TypeError(
            f"plot_history: history is {type(history).__name__}, expected a History or a dict; "
            "pass what fit returned"
        )
    if all(isinstance(value, Sequence) for value in history.values()):
        return {"": cast(Curves, history)}
    return {str(name): _runs(run)[""] for name, run in history.items()}


def _draw_curves(axes: "Axes", name: str, runs: Mapping[str, Curves], log: bool | None) -> None:
    drawn: list[float] = []
    for k, (run, curves) in enumerate(runs.items()):
        for prefix, part in (("", "training"), ("val_", "validation")):
            values = curves.get(prefix + name)
            if not values:
                continue
            alone = len(runs) == 1
            colour = COLOURS[(bool(prefix) if alone else k) % len(COLOURS)]
            axes.plot(
                range(1, len(values) + 1),
                values,
                color=colour,
                linestyle="--" if prefix and not alone else "-",
                marker="o" if len(values) == 1 else "",
                label=part if alone else (f"{run}, {part}" if prefix else run),
            )
            drawn += values
    smallest, largest = min(drawn, default=0.0), max(drawn, default=0.0)
    if log if log is not None else 0.0 < _LOG_RATIO * smallest < largest:
        axes.set_yscale("log")
    axes.set_title(name)
    axes.set_xlabel("epoch")
    axes.locator_params(axis="x", integer=True)
    axes.grid(visible=True, axis="y")
    if len(axes.lines) > _MOST_WITHIN:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    else:
        axes.legend()
