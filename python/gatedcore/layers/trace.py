"""What went on inside a recurrent layer: every gate and state of every step, by name."""

from typing import TYPE_CHECKING, Any

import numpy as np

from gatedcore.arrays import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Trace:
    """Base of the traces of each kind of layer: named arrays, time on the second axis.

    Attributes
    ----------
    layer_name : str
        Name of the layer.
    names : tuple of str
        Names of the gates and states, in the order of the equations.
    x : ndarray, (B, T, I)
        Input, in the order in which the steps ran.
    h : ndarray, (B, T, H)
        Hidden state after each step.
    """

    names: tuple[str, ...] = ()
    x: Array
    h: Array

    def __init__(self, layer_name: str, x: Array) -> None:
        self.layer_name = layer_name
        self.x = x

    def arrays(self) -> dict[str, Array]:
        """Return gates and states by name, each (B, T, H), in the order of ``names``."""
        return {name: getattr(self, name) for name in self.names}

    def plot(self, **options: Any) -> "Figure":
        """Draw heat maps and histograms of every gate and state.

        Parameters
        ----------
        **options
            See ``gatedcore.plot.plot_trace``.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ImportError
            If matplotlib is absent.
        """
        from gatedcore import plot

        return plot.plot_trace(self, **options)

    def __repr__(self) -> str:
        shape = "x".join(str(size) for size in np.shape(self.h))
        return f"<{type(self).__name__} of {self.layer_name!r}: {', '.join(self.names)}, {shape}>"


class LSTMTrace(Trace):
    """Gates i f g o after activation, and cell and hidden state, of every step: (B, T, H) each."""

    names = ("i", "f", "g", "o", "c", "h")

    def __init__(
        self, layer_name: str, x: Array, i: Array, f: Array, g: Array, o: Array, c: Array, h: Array
    ) -> None:
        super().__init__(layer_name, x)
        self.i, self.f, self.g, self.o, self.c, self.h = i, f, g, o, c, h


class GRUTrace(Trace):
    """Gates z r n after activation, and the hidden state, of every step: (B, T, H) each."""

    names = ("z", "r", "n", "h")

    def __init__(self, layer_name: str, x: Array, z: Array, r: Array, n: Array, h: Array) -> None:
        super().__init__(layer_name, x)
        self.z, self.r, self.n, self.h = z, r, n, h


class SimpleRNNTrace(Trace):
    """The hidden state of every step: (B, T, H). There are no gates."""

    names = ("h",)

    def __init__(self, layer_name: str, x: Array, h: Array) -> None:
        super().__init__(layer_name, x)
        self.h = h
