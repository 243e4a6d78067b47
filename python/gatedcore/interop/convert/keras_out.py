"""Models of ours as models of Keras."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping
from typing import Any

from gatedcore.archive import check_target, temporary_prefix
from gatedcore.checks import check_bool, check_count
from gatedcore.frameworks import require
from gatedcore.graph import Model
from gatedcore.graph_config import unpacked
from gatedcore.interop.convert.keras_config_out import layer_to_keras, object_to_keras
from gatedcore.interop.convert.keras_file import KERAS_3, WEIGHTS, WHOLE
from gatedcore.layers import Normalization, StackedRNNCells
from gatedcore.layers.base import Layer
from gatedcore.layers.tensor import LayerCall, Tensor
from gatedcore.model import Sequential


def to_keras(
    model: Any,
    filepath: str | os.PathLike[str] | None = None,
    *,
    compile: bool = True,  # noqa: A002  # Keras's name
    batch_size: int | None = None,
) -> Any:
    """Return a model of this library as a Keras model, with the same weights.

    Parameters
    ----------
    model : Sequential or Model
        Of layers that Keras has too.
    filepath : path, optional
        Where to save the Keras model as well: ``.keras``, ``.h5``, or ``.weights.h5`` for weights.
    compile : bool
        Whether to compile it as this one is. What Keras does not have is left out with a warning,
        and the model is then not compiled.
    batch_size : int, optional
        Rows of every batch, which Keras must know for ``stateful=True``.

    Returns
    -------
    keras.Model
        A ``keras.Sequential`` or ``keras.Model``; the optimizer's state is not taken over.

    Raises
    ------
    TypeError
        If it is no model.
    ValueError
        If something of the model has no counterpart in Keras; the error names it.
    ModuleNotFoundError
        If Keras is not installed.
    """
    where = "to_keras"
    compiled = check_bool(where, "compile", compile)
    if not isinstance(model, Sequential | Model):
        raise TypeError(
            f"{where}: model has type {type(model).__name__}, expected a Sequential or a Model of "
            "this library; pass one"
        )
    if batch_size is not None:
        check_count(where, "batch_size", batch_size)
    path = None if filepath is None else os.fspath(filepath)
    save = None if path is None else _saver(where, path)
    keras = require(where, "keras", "keras")
    try:
        made = _Writer(keras, batch_size).model(model)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    if compiled and model.optimizer is not None:
        _compile(where, keras, model, made)
    if path is not None and save is not None:
        _save(made, save, path)
    return made


class _Writer:
    """Makes Keras's layers and calls them."""

    def __init__(self, keras: Any, batch_size: int | None) -> None:
        self._keras = keras
        self._batch_size = batch_size
        self._made: dict[Layer, Any] = {}

    def model(self, model: Sequential | Model) -> Any:
        if isinstance(model, Sequential):
            return self._row(model)
        return self._graph(model)

    def _row(self, model: Sequential) -> Any:
        parts = [self._layer(layer) for layer in model.computing_layers]
        if model.input_shape is not None:
            first = model.computing_layers[0]
            given = model.get_config()["layers"][0]
            named = given["config"]["name"] if given["class_name"] == "Input" else None
            tokens = type(first).__name__ == "Embedding"
            dtype = "int32" if tokens else first.dtype.name
            parts.insert(0, self._input(model.input_shape[1:], dtype, named))
        made = self._keras.Sequential(parts, name=model.name, trainable=model.trainable)
        if model.built:
            self._fill()
        return made

    def _graph(self, model: Model) -> Any:
        tensors: dict[Tensor, Any] = {}
        for one in model.inputs:
            config = one.get_config()
            dtype = config["dtype"] or model.dtype.name
            tensors[one] = self._input(one.sample_shape, dtype, one.name)
        for call in model.calls:
            result: Any = self._called(call, [tensors[tensor] for tensor in call.inputs])
            tensors |= dict(zip(call.outputs, _flat(result), strict=True))
        inputs = unpacked([tensors[tensor] for tensor in model.inputs], model.forms[0])
        ends = unpacked([tensors[tensor] for tensor in model.outputs], model.forms[1])
        made = self._keras.Model(inputs, ends, name=model.name, trainable=model.trainable)
        self._fill()
        return made

    def _called(self, call: LayerCall, inputs: list[Any]) -> Any:
        """Return what Keras's layer makes of tensors."""
        layer = call.layer
        assert isinstance(layer, Layer)
        made = self._layer(layer)
        if layer.takes_list:
            return made(inputs)
        x, *states = inputs
        if not states:
            return made(x)
        cells = getattr(layer, "cell", None)
        if isinstance(cells, StackedRNNCells):  # of each cell a list, or its only state
            states = [own if len(own) > 1 else own[0] for own in cells.parted(states)]
        # Beside states Keras forgets the mask that comes with a tensor.
        return made(x, initial_state=states, mask=getattr(x, "_keras_mask", None))

    def _input(self, shape: Any, dtype: str, name: str | None) -> Any:
        return self._keras.Input(shape, batch_size=self._batch_size, dtype=dtype, name=name)

    def _layer(self, layer: Layer) -> Any:
        if layer not in self._made:
            if getattr(layer, "stateful", False) and self._batch_size is None:
                raise ValueError(
                    f"layer {layer.name!r} has stateful=True, for which Keras must know the batch; "
                    "pass batch_size=..."
                )
            config = layer_to_keras(layer)
            try:
                self._made[layer] = self._keras.saving.deserialize_keras_object(config)
            except (TypeError, ValueError) as error:
                # Before its last line it repeats all of the config.
                reason = str(error).strip().splitlines()[-1]
                raise ValueError(
                    f"layer {layer.name!r} ({type(layer).__name__}): Keras says: {reason}"
                ) from None
        return self._made[layer]

    def _fill(self) -> None:
        """Give Keras's layers the weights of ours."""
        for layer, made in self._made.items():
            if not isinstance(layer, Normalization):  # its moments are in the config
                made.set_weights(layer.get_weights())


