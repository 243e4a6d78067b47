"""A graph of nodes that runs on arrays, one node after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gatedcore.arrays import Shape, to_numpy
from gatedcore.checks import fits
from gatedcore.interop.onnx.node import Node, Run
from gatedcore.interop.onnx.tensors import Tensor

if TYPE_CHECKING:
    from gatedcore.model import Sequential


class Value(NamedTuple):
    """An input or output of a model.

    Attributes
    ----------
    name : str
        Its name.
    shape : tuple or None
        None for any size on an axis, or as a whole for any shape.
    dtype : dtype
        Of its elements.
    """

    name: str
    shape: Shape | None
    dtype: np.dtype[Any]


class Step(NamedTuple):
    """A node, what computes it, and the values that no later node needs."""

    node: Node
    run: Run
    done: tuple[str, ...]


class InferenceModel:
    """A model of an ONNX file: called with arrays, it returns arrays.

    ``gatedcore.onnx.load`` makes it. A call leaves it as it is, so several threads may make one at
    once.

    Attributes
    ----------
    inputs, outputs : list of Value
        Name, shape and dtype of what comes in and goes out.
    constants : dict of ndarray
        The values that are known before it runs, weights among them.
    steps : list of Step
        What runs.
    """

    def __init__(
        self,
        name: str,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        constants: Mapping[str, Tensor],
        steps: Sequence[Step],
        max_memory: int,
    ) -> None:
        self.name = name
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.constants = dict(constants)
        self.steps = list(steps)
        self._max_memory = max_memory

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs, by which a dict of arrays gives them."""
        return [value.name for value in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        return [value.name for value in self.outputs]

    def __call__(self, x: Any) -> Any:
        """Return the outputs for inputs.

        Parameters
        ----------
        x : array-like, or list or dict of array-likes
            The inputs: one, a list in the order of ``inputs``, or a dict by their names.

        Returns
        -------
        ndarray, or list of ndarray
            The output; a list where there are several.

        Raises
        ------
        TypeError
            If an input holds no numbers of the right kind.
        ValueError
            If the number, a name or a shape of inputs differs, or a node cannot run on them.
        """
        outputs = self.run(self.packed(x))
        return outputs[0] if len(outputs) == 1 else outputs

    def predict(self, x: Any) -> Any:
        """Return the outputs for inputs, as a call does."""
        return self(x)

    def to_sequential(self) -> Sequential:
        """Return the model as a ``Sequential`` of layers, which can be trained, saved, streamed.

        Returns
        -------
        Sequential
            Built; its input has the batch first, whatever the graph has.

        Raises
        ------
        ValueError
            If the graph is no row of layers, or one of them has what layers here have not.
        """
        from gatedcore.interop.onnx.chains import to_sequential

        return to_sequential(self)

    def run(self, given: Mapping[str, object]) -> list[Tensor]:
        """Return all outputs, in order, for inputs by name.

        Raises
        ------
        TypeError, ValueError
            As a call.
        """
        values: dict[str, Tensor] = {}
        for value in self.inputs:
            values[value.name] = self._checked(value, given[value.name])
        taken = 0
        for node, run, done in self.steps:
            arrays = [self._find(values, name) for name in node.inputs]
            for name, result in zip(node.outputs, computed(node, run, arrays), strict=False):
                if name:
                    values[name] = result
                    taken += _owned(result)
            if taken > self._max_memory:
                raise node.error(
                    f"results take {taken} bytes together, expected at most {self._max_memory}; "
                    "pass a larger max_memory if the model is to be trusted"
                )
            for name in done:
                taken -= _owned(values.pop(name))
        shared = [*self.constants.values(), *(values[name] for name in self.input_names)]
        return [_own(self._find(values, value.name), shared) for value in self.outputs]

    def _find(self, values: Mapping[str, Tensor], name: str) -> Any:
        if not name:
            return None
        return values[name] if name in values else self.constants[name]

    def packed(self, x: Any) -> dict[str, object]:
        """Return inputs by name, however they are given.

        Raises
        ------
        ValueError
            If the number or the names differ.
        """
        names = self.input_names
        if isinstance(x, Mapping):
            given = dict(x)
        elif len(names) == 1 and not (isinstance(x, list | tuple) and len(x) == 1):
            given = {names[0]: x}
        elif isinstance(x, list | tuple) and len(x) == len(names):
            given = dict(zip(names, x, strict=True))
        else:
            came = f"a list of {len(x)}" if isinstance(x, list | tuple) else f"a {type(x).__name__}"
            raise ValueError(
                f"{self.name}: x is {came}, expected a list of {len(names)} or a dict by the names "
                f"{', '.join(names)}; pass one array for each"
            )
        if set(given) != set(names):
            raise ValueError(
                f"{self.name}: x has the names {sorted(map(str, given))}, expected "
                f"{sorted(names)}; pass one array for each"
            )
        return given

    def _checked(self, value: Value, given: object) -> Tensor:
        array = to_numpy(self.name, value.name, given)
        if array.dtype != value.dtype:
            array = self._converted(value, array)
        if value.shape is not None and not fits(array.shape, value.shape):
            raise ValueError(
                f"{self.name}: {value.name} has shape {array.shape}, expected {value.shape}; "
                "reshape it"
            )
        return array

    def _converted(self, value: Value, array: Tensor) -> Tensor:
        kinds = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}[value.dtype.kind]
        if array.dtype.kind not in kinds:
            raise TypeError(
                f"{self.name}: {value.name} has dtype {array.dtype}, expected {value.dtype}; "
                "convert it"
            )
        with np.errstate(over="ignore"):
            converted = array.astype(value.dtype)
        if value.dtype.kind in "iu" and not np.array_equal(converted, array):
            raise ValueError(
                f"{self.name}: {value.name} holds numbers beyond {value.dtype}, expected its "
                "range; correct them"
            )
        return converted

    def __repr__(self) -> str:
        ins, outs = ", ".join(self.input_names), ", ".join(self.output_names)
        return f"<InferenceModel {self.name!r}: {ins} -> {outs}>"


def computed(node: Node, run: Run, arrays: Sequence[Tensor | None]) -> list[Tensor]:
    """Return what a node makes of its inputs.

    Raises
    ------
    ValueError
        If it cannot, with its name.
    """
    try:
        with np.errstate(all="ignore"):  # ONNX has infinities and NaN, no warnings
            found = run(*arrays)
        return [np.asarray(one) for one in (found if isinstance(found, tuple) else (found,))]
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
        if str(error).startswith(node.where):
            raise
        shapes = ", ".join("none" if one is None else str(one.shape) for one in arrays)
        raise node.error(
            f"cannot run on inputs of shapes {shapes} ({error}), expected ones that suit it"
        ) from error


def _own(array: Tensor, shared: list[Tensor]) -> Tensor:
    """Return an array that nobody else has: itself, or a copy; from now on it is shared."""
    if array.base is not None or any(array is one for one in shared):
        array = np.array(array, order="C")
    shared.append(array)
    return array


def _owned(array: Tensor) -> int:
    """Return the memory that an array holds itself, and does not share."""
    return array.nbytes if array.base is None else 0
