"""What a training run changes beside weights and optimizer, as data, and back."""

from __future__ import annotations  # numpy.random is imported when first used, not here

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gatedcore.layers.base import Layer
from gatedcore.layers.sequence import SequenceLayer
from gatedcore.random import library_generator

_PLAIN = frozenset({str, int, float, bool, type(None), np.ndarray, type(np.dtype("f4"))})
_HOLDERS = (dict, list, tuple, Layer)


def nested_layers(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Yield layers, and after each those that it holds, in a fixed order; each of them once."""
    seen: set[int] = set()
    waiting: list[Any] = list(layers)[::-1]
    while waiting:
        thing = waiting.pop()
        inner: Iterable[Any] = thing
        if isinstance(thing, dict):
            inner = thing.values()
        elif not isinstance(thing, list | tuple):
            if id(thing) in seen:
                continue
            seen.add(id(thing))
            yield thing
            inner = vars(thing).values()
        # Asked before every prediction: most of what a layer holds is told by its type alone.
        holders = [v for v in inner if type(v) not in _PLAIN and isinstance(v, _HOLDERS)]
        waiting += reversed(holders)


def get_layer_states(layers: Iterable[Layer]) -> list[dict[str, Any]]:
    """Return for each layer how often it has drawn, its own generator's state, carried states."""
    states = []
    for layer in nested_layers(layers):
        state: dict[str, Any] = {"draws": layer._draws}
        if isinstance(layer, SequenceLayer) and layer._carried is not None:
            state["carried"] = [carried.copy() for carried in layer._carried]
        generator = _generator_of(layer)
        if generator is not None:
            state["generator"] = generator.bit_generator.state
        states.append(state)
    return states


def set_layer_states(layers: Iterable[Layer], states: Sequence[Mapping[str, Any]]) -> None:
    """Go back to what ``get_layer_states`` returned.

    Raises
    ------
    ValueError
        If it comes from other layers.
    """
    known = list(nested_layers(layers))
    if len(known) != len(states):
        raise ValueError(
            f"set_layer_states: got states of {len(states)} layers, expected {len(known)}; use "
            "those of the same model"
        )
    for layer, state in zip(known, states, strict=True):
        layer._draws = state["draws"]
        if isinstance(layer, SequenceLayer):
            layer._carried = state.get("carried")
        generator = _generator_of(layer)
        if generator is not None:
            generator.bit_generator.state = state["generator"]


def draws_again(layers: Iterable[Layer]) -> Callable[[], None]:
    """Return what lets layers draw again what they draw next."""
    known = list(layers)
    states = get_layer_states(known)
    library = library_generator().bit_generator
    state = library.state

    def rewind() -> None:
        set_layer_states(known, states)
        library.state = state

    return rewind


def stateful_layers(layers: Iterable[Layer]) -> list[SequenceLayer]:
    """Return the layers that carry states from batch to batch, those within others too."""
    sequence_layers = [one for one in nested_layers(layers) if isinstance(one, SequenceLayer)]
    return [layer for layer in sequence_layers if layer.stateful]


@contextmanager
def carried_kept_on_error(layers: Sequence[SequenceLayer]) -> Iterator[None]:
    """Let layers carry what they carried before if the block raises."""
    before = [layer._carried for layer in layers]  # replaced after a batch, never written to
    try:
        yield
    except BaseException:
        for layer, carried in zip(layers, before, strict=True):
            layer._carried = carried
        raise


def _generator_of(layer: Layer) -> np.random.Generator | None:
    seed = layer.seed
    return None if seed is None or isinstance(seed, int) else seed
