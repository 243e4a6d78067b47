"""Models of Keras as models of ours."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from gatedcore.archive import SavedFileError
from gatedcore.checks import check_bool
from gatedcore.graph import Model
from gatedcore.interop.convert.keras_compile import compile_as
from gatedcore.interop.convert.keras_file import KERAS_3, WEIGHTS, WHOLE, opened
from gatedcore.interop.convert.keras_model import model_from
from gatedcore.interop.convert.keras_versions import is_old, modernised
from gatedcore.interop.convert.keras_weights import LiveWeights
from gatedcore.model import Sequential
from gatedcore.random import generator_left_alone
from gatedcore.registration import custom_object_scope


def from_keras(
    model_or_path: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,  # noqa: A002  # Keras's name
) -> Sequential | Model:
    """Return a Keras model as a model of this library, with the same weights.

    A file is read without Keras; nothing in it is run.

    Parameters
    ----------
    model_or_path : keras.Model or path
        A ``Sequential`` or functional model; or the file of one, ``.keras``, or ``.h5`` as Keras 2
        wrote it. For ``.weights.h5`` there is ``model.load_weights``.
    custom_objects : mapping, optional
        Classes and functions of yours, those for this library, by the names in the config; beside
        those that are registered.
    compile : bool
        Whether to take over what the model was compiled with. What has no counterpart here is left
        out with a warning, and the model is then not compiled.

    Returns
    -------
    Sequential or Model
        The optimizer's state is not taken over.

    Raises
    ------
    TypeError
        If it is neither model nor path.
    ValueError
        If something of the model has no counterpart here; the error names it.
    SavedFileError
        If the file is damaged, or no such file.
    ModuleNotFoundError
        If h5py is not installed, for a file.
    OSError
        If the file cannot be read.
    """
    where = "from_keras"
    compiled = check_bool(where, "compile", compile)
    with custom_object_scope(custom_objects or {}), generator_left_alone():
        if isinstance(model_or_path, str | os.PathLike):
            return _from_file(where, os.fspath(model_or_path), compiled)
        return _from_live(where, model_or_path, compiled)


def _from_file(where: str, path: str, compiled: bool) -> Sequential | Model:
    if path.endswith(WEIGHTS):
        raise ValueError(
            f"{where}: {path} holds weights alone, expected a whole model; make the model and call "
            "its load_weights"
        )
    if not path.endswith((KERAS_3, *WHOLE)):
        raise ValueError(
            f"{where}: {path!r} is no name of a Keras file, expected one that ends in "
            f"{', '.join((KERAS_3, *WHOLE))}; save the model as .keras"
        )
    with opened(where, path) as file:
        if file.config is None:
            raise SavedFileError(
                f"{where}: {path} holds weights alone, expected a whole model; make the model and "
                "call its load_weights"
            )
        try:
            config = modernised(file.config) if is_old(file.version) else file.config
            model = model_from(config, file.weights)
        except SavedFileError:
            raise
        except (TypeError, ValueError, KeyError, RecursionError) as error:
            raise SavedFileError(f"{where}: {path}: {error}") from None
        if compiled and file.compiled:
            _compile(where, model, file.compiled)
    return model


def _from_live(where: str, model: Any, compiled: bool) -> Sequential | Model:
    if not hasattr(model, "to_json") or not hasattr(model, "layers"):
        raise TypeError(
            f"{where}: model_or_path has type {type(model).__name__}, expected a Keras model or "
            "the path of a file; pass one"
        )
    kinds = {"Sequential", "Functional"}
    kind = next((k.__name__ for k in type(model).__mro__ if k.__name__ in kinds), None)
    if kind is None:
        raise ValueError(
            f"{where}: model {model.name!r} is a {type(model).__name__}, expected a Sequential or "
            "functional model; a class of one's own is code, which has no counterpart here"
        )
    import json

    data = {**json.loads(model.to_json()), "class_name": kind}
    try:
        if is_old(_version_of(model)):
            data = modernised(data)
        result = model_from(data, LiveWeights(model))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from None
    told = model.get_compile_config() if compiled else None
    if told:
        _compile(where, result, told)
    return result


def _version_of(model: Any) -> str | None:
    """Return the version of the Keras that a model is of."""
    packages = [kind.__module__.partition(".")[0] for kind in type(model).__mro__]
    name = next((package for package in packages if package in ("keras", "tf_keras")), "keras")
    return getattr(sys.modules.get(name), "__version__", None)


def _compile(where: str, model: Sequential | Model, told: Mapping[str, Any]) -> None:
    try:
        compile_as(model, told)
    except (TypeError, ValueError, KeyError) as error:
        warnings.warn(
            f"{where}: the model is not compiled as Keras's was: {error}; call compile, or pass "
            "compile=False",
            stacklevel=4,
        )
