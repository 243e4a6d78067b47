"""What stands in a stack: LSTMs and GRUs with their options, checked and as the core takes them."""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from gatedcore import _core
from gatedcore.activations import name_of
from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.ops.operands import (
    Weights,
    check_rates,
    check_recompute,
    random_operands,
    state_operand,
    weight_operands,
)
from gatedcore.random import draw_stream


@dataclass(frozen=True)
class _Stacked:
    """What a layer of either kind has, as ``lstm`` and ``gru``."""

    kernel: object
    recurrent_kernel: object
    bias: object = None
    initial_state: object = None
    activation: object = "tanh"
    recurrent_activation: object = "sigmoid"
    _: KW_ONLY
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    zoneout_h: float = 0.0
    seed: object = None
    zero_output_for_mask: bool = False
    recompute: bool = False


@dataclass(frozen=True)
class StackedLSTM(_Stacked):
    """One LSTM of a stack; the arguments are those of ``lstm``."""

    zoneout_c: float = 0.0


@dataclass(frozen=True)
class StackedGRU(_Stacked):
    """One GRU of a stack; the arguments are those of ``gru``."""

    reset_after: bool = True


Direction = StackedLSTM | StackedGRU


def directions_of(layers: object) -> list[list[Direction]]:
    """Return the directions of each layer, one or two."""
    advice = "pass a list of StackedLSTM and StackedGRU, or of pairs of them"
    if not isinstance(layers, list | tuple) or not layers:
        given = "empty" if isinstance(layers, list | tuple) else f"a {type(layers).__name__}"
        raise ValueError(f"stack: layers is {given}, expected a layer or more; {advice}")
    found: list[list[Direction]] = []
    for i, layer in enumerate(layers):
        directions = list(layer) if isinstance(layer, list | tuple) else [layer]
        if len(directions) not in (1, 2):
            raise ValueError(
                f"stack: layers[{i}] has {len(directions)} directions, expected 1 or 2; {advice}"
            )
        for direction in directions:
            if not isinstance(direction, StackedLSTM | StackedGRU):
                raise TypeError(
                    f"stack: layers[{i}] has type {type(direction).__name__}, expected "
                    f"StackedLSTM or StackedGRU; {advice}"
                )
        found.append(directions)
    return found


def weights_of(where: str, direction: Direction, inputs: int, dtype: np.dtype[Any]) -> Weights:
    """Return a direction's weights as arrays that the core takes."""
    gru = isinstance(direction, StackedGRU)
    return weight_operands(
        where,
        direction.kernel,
        direction.recurrent_kernel,
        direction.bias,
        gates=3 if gru else 4,
        inputs=inputs,
        dtype=dtype,
        two_biases=isinstance(direction, StackedGRU)
        and check_bool(where, "reset_after", direction.reset_after),
    )


def operands_of(
    where: str,
    direction: Direction,
    dims: tuple[int, int, int, int],
    dtype: np.dtype[Any],
    training: bool,
    time_major: bool,
) -> tuple[Array | None, ...]:
    """Return what dropout and zoneout of a direction need; nothing for rates of 0."""
    zoneout = {"zoneout_h": direction.zoneout_h}
    if isinstance(direction, StackedLSTM):
        zoneout["zoneout_c"] = direction.zoneout_c
    rates = check_rates(where, direction.dropout, direction.recurrent_dropout, **zoneout)
    if rates is None:
        return ()
    stream = draw_stream(where, direction.seed) if training else None
    return random_operands(rates, stream, dims, dtype, time_major=time_major)


def call_of(
    where: str,
    direction: Direction,
    weights: Weights,
    batch: int,
    operands: tuple[Array | None, ...],
    save: bool,
) -> _core.LSTMDirection | _core.GRUDirection:
    """Return what the core takes for a direction."""
    units, dtype = weights.recurrent_kernel.shape[0], weights.recurrent_kernel.dtype
    names = (
        name_of(where, "activation", direction.activation),
        name_of(where, "recurrent_activation", direction.recurrent_activation),
    )
    zero_output = check_bool(where, "zero_output_for_mask", direction.zero_output_for_mask)
    recompute = check_recompute(where, direction.recompute, return_gates=False, return_cache=save)
    given = direction.initial_state
    if isinstance(direction, StackedGRU):
        if isinstance(given, list | tuple) and len(given) == 1:
            given = given[0]
        h0 = state_operand(where, "initial_state", given, batch, units, dtype)
        return _core.GRUDirection(
            *weights,
            h0,
            *names,
            direction.reset_after,
            zero_output,
            recompute,
            *operands,
        )
    if given is not None and not (isinstance(given, list | tuple) and len(given) == 2):
        raise ValueError(
            f"{where}: initial_state is a {type(given).__name__}, expected [h0, c0]; "
            "pass both states of the LSTM"
        )
    states = [
        state_operand(where, f"initial_state[{i}]", state, batch, units, dtype)
        for i, state in enumerate(given or (None, None))
    ]
    return _core.LSTMDirection(
        *weights,
        states[0],
        states[1],
        *names,
        zero_output,
        recompute,
        *operands,
    )
