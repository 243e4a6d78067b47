"""Layers of a model one after the other, those together that the core runs faster in one call."""

from collections.abc import Sequence

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.layers.base import Layer
from gatedcore.layers.calling import Mask
from gatedcore.layers.stacked import Stackable, is_stackable, run_forward

# From this many batch rows for each thread on, the core runs a stack's layers one after the other
# (kRowsAlone in cpp/dispatch/parts.hpp); then what passes between them need not all be kept.
ROWS_ALONE = 3

# Floating-point operations of a row of layers, some 60 us of work, below which a second thread
# gains less than the 8 us that putting a stack together costs in Python.
WORTH_A_STACK = 4e6


def run_layers(
    layers: Sequence[Layer], x: Array, training: bool, mask: Mask | None
) -> tuple[Array, Mask | None]:
    """Return the output of the last layer and its mask.

    Without a mask and outside training, LSTMs and GRUs that feed one another run as one call where
    rows are few and threads are not. The bits are the same.
    """
    index = 0
    while index < len(layers):
        row = [] if training or mask is not None else row_from(layers[index:], x)
        if len(row) > 1 and is_worth_a_stack(row, x):
            run = run_forward([[layer] for layer in row], x, [[()]] * len(row), False)
            x = run.last[-1][0][0] if run.h is None else run.h
            index += len(row)
            continue
        for layer in row or layers[index : index + 1]:
            y = layer.forward(x, training, mask)
            mask = layer.compute_mask(x, mask)
            x = y
            index += 1
    return x, mask


def row_from(layers: Sequence[Layer], x: Array) -> list[Stackable]:
    """Return the layers from the first on that may run in one call, none where rows are many."""
    threads = _core.get_num_threads()
    row: list[Stackable] = []
    if threads < 2 or x.ndim != 3 or len(x) >= ROWS_ALONE * threads:
        return row
    for layer in layers:
        if not is_stackable(layer) or layer.go_backwards:
            break
        row.append(layer)
        if not layer.return_sequences:
            break
    return row


def is_worth_a_stack(row: Sequence[Stackable], x: Array) -> bool:
    """Return whether a row of layers has work enough to share."""
    batch, steps, features = x.shape
    operations = 0
    for layer in row:
        operations += 2 * batch * steps * (features + layer.units) * layer.gates * layer.units
        features = layer.units
    return operations >= WORTH_A_STACK
