"""What the LSTM and GRU functions share: arguments made into arrays and checked, saved passes."""

from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from gatedcore import _core
from gatedcore.arrays import (
    FLOAT64,
    Array,
    as_array,
    as_contiguous,
    as_dtype,
    float_dtype,
    to_numpy,
)
from gatedcore.checks import check_bool, check_number, check_rank, check_shape
from gatedcore.random import RandomStream, rows_in_batch

CoreCache = TypeVar("CoreCache", bound=_core.LSTMCache | _core.GRUCache | _core.StackCache)

GATE_ORDER = {4: "i f g o", 3: "z r n"}


class Weights(NamedTuple):
    """Checked weights of a gated layer."""

    kernel: Array
    recurrent_kernel: Array
    bias: Array | None

    def zeros_like(self) -> "Weights":
        """Return zeros of the same shapes, to which gradients are added."""
        # Not NumPy's: fresh zeros cost a page fault for each 4 KB on every call.
        double = self.kernel.dtype == FLOAT64
        (inputs, width), (units, _) = self.kernel.shape, self.recurrent_kernel.shape
        return Weights(
            _core.zeros(inputs, width, double),
            _core.zeros(units, width, double),
            None if self.bias is None else np.zeros(self.bias.shape, self.bias.dtype),
        )


class SavedCall(Generic[CoreCache]):
    """What a forward call saved for one backward call; it holds the arrays it was called with.

    Attributes
    ----------
    nbytes : int
        Memory of the saved gates and states.
    consumed : bool
        Whether a backward call has used it up.
    """

    __slots__ = ("_core_cache",)

    def __init__(self, core_cache: CoreCache) -> None:
        self._core_cache: CoreCache = core_cache

    @property
    def nbytes(self) -> int:
        """Memory of the saved gates and states."""
        return self._core_cache.nbytes

    @property
    def consumed(self) -> bool:
        """Whether a backward call has used it up."""
        return self._core_cache.consumed

    def release_to(self, where: str) -> CoreCache:
        """Return the core's cache for its one backward call.

        Raises
        ------
        ValueError
            If it was used already.
        """
        if self.consumed:
            raise ValueError(
                f"{where}: cache was used by an earlier backward call, expected a fresh one; "
                "run forward again with return_cache=True"
            )
        return self._core_cache


class SavedPass(SavedCall[CoreCache]):
    """What a call of one layer saved, of one direction."""

    __slots__ = ("_sequence_shape", "_state_shape", "_weights")

    def __init__(self, core_cache: CoreCache, x: Array, weights: Weights, time_major: bool) -> None:
        super().__init__(core_cache)
        units = weights.recurrent_kernel.shape[0]
        self._sequence_shape = (*x.shape[:2], units)
        self._state_shape = (x.shape[1 if time_major else 0], units)
        self._weights = weights

    def zero_gradients(self) -> Weights:
        """Return zeros for the gradients of kernel, recurrent kernel and bias."""
        return self._weights.zeros_like()

    def arriving(
        self, where: str, name: str, value: object, *, sequence: bool, units: int | None = None
    ) -> Array | None:
        """Return a gradient that arrives at every hidden state, or at a last state of ``units``.

        Raises
        ------
        TypeError, ValueError
            If it is no array of the state's shape.
        """
        if value is None:
            return None
        convert = as_array if sequence else as_contiguous
        d = convert(where, name, value, self._weights.kernel.dtype)
        shape = self._sequence_shape if sequence else self._state_shape
        check_shape(
            where,
            name,
            d,
            shape if units is None else (*shape[:-1], units),
            "the shape of the state" + ("s" if sequence else ""),
            "pass the gradient of what forward returned",
        )
        return d


