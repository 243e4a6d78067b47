"""Recurrent layers as nodes of a graph: LSTM, GRU, SimpleRNN, RNN, Bidirectional."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from gatedcore.interop.gate_order import keras_to_onnx
from gatedcore.interop.onnx.export_activations import cell_activations
from gatedcore.interop.onnx.export_masks import (
    Packing,
    write_packed,
    write_packing,
    write_unpacked,
)
from gatedcore.interop.onnx.graph_writer import GraphWriter, Signal
from gatedcore.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    GRUCell,
    Layer,
    LSTMCell,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
)
from gatedcore.layers.sequence import SequenceLayer

_KINDS: dict[type, str] = {
    LSTM: "lstm",
    LSTMCell: "lstm",
    GRU: "gru",
    GRUCell: "gru",
    SimpleRNN: "simple_rnn",
    SimpleRNNCell: "simple_rnn",
}
_OPERATORS = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "RNN"}
STATES = {"lstm": 2, "gru": 1, "simple_rnn": 1}


class Direction(NamedTuple):
    """A cell that runs over the steps.

    Attributes
    ----------
    kind : str
        As ``gate_order`` calls it.
    cell : Layer
        With weights, activations and units.
    backwards : bool
        Whether the last step comes first.
    states : sequence of str
        Names of the first states, (B, H) each; empty for zeros.
    """

    kind: str
    cell: Any
    backwards: bool
    states: Sequence[str]


class Results(NamedTuple):
    """What an operator made; names of values.

    Attributes
    ----------
    y : str
        (T, D, B, H), aligned with the steps.
    last : list of str
        (D, B, H) each.
    """

    y: str
    last: list[str]


def direction_of(where: str, layer: Layer, backwards: bool, states: Sequence[str]) -> Direction:
    """Return a layer or cell as a direction.

    Raises
    ------
    ValueError
        If ONNX has no operator for it.
    """
    kind = _KINDS.get(type(layer))
    if kind is None:
        raise ValueError(
            f"{where}: {layer.name} is a {type(layer).__name__}, expected LSTM, GRU or SimpleRNN "
            "or their cells, which ONNX has operators for"
        )
    for name in ("zoneout_h", "zoneout_c"):
        if getattr(layer, name, 0.0):
            raise ValueError(
                f"{where}: {layer.name} has {name}={getattr(layer, name)}, expected 0: its units "
                "keep a share of their old states, which ONNX's operators cannot"
            )
    return Direction(kind, layer, backwards, states)


def write_operator(
    writer: GraphWriter, directions: Sequence[Direction], x: str, lengths: str
) -> Results:
    """Write the operator of one direction or two, over ``x`` (T, B, I)."""
    first = directions[0]
    kind, cell = first.kind, first.cell
    names = [_activations(one) for one in directions]
    attributes: dict[str, Any] = cell_activations(
        f"{writer.where}: {cell.name}", [name for of_one in names for name in of_one]
    )
    if kind == "gru":
        attributes["linear_before_reset"] = int(cell.reset_after)
    way = "bidirectional" if len(directions) > 1 else "reverse" if first.backwards else "forward"
    count = STATES[kind]
    inputs = [x, *_weights(writer, directions), lengths, *_first_states(writer, directions)]
    y, *last = writer.nodes(
        _OPERATORS[kind],
        inputs,
        ("Y", "Y_h", "Y_c")[: 1 + count],
        hidden_size=cell.units,
        direction=way,
        **attributes,
    )
    if lengths and first.states:  # rows without a step keep their first states
        some = writer.node("Greater", lengths, writer.cast(writer.integer(0), np.int32))
        rows = writer.unsqueeze(some, 0, 2)
        given = _first_states(writer, directions)
        last = [writer.node("Where", rows, *pair) for pair in zip(last, given, strict=True)]
    return Results(y, last)


def _activations(direction: Direction) -> list[str]:
    cell = direction.cell
    if direction.kind == "simple_rnn":
        return [cell.activation]
    own = [cell.recurrent_activation, cell.activation]
    return [*own, cell.activation] if direction.kind == "lstm" else own


def _weights(writer: GraphWriter, directions: Sequence[Direction]) -> list[str]:
    """Write W, R and B."""
    made = []
    for kind, cell, *_ in directions:
        parameters = cell.parameters
        kernel, recurrent = parameters["kernel"], parameters["recurrent_kernel"]
        options = {"reset_after": cell.reset_after} if kind == "gru" else {}
        made.append(keras_to_onnx(kind, kernel, recurrent, parameters.get("bias"), **options))
    stem = "+".join(one.cell.name for one in directions)
    w = writer.weight(f"{stem}/W", np.stack([one.w for one in made]))
    r = writer.weight(f"{stem}/R", np.stack([one.r for one in made]))
    if all(one.b is None for one in made):
        return [w, r, ""]
    rows = made[0].w.shape[0]
    zeros = np.zeros(2 * rows, writer.dtype)
    biases = [zeros if one.b is None else one.b for one in made]
    return [w, r, writer.weight(f"{stem}/B", np.stack(biases))]


def _first_states(writer: GraphWriter, directions: Sequence[Direction]) -> list[str]:
    """Write initial states (D, B, H), nothing for zeros."""
    made = []
    for parts in zip(*(one.states for one in directions), strict=True):
        rows = [writer.unsqueeze(part, 0) for part in parts]
        made.append(rows[0] if len(rows) == 1 else writer.node("Concat", *rows, axis=0))
    return made


# Sequences as layers have them, the batch first.


class Run(NamedTuple):
    """Outputs of a layer; names of values (B, T, H), (B, H) and the states (B, H)."""

    sequences: str
    last: str
    states: list[str]


def _time_major(writer: GraphWriter, x: str) -> str:
    known = writer.once("time major", x)
    return known or writer.once("time major", x, writer.node("Transpose", x, perm=[1, 0, 2])) or ""


def _batch_major(writer: GraphWriter, y: str) -> str:
    made = writer.node("Transpose", y, perm=[1, 0, 2])
    writer.once("time major", made, y)
    return made


def _prepared(writer: GraphWriter, x: Signal) -> tuple[str, str, Packing | None]:
    """Return the input, time-major and with the steps that count in front, and lengths."""
    if x.mask is None:
        return _time_major(writer, x.name), "", None
    packing = write_packing(writer, x.mask)
    return _time_major(writer, write_packed(writer, packing, x.name)), packing.lengths, packing


def write_one(writer: GraphWriter, direction: Direction, x: Signal, *, zero_output: bool) -> Run:
    """Write a layer of one direction; sequences are in running order."""
    steps, lengths, packing = _prepared(writer, x)
    y, last = write_operator(writer, [direction], steps, lengths)
    sequences = _batch_major(writer, writer.squeeze(y, 1))
    if packing is not None:
        sequences = write_unpacked(
            writer, packing, sequences, backwards=direction.backwards, zero_output=zero_output
        )
    if direction.backwards:
        sequences = writer.reversed(sequences, 1)
    states = [writer.squeeze(state, 0) for state in last]
    return Run(sequences, states[0], states)


def write_pair(writer: GraphWriter, pair: Sequence[Direction], x: Signal) -> tuple[Run, Run, Run]:
    """Write a forward direction and a backward one as one operator, both in the order of time.

    Returns
    -------
    first, second, both : Run
        Of each, and side by side; ``both`` has no states.
    """
    steps, lengths, packing = _prepared(writer, x)
    y, last = write_operator(writer, pair, steps, lengths)
    units = pair[0].cell.units
    side_by_side = writer.reshape(writer.node("Transpose", y, perm=[0, 2, 1, 3]), 0, 0, 2 * units)
    sequences = _batch_major(writer, side_by_side)
    if packing is not None:
        sequences = write_unpacked(writer, packing, sequences, backwards=False, zero_output=True)
    joined = writer.reshape(writer.node("Transpose", last[0], perm=[1, 0, 2]), 0, 2 * units)
    both = Run(sequences, joined, [])
    halves = writer.nodes(
        "Split", (sequences, writer.integers(units, units)), ("first", "second"), axis=2
    )
    runs = []
    for k, half in enumerate(halves):
        states = [writer.node("Gather", state, writer.integer(k), axis=0) for state in last]
        runs.append(Run(half, states[0], states))
    return runs[0], runs[1], both


# Layers.


def write_sequence_layer(
    writer: GraphWriter, layer: Layer, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write an LSTM, GRU, SimpleRNN or RNN; the states given stand behind the input."""
    one = cast(SequenceLayer, layer)
    _refuse_stateful(writer, one)
    x, *given = inputs
    cells: list[Layer] = [layer]
    if isinstance(layer, RNN):
        within = layer.cell
        cells = [*within.cells] if isinstance(within, StackedRNNCells) else [within]
    states = [signal.name for signal in given]
    made: list[str] = []
    run: Run | None = None
    for place, cell in enumerate(cells):
        # The first cell turns the steps round; those behind it follow its order.
        backwards = one.go_backwards and place == 0
        direction = direction_of(writer.where, cell, backwards, [])
        count = STATES[direction.kind]
        own, states = states[:count], states[count:]
        last = place == len(cells) - 1
        run = write_one(
            writer,
            direction._replace(states=own),
            x,
            zero_output=one.zero_output_for_mask and last,
        )
        made += run.states
        mask = x.mask
        if mask is not None and backwards:
            mask = writer.reversed(mask, 1)
        size = direction.cell.units
        x = Signal(run.sequences, (*x.shape[:2], size), mask)
    assert run is not None
    batch, size = x.shape[0], x.shape[2]
    y = x if one.return_sequences else Signal(run.last, (batch, size))
    sizes = one.recurrence.state_sizes
    after = [Signal(name, (batch, n)) for name, n in zip(made, sizes, strict=True)]
    return [y, *after] if one.return_state else [y]


