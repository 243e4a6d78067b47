"""What a model consists of, and the table of it that ``summary`` prints."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from gatedcore import keras_arguments
from gatedcore.arrays import Shape
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer


class Part(NamedTuple):
    """A call of a layer, or an input of a model, as tables and pictures show it."""

    name: str
    kind: str
    layer: Layer | None  # None of an input
    shapes: tuple[Shape, ...]  # of all outputs; none where they are not known yet
    sources: tuple[int, ...]  # the places of the parts that feed it
    dtype: np.dtype[Any] | None

    @property
    def shape(self) -> str:
        """The shape of the output, or shapes of all, as text."""
        if not self.shapes:
            return "?"
        shown = ", ".join(map(str, self.shapes))
        return shown if len(self.shapes) == 1 else f"[{shown}]"


class Summarized(ABC):
    """The method ``summary`` of a model."""

    name: str
    _layers: list[Layer]
    _trainable: bool
    is_row: ClassVar[bool]  # whether each layer feeds the next one, and nothing else can be

    @abstractmethod
    def parts(self) -> list[Part]:
        """Return inputs and calls of layers, each after those that feed it."""

    def summary(self, print_fn: object = None, **keras: object) -> None:
        """Print the layers with their output shapes and numbers of parameters.

        Parameters
        ----------
        print_fn : callable, optional
            Called with the table instead of ``print``.

        Raises
        ------
        TypeError, ValueError
            If an argument of Keras asks for what is not supported.
        """
        reject_unsupported(f"{self.name}.summary", keras, keras_arguments.SUMMARY)
        table = summary_table(self.name, self.parts(), self._trainable, connected=not self.is_row)
        (print_fn if callable(print_fn) else print)(table)


def summary_table(
    name: str, parts: Sequence[Part], trainable: bool = True, *, connected: bool = False
) -> str:
    """Return layers, output shapes and numbers of parameters as Keras shows them.

    Parameters
    ----------
    name : str
        Name of the model.
    parts : sequence of Part
        Its inputs and layers.
    trainable : bool
        Whether the model as a whole is.
    connected : bool
        Whether to show inputs, and what feeds each layer.

    Returns
    -------
    str
        Several lines.
    """
    rows = [["Layer (type)", "Output Shape", "Param #", "Connected to"]]
    for part in parts:
        layer = part.layer
        if layer is None:
            if not connected:
                continue
            count = "0"
        else:
            count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        again = [other for other in parts if layer is not None and other.layer is layer]
        if again and again[0] is not part:
            continue  # a layer has one line, whatever calls it has
        feeding = [parts[place].name for one in again for place in one.sources]
        sources = ", ".join(dict.fromkeys(feeding)) or "-"
        rows.append([f"{part.name} ({part.kind})", part.shape, count, sources])
    columns = 4 if connected else 3
    widths = [max(len(row[column]) for row in rows) for column in range(columns)]
    rule = "─" * (sum(widths) + 2 * columns - 2)

    def line(row: list[str]) -> str:
        cells = [
            f"{text:>{width}}" if column == 2 else f"{text:<{width}}"  # numbers to the right
            for column, (text, width) in enumerate(zip(row, widths, strict=False))
        ]
        return "  ".join(cells).rstrip()

    layers = dict.fromkeys(part.layer for part in parts if part.layer is not None)
    total, frozen, size, frozen_size = 0, 0, 0, 0
    for layer in layers:
        kept = layer.non_trainable_weights if trainable else layer.weights
        total += sum(weight.size for weight in layer.weights)
        size += sum(weight.nbytes for weight in layer.weights)
        frozen += sum(weight.size for weight in kept)
        frozen_size += sum(weight.nbytes for weight in kept)
    lines = [f'Model: "{name}"', rule, line(rows[0]), rule, *(line(row) for row in rows[1:]), rule]
    for kind, number, memory in (
        ("Total", total, size),
        ("Trainable", total - frozen, size - frozen_size),
        ("Non-trainable", frozen, frozen_size),
    ):
        lines.append(f"{kind} params: {number:,} ({_memory(memory)})")
    return "\n".join(lines)


def _memory(count: int) -> str:
    """Return a number of bytes as Keras writes it."""
    size, units = float(count), ["B", "KB", "MB", "GB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.2f} {units[0]}"
