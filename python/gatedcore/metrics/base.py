"""What all metrics are: counts over batches, and the number they come to."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array, as_array, to_numpy
from gatedcore.checks import check_name
from gatedcore.configs import Configurable
from gatedcore.sample_weights import aligned

Weights = npt.NDArray[Any] | None


class Metric(Configurable, ABC):
    """A number to watch. Derive yours from it, with the three methods below, as in Keras.

    Parameters
    ----------
    name : str, optional
        Key in ``History.history``; by default that of the class.
    dtype : None
        Metrics count in float64.

    Raises
    ------
    ValueError
        If a dtype is given.
    """

    attribute_of: ClassVar[Mapping[str, str | None]] = {"dtype": None}  # there is but one
    # Keras's name where none is given; "" for the class's.
    default_name: ClassVar[str] = ""
    # The arguments beside name.
    options: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str | None = None, dtype: object = None) -> None:
        kind = type(self).__name__
        self.name = check_name(kind, name) or self.default_name or kind
        if dtype is not None:
            raise ValueError(
                f"{self.name}: dtype={dtype!r} is not supported, expected None; metrics count in "
                "float64"
            )

    @abstractmethod
    def reset_state(self) -> None:
        """Forget all batches."""

    @abstractmethod
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in.

        Parameters
        ----------
        y_true, y_pred : array-like, (B, ...)
            Targets and predictions.
        sample_weight : array-like, (B,) or (B, T), optional
            What samples or steps count.
        """

    @abstractmethod
    def result(self) -> Any:
        """Return the number for all batches since the last reset."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count a batch in and return the number so far."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    # What a run calls.

    def fresh(self) -> "Metric":
        """Return a copy that has seen nothing, so that runs within runs count apart."""
        metric = copy.deepcopy(self)
        metric.reset_state()
        return metric

    def add(self, y_true: Array, y_pred: Array, weights: Weights) -> None:
        """Count a batch of arrays in."""
        arguments = (read_only(y_true), read_only(y_pred))
        if weights is None:
            self.update_state(*arguments)
        else:
            self.update_state(*arguments, sample_weight=read_only(weights))

    def add_part(self, y_true: Array, y_pred: Array, weights: Weights, share: float) -> None:
        """Count in some of a batch's time steps, a share of all: by default as a batch alone."""
        self.add(y_true, y_pred, weights)

    def get_state(self) -> Any:
        """Return what has been counted, as plain data.

        Raises
        ------
        NotImplementedError
            If a metric of the user has no such method.
        """
        raise NotImplementedError(
            f"{self.name}: get_state is missing, expected it to resume within an epoch or to train "
            "on several ranks; write it with set_state, or leave this metric out"
        )

    def set_state(self, state: Any) -> None:
        """Go back to what ``get_state`` returned."""
        raise NotImplementedError(
            f"{self.name}: set_state is missing, expected it to resume within an epoch or to train "
            "on several ranks; write it with get_state"
        )

    def merge_state(self, state: Any) -> None:
        """Count in what another counted, whose ``get_state`` this is: by default numbers that add.

        Override it, as ``R2Score`` does, if yours do not.
        """
        self.set_state(_added(self.get_state(), state))

    # Keras's way to write an object down.

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this metric again."""
        return {"name": self.name, **{option: getattr(self, option) for option in self.options}}

    def __repr__(self) -> str:
        given = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({given})"


class Counter(Metric):
    """A metric of this library: it counts trusted arrays, and makes arrays of what others pass."""

    def __init__(self, name: str | None = None, dtype: object = None) -> None:
        super().__init__(name, dtype)
        self.reset_state()

    def fresh(self) -> Metric:
        metric = copy.copy(self)  # reset_state makes new memory, it clears none
        metric.reset_state()
        return metric

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in.

        Parameters
        ----------
        y_true, y_pred : array-like, (B, ...)
            Targets and predictions.
        sample_weight : array-like, (B,) or (B, T), optional
            What samples or steps count.

        Raises
        ------
        TypeError, ValueError
            If an array does not hold real numbers, or the shapes disagree.
        """
        predictions = as_array(self.name, "y_pred", y_pred)
        targets = to_numpy(self.name, "y_true", y_true)
        if targets.dtype.kind not in "iub":
            targets = as_array(self.name, "y_true", targets)
        weights = None
        if sample_weight is not None:
            weights = as_array(self.name, "sample_weight", sample_weight)
        self.add(targets, predictions, weights)

    @abstractmethod
    def add(self, y_true: Array, y_pred: Array, weights: Weights) -> None:
        """Count a batch of arrays in."""


