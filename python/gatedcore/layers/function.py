"""A function of arrays as a layer."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np

from gatedcore.arrays import Array, Shape, as_contiguous
from gatedcore.checks import check_count, fits
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.trial import BATCH, SIZES
from gatedcore.ops.operands import mask_operand

KEPT_SHAPES = 64  # enough for batches of many lengths, and no memory to speak of


class Lambda(Layer):
    """A function written with NumPy, or with the functions of ``gatedcore.ops``.

    Forward it works as it stands. Training what comes before it needs its gradient, ``backward``.
    A model with it is saved if the functions are registered with
    ``gatedcore.saving.register_serializable``.

    Parameters
    ----------
    function : callable
        ``function(x, **arguments)`` of an array (B, ...) returns one of the same batch; ``x`` must
        stay as it is. It is also given ``mask`` and ``training`` if it takes these.
    output_shape : tuple of int or callable, optional
        Shape of one output without the batch, or a function of the input's shape that returns the
        output's, both with the batch; by default the function runs on a few zeros to tell.
    mask : callable, optional
        ``mask(x, mask)`` returns the mask of the output; without it the mask ends here.
    arguments : dict, optional
        More arguments of the function, by name.
    backward : callable, optional
        ``backward(d_y, x)`` returns the gradient of ``x`` for that of the output. Keras has no such
        argument.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is no function or no shape.
    """

    needs_features = False
    attribute_of: ClassVar[Mapping[str, str | None]] = {
        **Layer.attribute_of,
        "output_shape": "_output_shape",
        "mask": "_mask",
        "backward": "_gradient",
    }

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Sequence[int | None] | Callable[[Shape], Shape] | None = None,
        mask: Callable[..., Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        *,
        backward: Callable[[Array, Array], Any] | None = None,
        **base: Any,
    ) -> None:
        where = type(self).__name__
        for name, given in (("function", function), ("mask", mask), ("backward", backward)):
            if not callable(given) and (given is not None or name == "function"):
                raise TypeError(
                    f"{where}: {name} has type {type(given).__name__}, expected a function; pass "
                    "one of arrays, such as lambda x: x[:, -1]"
                )
        if arguments is not None and not isinstance(arguments, Mapping):
            raise TypeError(
                f"{where}: arguments is {arguments!r}, expected a dict by name; pass "
                "{'factor': 2.0}, say"
            )
        if isinstance(output_shape, list | tuple):
            output_shape = tuple(
                None if size is None else check_count(where, "output_shape", size)
                for size in output_shape
            )
        elif output_shape is not None and not callable(output_shape):
            raise TypeError(
                f"{where}: output_shape is {output_shape!r}, expected a tuple such as (10,); pass "
                "the shape of one output without the batch"
            )
        self.function = function
        self.arguments = dict(arguments or {})
        self._output_shape = output_shape
        self._mask = mask
        self._gradient = backward
        self._takes = _taken(function) - set(self.arguments)
        self._shapes: dict[Shape, Shape] = {}
        super().__init__(**base)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in ("function", "output_shape", "mask", "backward"):
            if isinstance(config[name], str):  # which only whoever takes activations can read
                raise TypeError(
                    f"{self.name}.get_config: {name} is {config[name]!r} of the library, which no "
                    "file can name here; write and register a function that calls it"
                )
        return config

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if callable(self._output_shape):
            return tuple(self._output_shape(input_shape))
        if self._output_shape is not None:
            return (input_shape[0], *self._output_shape)
        pattern = (None, *input_shape[1:])
        if pattern not in self._shapes:
            if len(self._shapes) >= KEPT_SHAPES:
                self._shapes = {}
            self._shapes = {**self._shapes, pattern: self._tried(pattern)}
        return (input_shape[0], *self._shapes[pattern][1:])

    def _tried(self, pattern: Shape) -> Shape:
        """Return the shape of the output, None where it follows from a None of the input's."""
        found = []
        for size in SIZES if None in pattern[1:] else SIZES[:1]:
            shape = (BATCH, *(size if s is None else s for s in pattern[1:]))
            try:
                found.append(self._called(np.zeros(shape, self.dtype), False, None).shape)
            except (TypeError, ValueError, IndexError, AttributeError) as error:
                raise ValueError(
                    f"{self.name}: function failed on zeros of shape {shape}, {error}; correct it, "
                    "or pass output_shape=..."
                ) from error
        if len({len(shape) for shape in found}) > 1:
            raise ValueError(
                f"{self.name}: function returned arrays of {' and '.join(map(str, found))} for "
                "inputs of one rank, expected one rank; pass output_shape=..."
            )
        sizes = list(zip(*found, strict=True))[1:]
        return (None, *(of[0] if len(set(of)) == 1 else None for of in sizes))

    def _called(self, x: Array, training: bool, mask: Mask | None) -> Array:
        """Return what the function makes of an array, which it cannot write to."""
        given: dict[str, Any] = {**self.arguments}
        if "training" in self._takes:
            given["training"] = training
        if "mask" in self._takes:
            given["mask"] = mask
        y = self.function(_read_only(x), **given)
        out = as_contiguous(self.name, "what function returns", y, self.dtype)
        if out.ndim < 1 or len(out) != len(x):
            raise ValueError(
                f"{self.name}: function returned an array of shape {out.shape} for an input of "
                f"shape {x.shape}, expected the same batch; keep the first axis"
            )
        return out if out.flags.writeable else out.copy()  # of a view of x none is handed on

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        if self._mask is None:
            return None
        found = self._mask(x, mask)
        if found is None:
            return None
        steps = np.shape(found)[1] if np.ndim(found) == 2 else 0
        return mask_operand(self.name, "what mask returns", found, len(x), steps, time_major=False)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        y = self._called(x, training and self._drawing, mask)
        if self._output_shape is not None:
            expected = self.compute_output_shape(cast(Shape, x.shape))
            if not fits(cast(Shape, y.shape), expected):
                raise ValueError(
                    f"{self.name}: function returned an array of shape {y.shape}, expected "
                    f"{expected} as output_shape says; correct one of the two"
                )
        if training:
            self._saved = x
        return y

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        x, self._saved = self._saved, None
        self.check_trains(self.name, need_d_x)
        if not need_d_x:
            return None
        assert self._gradient is not None
        d_x = self._gradient(_read_only(d_y), _read_only(x))
        array = as_contiguous(self.name, "what backward returns", d_x, self.dtype)
        if array.shape != x.shape:
            raise ValueError(
                f"{self.name}: backward returned an array of shape {array.shape}, expected "
                f"{x.shape} as the input; return the gradient of x"
            )
        return array

    def check_trains(self, where: str, need_d_x: bool) -> None:
        if need_d_x and self._gradient is None:
            raise ValueError(
                f"{where}: {self.name} is a Lambda without backward, expected one, as layers "
                "before it are trained; pass Lambda(function, backward=f), where f(d_y, x) is the "
                "gradient of x"
            )


def _taken(function: Callable[..., Any]) -> set[str]:
    """Return which of ``mask`` and ``training`` a function takes."""
    try:
        names = set(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # of some functions in C nothing is known
        return set()
    return names & {"mask", "training"}


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view
