"""How ranks begin a run together: the same program, and then the same numbers."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gatedcore.distributed import Communicator
from gatedcore.distributed.agreement import check_agreement
from gatedcore.distributed.exchange import broadcast
from gatedcore.layers.base import Layer
from gatedcore.optimizers import Optimizer
from gatedcore.parameters import ParameterVector
from gatedcore.random import given_seed, library_generator
from gatedcore.run_state import get_layer_states, nested_layers, set_layer_states


def check_alike(
    comm: Communicator,
    where: str,
    layers: Iterable[Layer],
    vector: ParameterVector,
    optimizer: Optimizer,
    facts: Mapping[str, Any],
) -> None:
    """Refuse ranks with different models, ways to train or data, on all alike.

    Parameters
    ----------
    comm : Communicator
        The ranks.
    where : str
        Public function, for the error.
    layers, vector, optimizer
        What is trained, and how.
    facts : mapping
        What else is to be alike, as JSON can hold it, by the name that the error gives it.

    Raises
    ------
    ValueError
        If anything differs; it names the rank and the difference.
    """
    check_agreement(
        comm,
        where,
        {
            "model": [
                [type(layer).__name__, _as_json(layer.get_config)]
                for layer in nested_layers(layers)
            ],
            "parameters": [
                {name: list(value.shape) for name, value in views.items()}
                for views in vector.value_views
            ],
            "dtype": str(vector.values.dtype),
            "optimizer": [type(optimizer).__name__, _as_json(optimizer.get_config)],
            "seed of set_random_seed": given_seed(),
            **facts,
        },
    )


def _as_json(get_config: Any) -> Any:
    """Return a configuration, None of one that JSON cannot hold, such as functions of one's own."""
    try:
        return json.loads(json.dumps(get_config()), object_hook=_what_matters)
    except (TypeError, ValueError, NotImplementedError):
        return None


def _what_matters(value: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration without what may differ.

    That is the state of a generator, which all get from rank 0, and names, which count the layers
    that a process has made, other models' too.
    """
    if value.get("class_name") == "Generator":
        return {"class_name": "Generator"}
    return {name: one for name, one in value.items() if name != "name"}


def begin_alike(
    comm: Communicator,
    layers: Iterable[Layer],
    vector: ParameterVector,
    optimizer: Optimizer,
    generators: Iterable[np.random.Generator],
) -> None:
    """Give all ranks the weights, the optimizer's state and the generators of rank 0."""
    comm.broadcast_(vector.values)
    state = optimizer.get_state()
    slots = state.pop("slots")
    for slot in slots.values():
        comm.broadcast_(slot)
    optimizer.set_state({**broadcast(comm, state), "slots": slots})
    for generator in (library_generator(), *generators):
        bits = generator.bit_generator
        bits.state = broadcast(comm, bits.state)
    known = list(layers)
    own = get_layer_states(known)
    carried = [state.pop("carried", None) for state in own]  # of rows, which each rank has its own
    drawn = broadcast(comm, own)
    for state, kept in zip(drawn, carried, strict=True):
        if kept is not None:
            state["carried"] = kept
    set_layer_states(known, drawn)
