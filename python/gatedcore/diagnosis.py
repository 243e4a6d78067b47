"""Where NaN or infinity began: a second look at a batch, after its loss or gradients were none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gatedcore.arrays import Array
from gatedcore.columns import Columns
from gatedcore.layers.base import Layer
from gatedcore.random import generator_left_alone
from gatedcore.run_state import get_layer_states, set_layer_states

Forward = Callable[[Any, bool], object]  # x, and whether it is for training

_FORWARDS = ("forward", "forward_many")


def not_finite(
    where: str,
    what: str,
    x: Any,
    y: Any,
    layers: Sequence[Layer],
    forward: Forward,
    *,
    backward: bool = False,
    outcome: str = "",
) -> str:
    """Return the message for a batch whose loss or gradients are no finite numbers.

    Parameters
    ----------
    where, what : str
        Who met it, and what it is.
    x, y : ndarray, or collections of them
        The batch.
    layers : sequence of Layer
        Those of the model, the first to compute first.
    forward : callable
        The model's.
    backward : bool
        Whether the loss was finite, and a gradient is not.
    outcome : str
        What it means for the run.
    """
    spoilt = [name for name, array in (("x", x), ("y", y)) if not is_finite(array)]
    if spoilt:
        advice = f"{' and '.join(spoilt)} of this batch holds NaN or infinity: clean the data"
    else:
        origin = weight_of_before(layers)
        if origin is None:
            origin = first_gradient(layers) if backward else first_output(layers, forward, x)
        advice = f"lower the learning rate or scale the data; it began in {origin}"
    return f"{where}: {what}, expected a finite number; {advice}{outcome}"


def is_finite(data: Any) -> bool:
    """Return whether an array, or every one of a collection, is finite."""
    if isinstance(data, Mapping):
        data = list(data.values())
    if isinstance(data, list | tuple | Columns):
        return all(is_finite(part) for part in data)
    return bool(np.isfinite(data).all())


def weight_of_before(layers: Sequence[Layer]) -> str | None:
    """Return weights that were not finite before the batch, None if there are none."""
    for layer in layers:
        wrong = [name for name, value in layer.parameters.items() if not is_finite(value)]
        if wrong:
            return f"{' and '.join(wrong)} of layer {layer.name}, before this batch"
    return None


def first_gradient(layers: Sequence[Layer]) -> str:
    """Return the first gradient that is not finite, in the order in which they are computed."""
    for layer in reversed(layers):
        trained = layer.trained_names()
        wrong = [n for n, g in layer.gradients.items() if n in trained and not is_finite(g)]
        if wrong:
            return f"the gradient of {' and '.join(wrong)} of layer {layer.name}"
    return "the sum of all gradients"


def first_output(layers: Sequence[Layer], forward: Forward, x: Any) -> str:
    """Return the first output that is not finite when the model runs once more."""
    found: list[str] = []
    with np.errstate(all="ignore"), as_before(layers), watched(layers, found):
        forward(x, False)
    return found[0] if found else "the loss itself: what all layers return is finite"


@contextmanager
def as_before(layers: Sequence[Layer]) -> Iterator[None]:
    """Put back what the layers carry and have drawn; meanwhile they carry nothing."""
    states = get_layer_states(layers)
    with generator_left_alone():
        try:
            for layer in layers:
                layer.reset_states()
            yield
        finally:
            set_layer_states(layers, states)


@contextmanager
def watched(layers: Iterable[Layer], found: list[str]) -> Iterator[None]:
    """Note every output that is not finite, in the order of the computation."""

    def watch(layer: Layer, method: str) -> None:
        forward = getattr(layer, method)

        def noting(*arguments: Any, **options: Any) -> Any:
            y = forward(*arguments, **options)
            if not is_finite(y):
                outputs = y if isinstance(y, list) else [y]
                first = next(one for one in outputs if not is_finite(one))
                found.append(f"the output of layer {layer.name}{first_step(first)}")
            return y

        layer.__dict__[method] = noting

    of_their_own = {id(layer) for layer in layers if "forward" in vars(layer)}
    chosen = [layer for layer in layers if id(layer) not in of_their_own]
    try:
        for layer in chosen:
            for method in _FORWARDS:  # of which one may call the other
                watch(layer, method)
        yield
    finally:
        for layer in chosen:
            for method in _FORWARDS:
                layer.__dict__.pop(method, None)


def first_step(y: Array) -> str:
    """Return at which time step an output (B, T, ...) is not finite for the first time."""
    if not isinstance(y, np.ndarray) or y.ndim < 3:
        return ""
    steps = np.isfinite(y).all(axis=(0, *range(2, y.ndim)))
    return f" at time step {int(np.argmin(steps))}"