class MeanOverSamples(Counter):
    """The mean of numbers that each sample or step has, times what it counts."""

    def reset_state(self) -> None:
        self.total = 0.0
        self.count = 0.0

    def get_state(self) -> list[float]:
        return [self.total, self.count]

    def set_state(self, state: list[float]) -> None:
        self.total, self.count = state

    @abstractmethod
    def values(self, y_true: Array, y_pred: Array) -> npt.NDArray[Any]:
        """Return the number of each sample or step, (B, ...)."""

    def mean(self, y_true: Array, y_pred: Array) -> float:
        """Return the mean of ``values``."""
        values = self.values(y_true, y_pred)
        return float(np.add.reduce(values, axis=None, dtype=np.float64)) / values.size

    def finish(self, mean: float) -> float:
        """Return what the mean comes to."""
        return mean

    def add(self, y_true: Array, y_pred: Array, weights: Weights) -> None:
        self.add_part(y_true, y_pred, weights, 1.0)

    def add_part(self, y_true: Array, y_pred: Array, weights: Weights, share: float) -> None:
        samples = len(y_pred) * share
        if weights is None:
            self.total += self.mean(y_true, y_pred) * samples
            self.count += samples
            return
        values = self.values(y_true, y_pred)
        laid = aligned(self.name, "sample_weight", weights, values.shape)
        # As in Keras a sample is the mean over its steps, and so is its weight.
        total = float(np.add.reduce(np.multiply(values, laid, dtype=float), axis=None))
        self.total += total * (samples / values.size)
        self.count += float(np.add.reduce(laid, axis=None, dtype=float)) * samples / laid.size

    def result(self) -> float:
        """Return the number for all batches since the last reset; 0 if nothing counted."""
        return self.finish(self.total / self.count if self.count else 0.0)


class MeanMetricWrapper(MeanOverSamples):
    """The mean of what a function returns.

    Parameters
    ----------
    fn : callable
        ``fn(y_true, y_pred, **options)``, a number for each sample or step, or one for the batch,
        which then cannot be weighed.
    name : str, optional
        By default that of the function.
    dtype : None
        Metrics count in float64.
    **options
        Passed to the function.
    """

    def __init__(
        self,
        fn: Callable[..., object],
        name: str | None = None,
        dtype: object = None,
        **options: object,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", type(fn).__name__), dtype)
        self.fn, self._options = fn, options

    def mean(self, y_true: Array, y_pred: Array) -> float:
        value = self.fn(read_only(y_true), read_only(y_pred), **self._options)
        return value if type(value) is float else as_number(self._what, value, mean=True)

    def values(self, y_true: Array, y_pred: Array) -> npt.NDArray[Any]:
        value = self.fn(read_only(y_true), read_only(y_pred), **self._options)
        as_number(self._what, value, mean=True)
        values = np.asarray(value)
        if values.ndim == 0 or len(values) != len(y_pred):
            raise ValueError(
                f"compile: {self._what} returned shape {values.shape}, expected a number for each "
                f"of {len(y_pred)} samples, as there are weights or a mask; return an array (B,)"
            )
        return values

    @property
    def _what(self) -> str:
        return f"metric {self.name}"

    def get_config(self) -> dict[str, Any]:
        return {"fn": self.fn, "name": self.name, **self._options}


def _added(own: Any, others: Any) -> Any:
    """Return the sums of numbers that stand in the same places of two states."""
    if own is None or others is None:
        return others if own is None else own
    if isinstance(own, dict):
        return {key: _added(value, others[key]) for key, value in own.items()}
    if isinstance(own, list | tuple):
        return [_added(a, b) for a, b in zip(own, others, strict=True)]
    return own + others


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view that a function of the user cannot write to."""
    view = array.view()
    view.flags.writeable = False
    return view


def as_number(what: str, value: object, *, mean: bool = False) -> float:
    """Return what a loss or a metric returned as a float; of an array the mean, if that is asked.

    Raises
    ------
    TypeError
        If it is no real number.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or not (array.ndim == 0 or (mean and array.size)):
        shown = f"an array of shape {array.shape}" if array.ndim else type(value).__name__
        raise TypeError(
            f"compile: {what} returned {shown}, expected a real number"
            f"{' or an array of them' if mean else ''}; return float(...) of it"
        )
    return float(np.mean(array, dtype=np.float64) if array.ndim else array)


def check_same_shape(where: str, y_true: npt.NDArray[Any], y_pred: Array) -> None:
    """Raise unless targets have the shape of the predictions, with at least one element.

    Raises
    ------
    ValueError
        If they have not: nothing is broadcast.
    """
    if y_true.shape != y_pred.shape or not y_pred.size:
        raise ValueError(
            f"{where}: y_true has shape {y_true.shape}, expected that of y_pred, {y_pred.shape}, "
            "with at least one element; reshape it"
        )
