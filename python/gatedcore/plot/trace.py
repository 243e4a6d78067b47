"""The picture of what goes on inside a layer: every gate and state over time and units."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gatedcore.arrays import Array
from gatedcore.plot.canvas import COLOURS, QUIET, finish, pyplot, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gatedcore.layers.trace import Trace

_TITLES = {
    "i": "input gate",
    "f": "forget gate",
    "g": "candidate",
    "o": "output gate",
    "c": "cell state",
    "z": "update gate",
    "r": "reset gate",
    "n": "candidate",
    "h": "hidden state",
}
_GATES = frozenset("ifozr")

# A gate below the first passes next to nothing, one above the second nearly all. A convention:
# Karpathy, Johnson and Fei-Fei (2015), "Visualizing and understanding recurrent networks".
_SHUT, _OPEN = 0.1, 0.9

# Of a state's values, those that the colours tell apart: a few far ones would leave the rest pale.
_COLOURED_SHARE = 0.99


# Inches: of a token at the axis, and the widest figure; more tokens than fit make it no wider.
_TOKEN_WIDTH, _WIDEST = 0.2, 32.0


def plot_trace(
    trace: "Trace",
    sample: int = 0,
    *,
    names: Sequence[str] | None = None,
    tokens: Sequence[str] | None = None,
    title: str | None = None,
) -> "Figure":
    """Draw every gate and state of a layer: heat maps over time and units, and histograms.

    Parameters
    ----------
    trace : LSTMTrace, GRUTrace or SimpleRNNTrace
        What ``layer.trace(x)`` returned.
    sample : int
        Row of the batch in the heat maps; the histograms count all rows.
    names : sequence of str, optional
        Which gates and states, of ``trace.names``; by default all.
    tokens : sequence of str, optional
        What each step read, such as the words of a sentence, for the time axis.
    title : str, optional
        Heading; by default the layer's name and the sample.

    Returns
    -------
    matplotlib.figure.Figure
        The input on top, then a row for each gate and state. The numbers above a gate's histogram
        are the shares of values below 0.1 (shut) and above 0.9 (open). The colours of the states
        span all but the farthest 1 % of the values.

    Raises
    ------
    ImportError
        If matplotlib is absent.
    TypeError
        If ``sample`` is no integer.
    ValueError
        If there is no such sample, or nothing in it, or no gate of a name; or if there is not one
        token for each step.
    """
    batch, steps, units = trace.h.shape
    if not isinstance(sample, int | np.integer) or isinstance(sample, bool):
        raise TypeError(
            f"plot_trace: sample is {sample!r}, expected an integer; pass a row's number"
        )
    if not -batch <= sample < batch or not steps:
        raise ValueError(
            f"plot_trace: sample is {sample} and the trace holds {batch} samples of {steps} steps, "
            "expected one of these samples; trace a batch that has it"
        )
    arrays = _chosen(trace, names)
    if tokens is not None and (isinstance(tokens, str) or len(tokens) != steps):
        came = "one text" if isinstance(tokens, str) else f"{len(tokens)} words"
        raise ValueError(
            f"plot_trace: tokens is {came}, expected a list of one for each of the {steps} steps; "
            "fill it up with '' where the input is padded"
        )
    if title is None:
        row = "" if batch == 1 else f", sample {sample % batch} of {batch}"
        title = f"{trace.layer_name}: {units} units, {steps} steps{row}"
    plt = pyplot()
    with styled():
        figure, grid = plt.subplots(
            1 + len(arrays),
            2,
            figsize=(_width(tokens), 1.4 + 1.35 * len(arrays) + (0.5 if tokens else 0.0)),
            width_ratios=(_width(tokens) - 2.2, 2.2),
            height_ratios=(0.6, *(1.0 for _ in arrays)),
            layout="constrained",
        )
        figure.suptitle(title, x=0.01, ha="left")
        _draw_input(grid[0, 0], trace.x[sample])
        grid[0, 1].axis("off")
        for (name, values), (map_axes, bar_axes) in zip(arrays.items(), grid[1:], strict=True):
            _draw_map(figure, map_axes, name, values, sample)
            _draw_histogram(bar_axes, name, values)
        for axes in grid[:-1, 0]:
            axes.tick_params(labelbottom=False, bottom=tokens is None)
        if tokens is None:
            grid[-1, 0].set_xlabel("time step")
        else:
            _write_tokens(grid[-1, 0], tokens)
        grid[-1, 1].set_xlabel("value, all samples" if batch > 1 else "value")
    return finish(figure)


def _chosen(trace: "Trace", names: Sequence[str] | None) -> dict[str, Array]:
    """Return the gates and states to draw, by name."""
    arrays = trace.arrays()
    if names is None:
        return arrays
    wrong = [name for name in names if name not in arrays]
    if wrong or not names:
        raise ValueError(
            f"plot_trace: names holds {wrong[0]!r}, expected some of {', '.join(arrays)}; "
            "choose from these"
            if wrong
            else f"plot_trace: names is empty, expected some of {', '.join(arrays)}; choose some"
        )
    return {name: arrays[name] for name in names}


def _width(tokens: Sequence[str] | None) -> float:
    """Return the width of the figure in inches."""
    return 9.5 if tokens is None else min(max(9.5, 3.4 + _TOKEN_WIDTH * len(tokens)), _WIDEST)


def _write_tokens(axes: "Axes", tokens: Sequence[str]) -> None:
    """Put a token under each step."""
    axes.set_xticks(
        range(len(tokens)),
        list(tokens),
        rotation=60,
        ha="right",
        rotation_mode="anchor",
        fontsize=8,
    )
    axes.tick_params(axis="x", length=2, pad=1)


def _draw_input(axes: "Axes", x: Array) -> None:
    """Draw the input of one sample: lines for few features, else a heat map."""
    steps, features = x.shape
    if features <= len(COLOURS):
        for feature in range(features):
            axes.plot(x[:, feature], color=COLOURS[feature], linewidth=1.2)
        axes.grid(visible=True)
    else:
        limit = float(np.abs(x).max()) or 1.0
        axes.imshow(x.T, aspect="auto", cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.set_xlim(-0.5, steps - 0.5)
    axes.set_title("x   input")


def _draw_map(figure: "Figure", axes: "Axes", name: str, values: Array, sample: int) -> None:
    """Draw units over time; all samples share the colours."""
    low, high = _limits(name, values, _COLOURED_SHARE)
    # White is 0, whether or not there are negative values; a gate has no such middle.
    signed = "RdBu_r" if low < 0.0 else "Reds"
    colours = "viridis" if _is_gate(name, values) else signed
    image = axes.imshow(
        values[sample].T, aspect="auto", cmap=colours, vmin=low, vmax=high, origin="lower"
    )
    middle = (low + high) / 2.0
    bar = figure.colorbar(image, ax=axes, pad=0.01, aspect=12, ticks=[low, middle, high])
    bar.ax.set_yticklabels([f"{value:.2g}" for value in (low, middle, high)])
    bar.ax.tick_params(labelsize=7, length=2)
    axes.set_title(f"{name}   {_TITLES.get(name, '')}")
    axes.set_ylabel("unit")
    axes.locator_params(integer=True)


def _draw_histogram(axes: "Axes", name: str, values: Array) -> None:
    """Draw how often each value comes, over all samples, steps and units."""
    low, high = _limits(name, values)
    finite = values[np.isfinite(values)]
    gate = _is_gate(name, values)
    axes.hist(
        finite, bins=40, range=(low, high), color=COLOURS[0] if gate else COLOURS[1], alpha=0.85
    )
    axes.set_xlim(low, high)
    axes.set_xticks([low, (low + high) / 2.0, high])
    axes.xaxis.set_major_formatter("{x:.2g}")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if gate and finite.size:
        for bound in (_SHUT, _OPEN):
            axes.axvline(bound, color=QUIET, linewidth=0.8, linestyle=":")
        shut, open_ = (finite < _SHUT).mean(), (finite > _OPEN).mean()
        axes.set_title(f"{shut:.0%} shut, {open_:.0%} open", fontweight="normal", fontsize=8)
    elif finite.size:
        axes.axvline(0.0, color=QUIET, linewidth=0.8)
        text = f"mean {finite.mean():.2f}, deviation {finite.std():.2f}"
        axes.set_title(text, fontweight="normal", fontsize=8)


def _is_gate(name: str, values: Array) -> bool:
    """Return whether this is a gate, and one that keeps to [0, 1] as with sigmoid activations."""
    finite = values[np.isfinite(values)]
    return name in _GATES and bool(((finite >= 0.0) & (finite <= 1.0)).all())


def _limits(name: str, values: Array, share: float = 1.0) -> tuple[float, float]:
    """Return the range to draw, of this share of the values.

    It is [0, 1] for a gate that keeps to it, else it begins at 0 or has 0 in its middle.
    """
    if _is_gate(name, values):
        return 0.0, 1.0
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    far = np.abs(finite)
    limit = float(np.quantile(far, share)) or float(far.max()) or 1.0
    return (0.0 if finite.min() >= 0.0 else -limit), limit
