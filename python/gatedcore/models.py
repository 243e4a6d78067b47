"""Keras's namespace ``models``: models, and how they come from files, JSON and others."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from gatedcore import configs, keras_arguments
from gatedcore.archive import MALFORMED
from gatedcore.graph import Model
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.keras_names import absent
from gatedcore.model import Sequential
from gatedcore.persistence import Persistent, load_model, save_model

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

M = TypeVar("M", bound=Persistent)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return a new model of the architecture that ``model.to_json`` returned.

    Parameters
    ----------
    json_string : str
        The JSON; Keras's too, of layers that exist here.
    custom_objects : mapping, optional
        Classes and functions by name, beside those that are registered.

    Returns
    -------
    model
        With new weights, not compiled.

    Raises
    ------
    TypeError, ValueError
        If it is no such JSON, or names what is not known.
    MemoryError
        If the layers that it asks for do not fit into memory.
    """
    import json

    try:
        model = configs.deserialize(json.loads(json_string), custom_objects)
    except MALFORMED as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"model_from_json: json_string makes no model ({error}), expected what to_json() "
            "returned; correct that, or write it anew"
        ) from error
    if not isinstance(model, Persistent):
        raise TypeError(
            f"model_from_json: json_string holds a {type(model).__name__}, expected a model; pass "
            "what to_json() returned"
        )
    return model


def clone_model(model: M, **keras: object) -> M:
    """Return a new model of the same architecture, with new weights, not compiled.

    Parameters
    ----------
    model : model
        Stays as it is.
    **keras
        Other arguments of Keras are refused unless they ask for nothing.

    Raises
    ------
    TypeError
        If it is no model, or has something that no config can name.
    """
    reject_unsupported("clone_model", keras, keras_arguments.CLONE_MODEL)
    if not isinstance(model, Persistent):
        raise TypeError(
            f"clone_model: model has type {type(model).__name__}, expected a model; pass one"
        )
    return model.clone()


if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)
