"""Cells: one time step of a recurrent layer, alone or within a layer around them."""

from abc import abstractmethod
from typing import Any

import numpy as np

from gatedcore import _core, keras_arguments
from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_bool, check_count
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.recurrence import Manner, States, take_states


class Cell(Layer):
    """Base of the cells: (B, I) and states in, (B, O) and states out; a ``Recurrence``."""

    known_arguments = keras_arguments.CELL
    is_cell = True

    @property
    @abstractmethod
    def state_sizes(self) -> tuple[int, ...]:
        """Size of each state."""

    @property
    @abstractmethod
    def output_size(self) -> int:
        """Size of the output of a step."""

    @property
    @abstractmethod
    def draws(self) -> bool:
        """Whether training draws something."""

    @abstractmethod
    def run_over(
        self, x: Array, states: States, manner: Manner, mask: Mask | None
    ) -> tuple[Array, list[Array], Any]:
        """Run all steps of a sequence; see ``Recurrence``."""

    @abstractmethod
    def run_back(
        self, saved: Any, d_y: Array | None, d_states: States, manner: Manner, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        """Run them back; see ``Recurrence``."""

    @property
    def state_size(self) -> Any:
        """Size of the state, or a list with the size of each, as in Keras."""
        sizes = list(self.state_sizes)
        return sizes[0] if len(sizes) == 1 else sizes

    def get_initial_state(self, batch_size: int) -> list[Array]:
        """Return zeros, (B, size) for each state.

        Raises
        ------
        TypeError, ValueError
            If it is no number of rows.
        """
        rows = check_count(f"{self.name}.get_initial_state", "batch_size", batch_size)
        return [np.zeros((rows, size), self.dtype) for size in self.state_sizes]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, features) of one "
                "time step; for a sequence use the layer instead of the cell"
            )
        self.check_features(input_shape)
        return (input_shape[0], self.output_size)

    def take_step(self, x: object, states: object, training: object) -> tuple[Array, States]:
        """Return input and states of a call as arrays; build the cell first if it is not.

        Raises
        ------
        TypeError, ValueError
            If one does not suit the cell, or training would have to draw.
        """
        if check_bool(self.name, "training", training) and self.draws:
            raise ValueError(
                f"{self.name}: training=True came with dropout, expected a layer around the cell, "
                "which draws once for a sequence; use RNN(cell)"
            )
        array = self.take(x)
        names, sizes = self.state_names, self.state_sizes
        taken = take_states(self.name, names, sizes, states, array.shape[0], self.dtype)
        self.build_for(array)
        return array, taken

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        raise TypeError(self._alone())

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        raise TypeError(self._alone())

    def add_to_stream(self, stream: _core.Stream) -> None:
        raise TypeError(self._alone())

    def _alone(self) -> str:
        return (
            f"{self.name}: a cell is one step and takes its states with each call, expected a "
            "layer in a model; use RNN(cell), or the layer of this kind"
        )
