"""Masks as nodes of a graph: any pattern, for operators that know lengths alone.

Steps that do not count leave a recurrent layer's states as they are. So the steps that count are
put in front, the operator runs over so many, and its outputs go back to where the steps were.
"""

from typing import NamedTuple

import numpy as np

from gatedcore.interop.onnx.graph_writer import GraphWriter


class Packing(NamedTuple):
    """What a mask means for recurrent operators; names of values.

    Attributes
    ----------
    mask : str
        (B, T), bool.
    lengths : str
        (B,), int32: how many steps count.
    order : str
        (B, T, 1): the steps that count in order, then the others.
    before, upto : str
        (B, T), int64: how many steps count before each, and before the next.
    """

    mask: str
    lengths: str
    order: str
    before: str
    upto: str


def write_packing(writer: GraphWriter, mask: str) -> Packing:
    """Write what follows from a mask, once for all layers that it reaches."""
    known = [writer.once(part, mask) for part in Packing._fields]
    if known[0] is not None:
        return Packing(*(part or "" for part in known))
    counts = writer.cast(mask, np.int64)
    total = writer.node("ReduceSum", counts, writer.integers(1), keepdims=0)
    upto = writer.node("CumSum", counts, writer.integer(1))
    steps = writer.node("Shape", mask, start=1, end=2)
    place = writer.node("Range", writer.integer(0), writer.squeeze(steps, 0), writer.integer(1))
    later = writer.node("Add", place, steps)
    key = writer.node("Where", mask, place, later)  # all different, so that the order is one
    _, order = writer.nodes("TopK", (key, steps), ("keys", "order"), axis=1, largest=0, sorted=1)
    packing = Packing(
        mask,
        writer.cast(total, np.int32),
        writer.unsqueeze(order, 2),
        writer.node("Sub", upto, counts),
        upto,
    )
    for part, name in zip(Packing._fields, packing, strict=True):
        writer.once(part, mask, name)
    return packing


def write_packed(writer: GraphWriter, packing: Packing, x: str) -> str:
    """Write a sequence (B, T, F) with the steps that count in front."""
    return writer.node("GatherND", x, packing.order, batch_dims=1)


def write_unpacked(
    writer: GraphWriter, packing: Packing, y: str, *, backwards: bool, zero_output: bool
) -> str:
    """Write outputs (B, T, H) of packed steps at the steps that they belong to.

    Parameters
    ----------
    writer : GraphWriter
        Where.
    packing : Packing
        Of the mask.
    y : str
        The outputs.
    backwards : bool
        Whether the last step ran first.
    zero_output : bool
        Whether a step that does not count has zeros; else the output of the last one that does, in
        running order, and zeros where none was before.
    """
    zero = writer.integer(0)
    if backwards:
        steps = writer.node("Shape", packing.mask, start=1, end=2)
        last = writer.node("Sub", steps, writer.integer(1))
        place = writer.node("Min", packing.before, last)
        lengths = writer.unsqueeze(writer.cast(packing.lengths, np.int64), 1)
        there = writer.node("Less", packing.before, lengths)
    else:
        place = writer.node("Max", writer.node("Sub", packing.upto, writer.integer(1)), zero)
        there = writer.node("Greater", packing.upto, zero)
    found = writer.node("GatherND", y, writer.unsqueeze(place, 2), batch_dims=1)
    shown = writer.unsqueeze(packing.mask if zero_output else there, 2)
    return writer.node("Where", shown, found, writer.number(0.0))