def write_bidirectional(
    writer: GraphWriter, layer: Layer, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write a layer of two directions; states of the forward one stand first."""
    assert isinstance(layer, Bidirectional)
    x, *given = inputs
    half = len(given) // 2
    states = [[signal.name for signal in part] for part in (given[:half], given[half:])]
    layers = layer.forward_layer, layer.backward_layer
    for one in layers:
        _refuse_stateful(writer, one)
    pair = [
        direction_of(writer.where, one, one.go_backwards, own)
        for one, own in zip(layers, states, strict=True)
    ]
    both = None
    if _goes_together(pair):
        first, second, both = write_pair(writer, pair, x)
    else:
        first, second = (write_one(writer, one, x, zero_output=True) for one in pair)
        if layer.return_sequences:
            second = second._replace(sequences=writer.reversed(second.sequences, 1))
    batch, units = x.shape[0], pair[0].cell.units
    which = "sequences" if layer.return_sequences else "last"
    parts = [getattr(first, which), getattr(second, which)]
    shape = (*x.shape[:2], units) if layer.return_sequences else (batch, units)
    mask = x.mask if layer.return_sequences else None
    outputs = [
        Signal(name, (*shape[:-1], 2 * units) if layer.merge_mode == "concat" else shape, mask)
        for name in _merged(writer, layer.merge_mode, parts, both and getattr(both, which))
    ]
    after = [Signal(name, (batch, units)) for name in (*first.states, *second.states)]
    return [*outputs, *after] if layer.return_state else outputs


def _goes_together(pair: Sequence[Direction]) -> bool:
    """Return whether two directions are one operator of ONNX."""
    one, other = pair
    return (
        (one.backwards, other.backwards) == (False, True)
        and one.kind == other.kind
        and (one.kind != "gru" or one.cell.reset_after == other.cell.reset_after)
    )


def _merged(
    writer: GraphWriter, mode: str | None, parts: Sequence[str], both: str | None
) -> list[str]:
    if mode is None:
        return list(parts)
    if mode == "concat":
        return [both or writer.node("Concat", *parts, axis=-1)]
    merged = writer.node("Mul" if mode == "mul" else "Add", *parts)
    return [writer.node("Mul", merged, writer.number(0.5)) if mode == "ave" else merged]


def _refuse_stateful(writer: GraphWriter, layer: SequenceLayer) -> None:
    if layer.stateful:
        raise ValueError(
            f"{writer.where}: {layer.name} has stateful=True, expected False: a graph of ONNX "
            "keeps nothing from call to call; make its first and last states inputs and outputs "
            "of a Model, with initial_state and return_state=True"
        )