def _flat(result: Any) -> list[Any]:
    """Return outputs in one list; the states of stacked cells come in lists of their own."""
    if isinstance(result, list | tuple):
        return [one for part in result for one in _flat(part)]
    return [result]


def _saver(where: str, path: str) -> str:
    """Return the method of a Keras model that writes such a file."""
    if path.endswith(WEIGHTS):
        return "save_weights"
    if path.endswith((KERAS_3, *WHOLE)):
        return "save"
    raise ValueError(
        f"{where}: filepath is {path!r}, expected one that ends in "
        f"{', '.join((KERAS_3, WEIGHTS, *WHOLE))}; save as .keras"
    )


def _save(made: Any, method: str, path: str) -> None:
    """Save a Keras model so that at any moment there is the old file or the new one."""
    target = check_target(path)
    folder, name = os.path.split(target)
    with tempfile.TemporaryDirectory(prefix=temporary_prefix(name), dir=folder) as temporary:
        whole = os.path.join(temporary, name)  # Keras looks at the ending
        getattr(made, method)(whole)
        os.replace(whole, target)


def _compile(where: str, keras: Any, model: Sequential | Model, made: Any) -> None:
    """Compile Keras's model as ours is, or warn."""
    try:
        told = model.get_compile_config()
        assert told is not None
        optimizer = keras.optimizers.deserialize(object_to_keras(told["optimizer"]))
        others = {
            name: _decoded(keras.losses if name == "loss" else keras.metrics, value)
            for name, value in told.items()
            if name != "optimizer" and value is not None
        }
        made.compile(optimizer=optimizer, **others)
    except (TypeError, ValueError) as error:
        warnings.warn(
            f"{where}: the Keras model is not compiled as this one: {error}; call compile, or pass "
            "compile=False",
            stacklevel=3,
        )


def _decoded(module: Any, value: Any) -> Any:
    """Return losses or metrics, of names, configs, and lists and dicts of them."""
    if isinstance(value, list | tuple):
        return [_decoded(module, item) for item in value]
    if isinstance(value, Mapping) and "class_name" in value:
        return module.deserialize(object_to_keras(value))
    if isinstance(value, Mapping):
        return {key: _decoded(module, item) for key, item in value.items()}
    return value
