"""One time step after the other: layers whose states are carried from call to call."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np

from gatedcore import _core
from gatedcore.arrays import FLOAT64, Array, as_array, as_contiguous
from gatedcore.checks import check_count, check_shape


class Streamable(Protocol):
    """What a layer must have to be part of a stream."""

    name: str
    input_features: int | None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of parameters and outputs."""

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states that the layer carries: h, and c for an LSTM."""

    def add_to_stream(self, stream: _core.Stream) -> None:
        """Put the layer at the end of a stream."""


class Stream:
    """Layers that run step by step, from ``layer.stream()`` or ``model.stream()``.

    A call allocates nothing but its result, and nothing at all with ``out``. It uses one thread.
    Every output has the bits of a run over the whole sequence. A stream serves one Python thread
    at a time.

    Parameters
    ----------
    name : str
        Of the layer or model, for errors.
    layers : list of layers
        Built ones, which feed one another in a row.
    batch : int
        Sequences that run side by side.

    Raises
    ------
    TypeError, ValueError
        If ``batch`` is no positive integer, or a layer cannot run step by step.

    Examples
    --------
    >>> model = gk.Sequential([gk.GRU(4, input_shape=(None, 1)), gk.Dense(1)])
    >>> stream = model.stream()
    >>> x = np.ones((1, 3, 1))
    >>> steps = [stream.step(x[:, t]) for t in range(3)]
    >>> bool((steps[-1] == model.predict(x, verbose=0)).all())
    True
    """

    def __init__(self, name: str, layers: Sequence[Streamable], batch: int) -> None:
        where = f"{name}.stream"
        self.batch = check_count(where, "batch", batch)
        self.dtype = layers[0].dtype
        self._where = where
        self._states = {layer.name: layer.state_names for layer in layers if layer.state_names}
        features = layers[0].input_features
        assert features is not None, "the layers are built"
        self._core = _core.Stream(self.batch, features, self.dtype == FLOAT64)
        for layer in layers:
            layer.add_to_stream(self._core)

    def step(self, x: object, out: Array | None = None) -> Array:
        """Run one time step.

        Parameters
        ----------
        x : array-like, (B, I)
            Input of the step; no unit.
        out : ndarray, (B, O), optional
            Where the output goes; it may be ``x``.

        Returns
        -------
        ndarray, (B, O)
            Output of the last layer after this step; ``out`` if given.

        Raises
        ------
        TypeError, ValueError
            If ``x`` or ``out`` does not suit the stream; the states then stay as they were.
        RuntimeError
            If another thread is using the stream.
        """
        return self._run("step", x, 2, out)

    def steps(self, x: object, out: Array | None = None) -> Array:
        """Run several time steps in one call.

        Parameters
        ----------
        x : array-like, (B, T, I)
            Inputs; no unit.
        out : ndarray, (B, T, O), optional
            Where the outputs go.

        Returns
        -------
        ndarray, (B, T, O)
            Output of the last layer after each step; ``out`` if given.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As ``step``.
        """
        return self._run("steps", x, 3, out)

    def reset(self) -> None:
        """Set all states to 0, as they were at first."""
        self._core.reset()

    def get_states(self) -> dict[str, Array]:
        """Return copies of all states.

        Returns
        -------
        dict of str to ndarray, (B, H)
            ``"lstm/h"``, ``"lstm/c"`` and so on: the layer's name and the state's.
            ``numpy.savez(path, **states)`` saves them, ``dict(numpy.load(path))`` reads them.
        """
        arrays = self._core.get_states()
        return {
            f"{name}/{state}": array
            for (name, states), of_layer in zip(self._states.items(), arrays, strict=True)
            for state, array in zip(states, of_layer, strict=True)
        }

    def set_states(self, states: Mapping[str, object]) -> None:
        """Replace all states, or none.

        Parameters
        ----------
        states : dict of str to array-like, (B, H)
            As ``get_states`` returns them.

        Raises
        ------
        TypeError, ValueError
            If they are not states of this stream.
        """
        where = f"{self._where}.set_states"
        now = self.get_states()
        if not isinstance(states, Mapping) or set(states) != set(now):
            came = sorted(states) if isinstance(states, Mapping) else type(states).__name__
            raise ValueError(
                f"{where}: states is {came}, expected a dict with {sorted(now)}; pass what "
                "get_states() of such a stream returned"
            )
        checked: dict[str, Array] = {}
        for key, old in now.items():
            array = as_contiguous(where, key, states[key], self.dtype)
            check_shape(where, key, array, old.shape, "(batch, units)", "pass one row a sequence")
            checked[key] = array
        self._core.set_states(
            [[checked[f"{name}/{s}"] for s in parts] for name, parts in self._states.items()]
        )

    def _run(self, method: str, x: object, axes: int, out: Array | None) -> Array:
        if not self._is_ready(x, axes):
            x = self._made_ready(method, x, axes)
        if out is not None and not isinstance(out, np.ndarray):
            raise TypeError(
                f"{self._where}.{method}: out has type {type(out).__name__}, expected an ndarray "
                f"of {self.dtype}; pass one, or leave it out"
            )
        try:
            return self._core.run(cast(Array, x), out)
        except (TypeError, ValueError) as error:  # the core does not know whose stream it is
            text = str(error).replace("Stream.run", f"{self._where}.{method}", 1)
            raise type(error)(text) from None

    def _is_ready(self, x: object, axes: int) -> bool:
        """Return whether the core takes ``x`` as it is: a test of some 100 ns."""
        return (
            type(x) is np.ndarray
            and x.dtype is self.dtype
            and x.ndim == axes
            and x.strides[-1] == x.itemsize
            and x.flags.aligned
        )

    def _made_ready(self, method: str, x: object, axes: int) -> Array:
        where = f"{self._where}.{method}"
        array = as_array(where, "x", x, self.dtype)
        if array.ndim != axes:
            expected = "(batch, features)" if axes == 2 else "(batch, steps, features)"
            raise ValueError(
                f"{where}: x has shape {array.shape}, expected {expected}; "
                "step(x[:, t]) takes one time step, steps(x) takes several"
            )
        return array

    def __repr__(self) -> str:
        return f"<Stream of {self._where.removesuffix('.stream')!r}, batch {self.batch}>"
