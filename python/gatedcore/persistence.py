"""Saving and loading, for any model: weights, optimizer, architecture, choices of ``compile``."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeGuard, TypeVar

from gatedcore import _core, archive, configs, keras_arguments, optimizers
from gatedcore.archive import SavedFileError, Tensors
from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.configs import Configurable
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer
from gatedcore.layers.building import room_for
from gatedcore.layers.weighted import give_weights
from gatedcore.optimizers import Optimizer
from gatedcore.parameters import in_one_piece
from gatedcore.random import generator_left_alone
from gatedcore.registration import custom_object_scope
from gatedcore.run_state import get_layer_states, set_layer_states
from gatedcore.training import Trainer

M = TypeVar("M", bound="Persistent")
_OF_KERAS = (".keras", ".h5", ".hdf5")


def is_of_keras(filepath: object) -> TypeGuard[str | os.PathLike[str]]:
    """Return whether a path ends as those of Keras's files do."""
    return isinstance(filepath, str | os.PathLike) and str(filepath).endswith(_OF_KERAS)


class Persistent(Trainer, Configurable):
    """Files and JSON for whatever trains and has layers."""

    name: str

    @abstractmethod
    def need_built(self, where: str) -> None:
        """Raise unless there are parameters."""

    def clone(self: M) -> M:
        """Return a new model of the same architecture, with new weights, not compiled.

        Raises
        ------
        TypeError
            If the model has something that no config can name.
        """
        return type(self).from_config(self.get_config())

    def save(
        self,
        filepath: str | os.PathLike[str],
        overwrite: bool = True,
        *,
        include_optimizer: bool = True,
        **keras: object,
    ) -> None:
        """Write the whole model to one file; ``gatedcore.load_model`` reads it.

        Parameters
        ----------
        filepath : path
            Ends in ``.safetensors``. The file is replaced in one moment: it is always whole.
        overwrite : bool
            Whether there may be such a file already.
        include_optimizer : bool
            Whether to write what ``compile`` chose and the optimizer's state, if it is compiled.
        **keras
            Other arguments of Keras are refused unless they ask for nothing.

        Raises
        ------
        TypeError
            If something of the model has no name that a file could hold.
        OSError
            If the file cannot be written; one that was there is as it was.
        """
        where = "save"
        reject_unsupported(where, keras, keras_arguments.SAVE)
        path = _path_to_write(where, filepath, overwrite)
        compiled = check_bool(where, "include_optimizer", include_optimizer)
        layers, tensors = self.computing_layers, Tensors()

        def take() -> dict[str, Any]:
            optimizer = self.optimizer if compiled else None
            states = archive.take_tensors(get_layer_states(layers), "layer_states", tensors)
            return {
                "library_version": _core.__version__,
                "model": configs.serialize(self),
                "weights": take_weights(layers, tensors),
                "layer_states": states,
                "compile": None if optimizer is None else self.get_compile_config(),
                "optimizer": None if optimizer is None else take_optimizer(optimizer, tensors),
            }

        archive.write(path, "model", in_one_piece(layers, take), tensors)

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write the weights alone to a file; ``load_weights`` reads it.

        Parameters
        ----------
        filepath : path
            Ends in ``.safetensors``.
        overwrite : bool
            Whether there may be such a file already.

        Raises
        ------
        ValueError
            If the model is not built yet.
        OSError
            If the file cannot be written; one that was there is as it was.
        """
        path = _path_to_write("save_weights", filepath, overwrite)
        self.need_built("save_weights")
        tensors: Tensors = {}
        content = {
            "library_version": _core.__version__,
            "weights": take_weights(self.computing_layers, tensors),
        }
        archive.write(path, "weights", content, tensors)

    def load_weights(self, filepath: str | os.PathLike[str], **keras: object) -> None:
        """Take the weights from a file of ``save_weights`` or ``save``, or from one of Keras.

        Layers are matched in order; their names may differ.

        Parameters
        ----------
        filepath : path
            The file; one of Keras ends in ``.weights.h5``, ``.keras``, ``.h5`` or ``.hdf5``.
        **keras
            Other arguments of Keras are refused unless they ask for nothing.

        Raises
        ------
        ValueError
            If the model is not built yet.
        SavedFileError
            If the file is damaged, newer, or of another model; the weights then stay.
        OSError
            If it cannot be read.
        """
        where = "load_weights"
        reject_unsupported(where, keras, keras_arguments.LOAD_WEIGHTS)
        if is_of_keras(filepath):
            from gatedcore.interop.convert.keras_weights_in import load_keras_weights

            self.need_built(where)
            load_keras_weights(where, os.fspath(filepath), self.computing_layers)
            return
        path = archive.check_path(where, filepath)
        self.need_built(where)
        content, tensors = archive.read(where, path, "model", "weights")
        pairs = match_weights(where, path, self.computing_layers, content, tensors)
        in_one_piece(self.computing_layers, lambda: give_weights(pairs))

    def to_json(self, **options: Any) -> str:
        """Return the architecture as JSON; ``gatedcore.models.model_from_json`` reads it.

        Parameters
        ----------
        **options
            Of ``json.dumps``.

        Raises
        ------
        TypeError
            If something of the model has no name that JSON could hold.
        """
        import json

        return json.dumps(configs.serialize(self), **options)

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return what ``compile`` was told as data for JSON; None if it was not called.

        Raises
        ------
        TypeError
            If a loss or a metric has no name that a file could hold.
        """
        if self.optimizer is None:
            return None
        where = f"{self.name}.get_compile_config"
        advice = "; or save with include_optimizer=False"
        try:
            config = {
                name: configs.encode(value, f"{where}: {name}")
                for name, value in self._compiled_with.items()
            }
            return {"optimizer": optimizers.serialize(self.optimizer), **config}
        except TypeError as error:
            raise TypeError(f"{error}{advice}") from None

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as ``get_compile_config`` says.

        Raises
        ------
        TypeError, ValueError
            If it names what is not known.
        """
        others = {name: configs.decode(v) for name, v in config.items() if name != "optimizer"}
        self.compile(optimizer=optimizers.deserialize(config["optimizer"]), **others)


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,  # noqa: A002  # Keras's name
    safe_mode: bool = True,
) -> Any:
    """Return the model in a file of ``model.save``, compiled as it was; of Keras's files too.

    Nothing in a file is run: it names classes of this library and registered ones.

    Layers with a seed, or a generator of their own, go on drawing where the saved ones stood. Those
    without, ``Dropout(0.5)`` say, draw from the library's generator, which is no part of a model:
    ``set_random_seed`` before training goes on makes that repeat, here and in the model that was
    saved alike. (``BackupAndRestore`` keeps the generator too.)

    Parameters
    ----------
    filepath : path
        The file; for one that ends in ``.keras``, ``.h5`` or ``.hdf5`` see
        ``gatedcore.from_keras``, which has then the say.
    custom_objects : mapping, optional
        Classes and functions by name, beside those that are registered.
    compile : bool
        Whether to compile the model, if it was, and to give the optimizer its state.
    safe_mode : bool
        True; there is no other.

    Raises
    ------
    SavedFileError
        If the file is damaged, newer than this library, or does not hold a model.
    OSError
        If it cannot be read.
    MemoryError
        If it does not fit into memory.

    Examples
    --------
    >>> model = gk.Sequential([gk.LSTM(4, input_shape=(None, 1)), gk.Dense(1)])
    >>> model.save("model.safetensors")
    >>> [layer.units for layer in gk.load_model("model.safetensors").layers]
    [4, 1]
    """
    where = "load_model"
    reject_unsupported(where, {"safe_mode": safe_mode}, keras_arguments.LOAD_MODEL)
    compiled = check_bool(where, "compile", compile)
    if is_of_keras(filepath):
        from gatedcore.interop.convert.keras_in import from_keras

        return from_keras(filepath, custom_objects, compiled)
    path = archive.check_path(where, filepath)
    content, tensors = archive.read(where, path, "model")
    try:
        with custom_object_scope(custom_objects or {}), generator_left_alone():
            with room_for(sum(array.size for array in tensors.values())):
                model = configs.deserialize(content["model"])
            if not isinstance(model, Persistent):
                raise TypeError(f"it holds a {type(model).__name__}, expected a model")
            give_weights(match_weights(where, path, model.computing_layers, content, tensors))
            set_layer_states(
                model.computing_layers, archive.give_tensors(content["layer_states"], tensors)
            )
            if compiled and content["compile"] is not None:
                model.compile_from_config(content["compile"])
                assert model.optimizer is not None
                give_optimizer(model.optimizer, content["optimizer"], tensors)
    except (SavedFileError, MemoryError):
        raise
    except Exception as error:  # whatever a class says to a config that does not suit it
        raise SavedFileError(
            f"{where}: {path} does not make a model: {error} (for the architecture and the weights "
            "alone pass compile=False)"
        ) from error
    return model


def match_weights(
    where: str, path: str, layers: list[Layer], content: Mapping[str, Any], tensors: Tensors
) -> list[tuple[Array, Any]]:
    """Return each weight of layers with its new values from a file.

    Raises
    ------
    SavedFileError
        If they are those of other layers.
    """
    own = [(layer, name, value) for layer in layers for name, value in layer.parameters.items()]
    names = content.get("weights")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SavedFileError(
            f"{where}: {path} is malformed (its weights are no list of names), expected a file of "
            "this library; take a copy of it, or save it again"
        )
    found = [(name, tensors.get(name)) for name in names]
    if len(own) != len(found):
        raise SavedFileError(
            f"{where}: {path} holds {len(found)} weights, expected {len(own)} as the model; use "
            "the file of a model of the same layers"
        )
    for (layer, name, value), (key, array) in zip(own, found, strict=True):
        held = key.rpartition("/")[2]
        if array is None or held != name or array.shape != value.shape:
            shape = "nothing" if array is None else f"{held} {array.shape}"
            raise SavedFileError(
                f"{where}: {path} holds {shape} as {key}, expected {name} {value.shape} of "
                f"{layer.name}; use the file of a model of the same layers"
            )
    return [(value, array) for (_, _, value), (_, array) in zip(own, found, strict=True)]


def take_weights(layers: list[Layer], tensors: Tensors) -> list[str]:
    """Put copies of layers' weights among the tensors of a file; return their names in order."""
    own = [(layer, name, value) for layer in layers for name, value in layer.parameters.items()]
    taken = {f"weights/{layer.name}/{name}": value for layer, name, value in own}
    tensors |= in_one_piece(layers, lambda: {name: value.copy() for name, value in taken.items()})
    return list(taken)


