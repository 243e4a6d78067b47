"""The table that ``summary`` prints."""

from collections.abc import Sequence

from gatedcore import keras_arguments
from gatedcore.arrays import Shape
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer


class Summarized:
    """The method ``summary`` of a model."""

    name: str
    _layers: list[Layer]
    _input_shape: Shape | None
    _trainable: bool

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
        table = summary_table(self.name, self._layers, self._input_shape, self._trainable)
        (print_fn if callable(print_fn) else print)(table)


def summary_table(
    name: str, layers: Sequence[Layer], input_shape: Shape | None, trainable: bool = True
) -> str:
    """Return layers, output shapes and numbers of parameters as Keras shows them.

    Parameters
    ----------
    name : str
        Name of the model.
    layers : sequence of Layer
        Its layers.
    input_shape : tuple or None
        Shape of its inputs; None before it is built.
    trainable : bool
        Whether the model as a whole is.

    Returns
    -------
    str
        Several lines.
    """
    rows = [("Layer (type)", "Output Shape", "Param #")]
    shape = input_shape
    for layer in layers:
        shape = None if shape is None else layer.compute_output_shape(shape)
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        rows.append((f"{layer.name} ({type(layer).__name__})", str(shape or "?"), count))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    rule = "─" * (sum(widths) + 4)

    def line(row: tuple[str, str, str]) -> str:
        return f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}"

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
