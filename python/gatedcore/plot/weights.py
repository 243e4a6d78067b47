"""The picture of a model's parameters: how large they are, layer by layer."""

from typing import TYPE_CHECKING, Any

import numpy as np

from gatedcore.arrays import Array
from gatedcore.plot.canvas import COLOURS, INK, QUIET, finish, pyplot, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The gates side by side in the last axis of a layer's parameters, by their number.
_GATES = {3: "zrn", 4: "ifgo"}
_LEAST_BINS, _MOST_BINS = 8, 40


def plot_weights(model: Any, *, title: str = "") -> "Figure":
    """Draw a histogram of every parameter of a model or a layer; of LSTM and GRU one for each gate.

    Parameters
    ----------
    model : Sequential, Model or Layer
        Built.
    title : str
        Heading; by default the model's name and its number of parameters.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each layer that has parameters, a panel for each of them.

    Raises
    ------
    ImportError
        If matplotlib is absent.
    TypeError
        If it is neither model nor layer.
    ValueError
        If there are no parameters yet.
    """
    layers = getattr(model, "computing_layers", [model])
    if not all(hasattr(layer, "parameters") for layer in layers):
        raise TypeError(
            f"plot_weights: model has type {type(model).__name__}, expected a model or a layer; "
            "pass one of gatedcore"
        )
    rows = [layer for layer in layers if layer.parameters]
    if not rows:
        raise ValueError(
            f"plot_weights: {model.name} has no weights yet, expected a built one; call it on an "
            "array first"
        )
    columns = max(len(layer.parameters) for layer in rows)
    count = sum(value.size for layer in rows for value in layer.parameters.values())
    plt = pyplot()
    with styled():
        figure, grid = plt.subplots(
            len(rows),
            columns,
            figsize=(0.6 + 3.0 * columns, 0.7 + 1.75 * len(rows)),
            squeeze=False,
            layout="constrained",
        )
        figure.suptitle(title or f"{model.name}: {count:,} parameters", x=0.01, ha="left")
        for layer, panels in zip(rows, grid, strict=True):
            for axes in panels[len(layer.parameters) :]:
                axes.axis("off")
            for axes, (name, values) in zip(panels, layer.parameters.items(), strict=False):
                _draw_parameter(axes, values, getattr(layer, "gates", 1))
                axes.set_title(f"{name} {values.shape}", fontweight="normal", fontsize=8.5)
            panels[0].set_ylabel(layer.name, fontweight="bold")
    return finish(figure)


def _draw_parameter(axes: "Axes", values: Array, gates: int) -> None:
    """Draw one parameter, of a gated layer an outline for each gate."""
    finite = values[np.isfinite(values)]
    limit = float(np.abs(finite).max(initial=0.0)) or 1.0
    # Rice's rule for the values of one outline.
    count = int(np.clip(2.0 * np.cbrt(values.size / gates), _LEAST_BINS, _MOST_BINS))
    bins = np.linspace(-limit, limit, count + 1).tolist()
    if gates in _GATES and values.shape[-1] % gates == 0:
        for name, part, colour in zip(
            _GATES[gates], np.split(values, gates, axis=-1), COLOURS, strict=False
        ):
            axes.hist(
                part.ravel(), bins=bins, histtype="step", color=colour, linewidth=1.3, label=name
            )
        axes.margins(y=0.28)  # room for the legend
        axes.legend(
            fontsize=7.5, handlelength=0.9, loc="upper center", ncols=gates, borderaxespad=0.0,
            columnspacing=1.2,
        )  # fmt: skip
    else:
        axes.hist(finite, bins=bins, color=COLOURS[0], alpha=0.85)
    axes.axvline(0.0, color=QUIET, linewidth=0.8, zorder=0)
    axes.set_xlim(-limit * 1.02, limit * 1.02)
    axes.set_xticks([-limit, 0.0, limit])
    axes.xaxis.set_major_formatter("{x:.2g}")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if finite.size:
        text = f"mean {finite.mean():.2g}, deviation {finite.std():.2g}"
        axes.set_xlabel(text, fontsize=7.5, color=INK, labelpad=1)