def take_optimizer(optimizer: Optimizer, tensors: Tensors) -> Any:
    """Return an optimizer's state as data for JSON; its vectors go among the tensors."""
    state = archive.take_tensors(optimizer.get_state(), "optimizer", tensors)
    return configs.encode(state, f"state of {optimizer.name}")


def give_optimizer(optimizer: Optimizer, state: Any, tensors: Tensors) -> None:
    """Give an optimizer the state that ``take_optimizer`` took.

    Raises
    ------
    ValueError
        If it comes from another kind of optimizer or other parameters.
    """
    optimizer.set_state(archive.give_tensors(configs.decode(state), tensors))


def save_model(
    model: Persistent,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    **options: Any,
) -> None:
    """Write a whole model to one file, as ``model.save`` does.

    Parameters
    ----------
    model : model
        What to save.
    filepath, overwrite, **options
        As of ``model.save``.

    Raises
    ------
    TypeError, OSError
        As of ``model.save``; or if it is no model.
    """
    if not isinstance(model, Persistent):
        raise TypeError(
            f"save_model: model has type {type(model).__name__}, expected a model; pass one"
        )
    model.save(filepath, overwrite, **options)


def _path_to_write(where: str, filepath: object, overwrite: bool) -> str:
    if is_of_keras(filepath):
        raise ValueError(
            f"{where}: filepath is {os.fspath(filepath)!r}, expected one that ends in "
            f"{archive.SUFFIX}; model.to_keras writes files of Keras"
        )
    path = archive.check_path(where, filepath)
    if not check_bool(where, "overwrite", overwrite) and os.path.lexists(path):
        raise FileExistsError(
            f"{where}: {path} exists, expected a new name with overwrite=False; choose another, or "
            "pass overwrite=True"
        )
    return path
