"""The interface that ONNX has for whoever runs models: its tests and tools run on it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto
from onnx.backend.base import Backend as OnnxBackend
from onnx.backend.base import BackendRep, namedtupledict

from gatedcore.interop.onnx.catalogue import computing
from gatedcore.interop.onnx.inference import InferenceModel, computed
from gatedcore.interop.onnx.load import MAX_MEMORY, NEWEST_OPSET, load
from gatedcore.interop.onnx.node import checked_node


class PreparedModel(BackendRep):  # type: ignore[misc]  # onnx has no types where it is absent
    """A model that is ready to run.

    Parameters
    ----------
    model : InferenceModel
        What runs.
    """

    def __init__(self, model: InferenceModel) -> None:
        self.model = model

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Return the outputs, by place and by name.

        Parameters
        ----------
        inputs : array-like, or sequence or dict of array-likes
            One for each input of the model.

        Raises
        ------
        TypeError, ValueError
            If they do not suit the model, or something else is given.
        """
        _refuse("run", kwargs)
        listed = isinstance(inputs, list | tuple)
        names = self.model.input_names
        given = dict(zip(names, inputs, strict=False)) if listed else inputs
        if listed and len(inputs) != len(names):
            raise ValueError(
                f"gk.onnx.Backend.run: got {len(inputs)} inputs, expected {len(names)}: "
                f"{', '.join(names)}"
            )
        return _named(self.model.output_names, self.model.run(self.model.packed(given)))


class Backend(OnnxBackend):  # type: ignore[misc]  # onnx has no types where it is absent
    """ONNX models, run by gatedcore on the CPU.

    References
    ----------
    ``onnx.backend.base.Backend``.
    """

    @classmethod
    def is_compatible(cls, model: ModelProto, device: str = "CPU", **kwargs: Any) -> bool:
        """Return whether a model can run."""
        try:
            cls.prepare(model, device, **kwargs)
        except ValueError:
            return False
        return True

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **kwargs: Any) -> PreparedModel:
        """Return a model ready to run.

        Raises
        ------
        ValueError
            If it cannot run, or on another device than the CPU.
        """
        _refuse("prepare", kwargs)
        _check_device(device)
        return PreparedModel(load(model))

    @classmethod
    def run_model(
        cls, model: ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any
    ) -> tuple[Any, ...]:
        """Return the outputs of a model.

        Raises
        ------
        TypeError, ValueError
            As ``prepare``, and if the inputs do not suit it.
        """
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(
        cls,
        node: NodeProto,
        inputs: Any,
        device: str = "CPU",
        outputs_info: Any = None,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Return the outputs of one node.

        Parameters
        ----------
        node : NodeProto
            The node.
        inputs : sequence of arrays, or dict
            One for each input that is not left out.
        device : str
            The CPU.
        outputs_info : object
            Types and shapes of outputs, which follow from the inputs: not needed.
        opset_version : int
            Version of the operators, as a keyword; by default the newest.

        Raises
        ------
        TypeError, ValueError
            If the node cannot run on them.
        """
        opset = kwargs.pop("opset_version", NEWEST_OPSET)
        _refuse("run_node", kwargs)
        _check_device(device)
        checked = checked_node(node, 0, opset, MAX_MEMORY)
        names = [name for name in checked.inputs if name]
        values = list(inputs.values()) if isinstance(inputs, Mapping) else list(inputs)
        if isinstance(inputs, Mapping):
            values = [inputs[name] for name in names]
        if len(values) != len(names):
            raise checked.error(f"got {len(values)} inputs, expected {len(names)}")
        arrays = iter(np.asarray(value) for value in values)
        given = [next(arrays) if name else None for name in checked.inputs]
        run = computing(checked, [None] * len(given))
        return _named(checked.outputs, computed(checked, run, given))

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Return whether models run on a device: on the CPU alone."""
        return device.split(":")[0] == "CPU"


def _named(names: Any, values: list[Any]) -> tuple[Any, ...]:
    count = min(len(names), len(values))
    kind = namedtupledict("Outputs", list(names[:count]))
    result: tuple[Any, ...] = kind(*values[:count])
    return result


def _refuse(where: str, given: Mapping[str, object]) -> None:
    if given:
        raise TypeError(
            f"gk.onnx.Backend.{where}: {', '.join(sorted(given))} came as keywords, expected none; "
            "leave them out"
        )


def _check_device(device: str) -> None:
    if not Backend.supports_device(device):
        raise ValueError(
            f"gk.onnx.Backend: device is {device!r}, expected 'CPU'; run the model there"
        )


is_compatible = Backend.is_compatible
prepare = Backend.prepare
run_model = Backend.run_model
run_node = Backend.run_node
supports_device = Backend.supports_device
