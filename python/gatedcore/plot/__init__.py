"""Pictures of training, of forecasts and of what goes on inside a layer.

They need matplotlib, the optional extra ``gatedcore[plot]``, which is loaded when a picture is
asked for. Every function returns the ``Figure``: ``figure.savefig("name.png")`` stores it with or
without a display, ``matplotlib.pyplot.show()`` opens it, a notebook shows it where it is the last
value of a cell. ``plot_model`` alone writes SVG, and needs nothing.
"""

from gatedcore.plot.canvas import save_figure
from gatedcore.plot.confusion import plot_confusion
from gatedcore.plot.forecast import plot_forecast
from gatedcore.plot.history import plot_history
from gatedcore.plot.horizon import plot_horizon
from gatedcore.plot.model import plot_model
from gatedcore.plot.trace import plot_trace
from gatedcore.plot.weights import plot_weights

__all__ = [
    "plot_confusion",
    "plot_forecast",
    "plot_history",
    "plot_horizon",
    "plot_model",
    "plot_trace",
    "plot_weights",
    "save_figure",
]