def check_cache(where: str, cache: object, kind: type[SavedCall[Any]]) -> None:
    """Raise unless ``cache`` is what the matching forward function returned.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not isinstance(cache, kind):
        raise TypeError(
            f"{where}: cache has type {type(cache).__name__}, expected {kind.__name__}; "
            f"pass what {where.split('_')[0]}(..., return_cache=True) returned"
        )


def check_recompute(where: str, recompute: object, return_gates: bool, return_cache: bool) -> bool:
    """Return ``recompute`` as a bool.

    Raises
    ------
    TypeError
        If it is none.
    ValueError
        If it comes without a cache to keep small, or with gates to return.
    """
    recompute = check_bool(where, "recompute", recompute)
    if recompute and return_gates:
        raise ValueError(
            f"{where}: recompute=True came with return_gates=True, expected one of them; "
            "recompute saves no gates, so call once more for those"
        )
    if recompute and not return_cache:
        raise ValueError(
            f"{where}: recompute=True came without return_cache=True, expected both; "
            "without a cache nothing is saved, so leave it out"
        )
    return recompute


def sequence_operand(
    where: str, x: object, kernel: object, recurrent_kernel: object, time_major: bool
) -> Array:
    """Return ``x`` as a sequence in the dtype that the call runs in.

    Raises
    ------
    TypeError, ValueError
        If it is no array of three axes.
    """
    sequence = as_array(where, "x", x, float_dtype(x, kernel, recurrent_kernel))
    check_rank(
        where,
        "x",
        sequence,
        "(T, B, I)" if check_bool(where, "time_major", time_major) else "(B, T, I)",
        "give it a batch, a time and a feature axis, for example x[None, :, None] for one series",
    )
    return sequence


def weight_operands(
    where: str,
    kernel: object,
    recurrent_kernel: object,
    bias: object,
    *,
    gates: int,
    inputs: int,
    dtype: np.dtype[Any],
    two_biases: bool = False,
    projection: Array | None = None,
) -> Weights:
    """Return the weights as contiguous arrays of one dtype and of matching shapes.

    With a projection (H, P), ``recurrent_kernel`` has a row for each of its columns.

    Raises
    ------
    TypeError, ValueError
        If they are not.
    """
    dtype = as_dtype(where, dtype)
    k = as_contiguous(where, "kernel", kernel, dtype)
    r = as_contiguous(where, "recurrent_kernel", recurrent_kernel, dtype)
    order = f"the gates {GATE_ORDER[gates]} stand side by side, as in Keras"
    formula = f"(H, {gates}*H)" if projection is None else f"(P, {gates}*H)"
    check_rank(where, "recurrent_kernel", r, formula, order)
    units = rows = r.shape[0]
    if projection is not None:
        units, rows = projection.shape
    if units == 0:
        raise ValueError(
            f"{where}: recurrent_kernel has shape {r.shape}, expected at least one unit; "
            "pass a larger one"
        )
    width = gates * units
    check_shape(where, "recurrent_kernel", r, (rows, width), formula, order)
    check_shape(where, "kernel", k, (inputs, width), f"(I, {gates}*H)", order)
    if inputs == 0:
        raise ValueError(f"{where}: x has no features, expected at least one; pass a wider array")
    if bias is None:
        return Weights(k, r, None)
    b = as_contiguous(where, "bias", bias, dtype)
    if two_biases:
        check_shape(
            where, "bias", b, (2, width), f"(2, {gates}*H)",
            "reset_after=True has one row for each product; for one bias pass reset_after=False",
        )  # fmt: skip
    else:
        check_shape(where, "bias", b, (width,), f"({gates}*H,)", order)
    return Weights(k, r, b)


def state_pair(initial_state: object) -> tuple[object, object]:
    """Return (h0, c0) of the argument ``initial_state`` of an LSTM.

    Raises
    ------
    ValueError
        If it is no pair.
    """
    if initial_state is None:
        return None, None
    if not isinstance(initial_state, list | tuple) or len(initial_state) != 2:
        size = f" of {len(initial_state)}" if isinstance(initial_state, list | tuple) else ""
        raise ValueError(
            f"lstm: initial_state is a {type(initial_state).__name__}{size}, expected [h0, c0]; "
            "pass both states of the LSTM"
        )
    return initial_state[0], initial_state[1]


def state_operand(
    where: str,
    name: str,
    value: object,
    batch: int,
    units: int,
    dtype: np.dtype[Any],
    formula: str = "(B, H)",
) -> Array | None:
    """Return an initial state as an array (B, H), or None.

    Raises
    ------
    TypeError, ValueError
        If it has another shape.
    """
    if value is None:
        return None
    state = as_contiguous(where, name, value, dtype)
    check_shape(
        where, name, state, (batch, units), formula, "pass one row for each row of the batch"
    )
    return state


class Rates(NamedTuple):
    """Checked rates of what a recurrent call draws at random."""

    dropout: tuple[float, float]  # of inputs and states
    zoneout: tuple[float, ...]  # of h, and of an LSTM's c


def check_rates(
    where: str, dropout: object, recurrent_dropout: object, **zoneout: object
) -> Rates | None:
    """Return rates as they stand in arguments, those of zoneout by their names; None for zeros.

    Raises
    ------
    TypeError, ValueError
        If one is no number in [0, 1).
    """
    x = _check_rate(where, "dropout", dropout)
    h = _check_rate(where, "recurrent_dropout", recurrent_dropout)
    kept = [_check_rate(where, name, rate) for name, rate in zoneout.items()]
    return Rates((x, h), tuple(kept)) if x or h or any(kept) else None


def _check_rate(where: str, name: str, rate: object) -> float:
    if type(rate) is float and 0.0 <= rate < 1.0:  # nearly always: spares most of the time
        return rate
    return check_number(where, name, rate, 0.0, 1.0)


def random_operands(
    rates: Rates,
    stream: RandomStream | None,
    dims: tuple[int, int, int, int],
    dtype: np.dtype[Any],
    *,
    time_major: bool,
    width: int | None = None,
) -> tuple[Array | None, ...]:
    """Return m_x (B, I), m_h (B, H), z_h and an LSTM's z_c of a call with sizes T, B, I, H.

    m_h is as wide as h, if that has another ``width``. None each for a rate of 0. Without a stream
    what is expected of the draws: nothing dropped, and the rates of zoneout, a row (H,) each.
    """
    T, B, I, H = dims  # noqa: E741  # the letters of the equations
    if stream is None:
        kept = (np.full(H, rate, dtype) if rate > 0.0 else None for rate in rates.zoneout)
        return (None, None, *kept)
    double = dtype == FLOAT64
    place = rows_in_batch(B)
    operands: list[Array | None] = []
    for rate, columns in zip(rates.dropout, (I, H if width is None else width), strict=True):
        draws = rate, stream.seed, 4 * stream.call + len(operands), double, *place
        operands.append(_core.dropout_factors(B, columns, *draws) if rate else None)
    for rate in rates.zoneout:
        draws = rate, stream.seed, 4 * stream.call + len(operands), double, *place
        # Step by step in either layout, so that both draw the same.
        z = _core.zoneout_draws(T, B, H, *draws) if rate else None
        operands.append(z if z is None or time_major else z.swapaxes(0, 1))
    return tuple(operands)


def mask_operand(
    where: str, name: str, mask: object, batch: int, steps: int, *, time_major: bool
) -> npt.NDArray[np.bool_] | None:
    """Return ``mask`` or ``reset`` as an array of booleans, (B, T) or (T, B), or None.

    Raises
    ------
    TypeError
        If it does not hold booleans.
    ValueError
        If it has another shape.
    """
    if mask is None:
        return None
    array = to_numpy(where, name, mask)
    if array.dtype != np.bool_:
        raise TypeError(
            f"{where}: {name} has dtype {array.dtype}, expected bool; pass a comparison, such as "
            + ("tokens != 0" if name == "mask" else "episode_steps == 0")
        )
    shape, formula = ((steps, batch), "(T, B)") if time_major else ((batch, steps), "(B, T)")
    if array.shape != shape:
        raise ValueError(
            f"{where}: {name} has shape {array.shape}, expected {formula} = {shape}; "
            "pass one boolean for each step of x"
        )
    return array
