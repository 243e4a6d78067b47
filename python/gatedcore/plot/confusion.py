"""The picture of what a classifier takes for what."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import as_array
from gatedcore.plot.canvas import INK, finish, pyplot, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Counts = npt.NDArray[np.int64]

# More classes leave no room for numbers in the squares.
_WITH_NUMBERS = 20
_LETTER = 0.085  # inches, of a label in 9 points


def plot_confusion(
    actual: object, predicted: object, labels: Sequence[str] | None = None, *, title: str = ""
) -> "Figure":
    """Draw how often each class was taken for each.

    Parameters
    ----------
    actual : array-like, (N,), (N, 1) or (N, C)
        The classes, as integers from 0 on or as one-hot vectors.
    predicted : array-like, (N,), (N, 1) or (N, C)
        The same; or what ``predict`` returned: of C numbers the largest counts, of one whether it
        is above 0.5.
    labels : sequence of str, optional
        Names of the classes; by default their numbers.
    title : str
        Heading; by default the share that is right.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each actual class. The colour of a square, and the small number in it, is its
        share of the row; the other number is how many samples there are.

    Raises
    ------
    ImportError
        If matplotlib is absent.
    TypeError, ValueError
        If these are no classes, or the labels are too few.
    """
    rows, columns = _classes("actual", actual), _classes("predicted", predicted)
    if len(rows) != len(columns) or not len(rows):
        raise ValueError(
            f"plot_confusion: predicted has {len(columns)} samples and actual {len(rows)}, "
            "expected equally many, at least one; pass the same samples"
        )
    count = 1 + int(max(rows.max(), columns.max()))
    names = [str(k) for k in range(count)] if labels is None else [str(name) for name in labels]
    if len(names) < count:
        raise ValueError(
            f"plot_confusion: labels has {len(names)} names, expected one for each class up to "
            f"{count - 1}; add those"
        )
    counts = confusion_matrix(rows, columns, len(names))
    plt = pyplot()
    with styled():
        side = 0.62 if len(names) <= _WITH_NUMBERS else 0.28
        size = max(2.6, side * len(names))
        beside = 1.6 + max(map(len, names)) * _LETTER
        figure, axes = plt.subplots(figsize=(size + beside, size + 1.1), layout="constrained")
        upright = max(map(len, names)) * _LETTER < size / len(names)
        _draw_matrix(figure, axes, counts, names, upright=upright)
        right = int(np.trace(counts))
        axes.set_title(title or f"{right / counts.sum():.1%} of {counts.sum():,} right", pad=10)
    return finish(figure)


def confusion_matrix(actual: Counts, predicted: Counts, classes: int) -> Counts:
    """Return how often class ``i`` was taken for ``j``, at ``[i, j]``."""
    flat = np.bincount(actual * classes + predicted, minlength=classes * classes)
    return flat.reshape(classes, classes)


def _classes(name: str, given: object) -> Counts:
    """Return classes as integers (N,)."""
    array = as_array("plot_confusion", name, given)
    if array.ndim == 2 and array.shape[1] > 1:
        return np.asarray(array.argmax(axis=1))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
        if ((array > 0.0) & (array < 1.0)).any():  # probabilities
            array = (array > 0.5).astype(array.dtype)
    if array.ndim != 1 or (array < 0.0).any() or (np.trunc(array) != array).any():
        raise ValueError(
            f"plot_confusion: {name} of shape {array.shape} holds no classes, expected integers "
            "from 0 on (N,), or (N, C); pass what predict returned, or the numbers of the classes"
        )
    return array.astype(np.int64)


def _draw_matrix(
    figure: "Figure", axes: "Axes", counts: Counts, names: Sequence[str], *, upright: bool
) -> None:
    """Draw the squares, names on both sides; ``upright`` says whether those below lie flat."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    places = range(len(names))
    axes.set_xticks(
        places, names, rotation=0 if upright else 45, ha="center" if upright else "right"
    )
    axes.set_yticks(places, names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.set_xlabel("predicted")
    axes.set_ylabel("actual")
    if len(names) <= _WITH_NUMBERS:
        for i, j in zip(*np.nonzero(counts), strict=True):
            style: dict[str, Any] = {
                "ha": "center", "color": "white" if shares[i, j] > 0.55 else INK
            }  # fmt: skip
            axes.text(j, i - 0.02, f"{counts[i, j]:,}", va="bottom", fontsize=8.5, **style)
            axes.text(j, i + 0.05, f"{shares[i, j]:.0%}", va="top", fontsize=6.5, **style)
    bar = figure.colorbar(image, ax=axes, pad=0.02, shrink=0.8, aspect=22, ticks=[0.0, 0.5, 1.0])
    bar.ax.set_yticklabels(["0%", "50%", "100%"])
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_visible(False)
    bar.set_label("share of the actual class", fontsize=7.5)
