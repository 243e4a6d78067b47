"""Pictures of training, of forecasts and of what goes on inside a layer.

They need matplotlib, the optional extra ``gatedcore[plot]``, which is loaded when a picture is
asked for. Every function returns the ``Figure``: ``figure.savefig("name.png")`` stores it with or
without a display, ``matplotlib.pyplot.show()`` opens it, a notebook shows it where it is the last
value of a cell.
"""

from gatedcore.plot.canvas import save_figure
from gatedcore.plot.forecast import plot_forecast
from gatedcore.plot.history import plot_history
from gatedcore.plot.trace import plot_trace

__all__ = ["plot_forecast", "plot_history", "plot_trace", "save_figure"]
