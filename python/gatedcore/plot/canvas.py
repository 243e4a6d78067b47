"""What all pictures are drawn on: matplotlib once it is needed, one style, the life of a figure."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito (2008): colours that remain distinct for colour-blind readers; the darker five.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
INK, QUIET, GRID = "#222222", "#8a8f98", "#e3e5e8"
DOTS_PER_INCH = 130

_STYLE: dict[str, Any] = {
    "font.size": 9.0,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "figure.titlesize": 11.0,
    "figure.titleweight": "bold",
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "xtick.color": INK,
    "ytick.color": INK,
}


def styled() -> Any:
    """Return a context within which axes are made in the style; outside it nothing changes.

    Raises
    ------
    ImportError
        If matplotlib is absent.
    """
    return pyplot().rc_context(_STYLE)


def pyplot() -> Any:
    """Return ``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        If there is none; it says how to get it.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "plot: matplotlib is not installed, expected it for pictures; "
            'pip install "gatedcore[plot]"'
        ) from error
    return plt


def finish(figure: "Figure") -> "Figure":
    """Return the figure; a notebook would show it a second time if it stayed open there."""
    plt = pyplot()
    if "inline" in plt.get_backend():
        plt.close(figure)
    return figure


def save_figure(figure: "Figure", path: str | Path) -> None:
    """Write a figure to a file and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        From one of the functions of ``gatedcore.plot``.
    path : str or Path
        The suffix says the format; folders are made.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DOTS_PER_INCH)
    pyplot().close(figure)
