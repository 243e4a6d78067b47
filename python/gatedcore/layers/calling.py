"""What a layer computes: forward and backward on arrays, and the checks of a call."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt

from gatedcore import _core
from gatedcore.arrays import Array, Shape, as_array
from gatedcore.checks import check_bool
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.weighted import Weighted
from gatedcore.ops.operands import mask_operand
from gatedcore.streaming import Stream

Mask = npt.NDArray[np.bool_]  # (B, T), True where a step counts


class Called(Weighted, ABC):
    """What can be called on arrays: a layer, as who computes with it sees it.

    Attributes
    ----------
    by_steps : bool
        Whether each time step of the output follows from that step of the input alone; of layers
        with states ``why_whole`` says it.
    """

    by_steps: ClassVar[bool] = False

    # What a kind of layer must say.

    @abstractmethod
    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape for an input's, the batch first; raise if it does not fit."""

    @abstractmethod
    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        """Return the output; in training keep what ``backward`` needs.

        ``x`` is trusted: of the layer's dtype and of a shape that fits. A call that is not for
        training leaves the layer unchanged, so several threads may make it at once.
        """

    @abstractmethod
    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        """Add to the gradients of the last training forward; return that of its input if needed."""

    @abstractmethod
    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters, if there are none yet."""

    # What a kind of layer may say.

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states that the layer carries from step to step: none."""
        return ()

    def compute_mask(self, x: Array, mask: Mask | None) -> Mask | None:
        """Return the mask of the output for an input and its mask: the same."""
        return mask

    def as_input(self, where: str, x: object) -> Array:
        """Return anything array-like as an input of the layer, of whatever shape.

        Raises
        ------
        TypeError, ValueError
            If it holds no numbers of the right kind.
        """
        return as_array(where, "x", x, self.dtype)

    def why_whole(self) -> str | None:
        """Return why the layer must see sequences whole; None if it goes forward step by step."""
        return None if self.by_steps else f"is a {type(self).__name__} and may mix time steps"

    def reset_states(self) -> None:
        """Forget what the layer carries from batch to batch: nothing."""

    def add_to_stream(self, stream: _core.Stream) -> None:
        """Put the layer, with its weights as they are, at the end of a stream.

        Raises
        ------
        ValueError
            If it cannot run step by step.
        """
        raise ValueError(
            f"{self.name}.stream: a {type(self).__name__} does not run step by step, expected "
            "recurrent and dense layers; run the model on whole sequences"
        )

    # Calling.

    def __call__(
        self, x: object, mask: object = None, training: bool | None = None, **keras: object
    ) -> Any:
        """Run the layer on an array; build it first if it is not.

        Parameters
        ----------
        x : array-like, (B, ...)
            Input; no unit.
        mask : array-like of bool, (B, T), optional
            True where a step counts.
        training : bool, optional
            Whether the layer draws as its rates say; by default not.

        Returns
        -------
        ndarray, (B, ...)
            Output.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layer.
        """
        reject_unsupported(self.name, keras, {})
        draw = check_bool(self.name, "training", False if training is None else training)
        array = self.take(x)
        steps = self.take_mask(mask, array)
        self.build_for(array)
        y = self.forward(array, draw, steps)
        if draw:
            self._saved = None
        return y

    def take_mask(self, mask: object, x: Array) -> Mask | None:
        """Return a call's mask as an array (B, T), or None.

        Raises
        ------
        TypeError, ValueError
            If it is no mask of the steps of ``x``.
        """
        if mask is None:
            return None
        if x.ndim < 2:
            raise ValueError(
                f"{self.name}: mask came with an input of shape {x.shape}, expected (batch, time "
                "steps, ...); leave it out"
            )
        return mask_operand(self.name, "mask", mask, x.shape[0], x.shape[1], time_major=False)

    def take(self, x: object) -> Array:
        """Return ``x`` as an input of this layer, which is not built by that.

        Raises
        ------
        TypeError, ValueError
            If it cannot be one.
        """
        array = self.as_input(self.name, x)
        self.compute_output_shape(cast(Shape, array.shape))
        return array

    def build_for(self, x: Array) -> None:
        """Make the parameters for an input that ``take`` returned, if there are none yet."""
        if not self.built:
            self.build(cast(Shape, x.shape))

    def stream(self, batch: int = 1) -> Stream:
        """Return the layer as a function of one time step that carries its states.

        Parameters
        ----------
        batch : int
            Sequences that run side by side.

        Returns
        -------
        Stream
            With the weights as they are now and all states 0.

        Raises
        ------
        ValueError
            If the layer is not built, or runs backwards.
        """
        if not self.built:
            raise ValueError(
                f"{self.name}.stream: layer has no weights yet, expected a built one; call it on "
                "an array or build(input_shape) first"
            )
        return Stream(self.name, [self], batch)

    _saved: Any = None  # what the last training forward kept
