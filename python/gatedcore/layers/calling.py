"""What a layer computes: forward and backward on arrays, and the checks of a call."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt

from gatedcore import _core
from gatedcore.arrays import Array, Shape, as_array
from gatedcore.checks import check_bool
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.recorded import Recorded
from gatedcore.layers.tensor import LayerCall, Tensor, as_tensors, is_symbolic
from gatedcore.layers.vjp import Gradients, as_upstream
from gatedcore.layers.weighted import Weighted
from gatedcore.ops.operands import mask_operand
from gatedcore.streaming import Stream

Mask = npt.NDArray[np.bool_]  # (B, T), True where a step counts


class Called(Recorded, Weighted, ABC):
    """What can be called: a layer, as who computes with it sees it.

    A layer with one input and one output says what it computes in ``forward`` and ``backward``. One
    with several, the initial and last states of recurrent layers among them, says so in
    ``forward_many``, ``backward_many``, ``output_shapes`` and ``output_masks``. Inputs stand in one
    list, initial states behind the inputs proper; outputs too.

    Attributes
    ----------
    takes_list : bool
        Whether a call's input is a list of arrays.
    by_steps : bool
        Whether each time step of the output follows from that step of the input alone; of layers
        with states ``why_whole`` says it.
    """

    takes_list: ClassVar[bool] = False
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

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        """Return the mask of the output for an input and its mask: the same."""
        return mask

    def forward_many(
        self, inputs: Sequence[Array], training: bool, masks: Sequence[Mask | None]
    ) -> list[Array]:
        """Return all outputs for all inputs, as ``forward`` does for one; ``masks`` fit those."""
        return [self.forward(inputs[0], training, masks[0])]

    def backward_many(
        self, d_outputs: Sequence[Array | None], needed: Sequence[bool]
    ) -> list[Array | None]:
        """Do as ``backward``, and return a gradient for each input, None if it is not needed.

        Of ``d_outputs`` one at least is there; None stands for zeros.
        """
        (d_y,) = d_outputs
        assert d_y is not None
        return [self.backward(d_y, needed[0])]

    def output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        """Return the shapes of all outputs; raise if those of the inputs do not fit."""
        if len(input_shapes) > 1:
            raise ValueError(
                f"{self.name}: got {len(input_shapes)} inputs, expected one, as a "
                f"{type(self).__name__} takes neither lists nor initial states; merge them first"
            )
        return [self.compute_output_shape(input_shapes[0])]

    def output_masks(
        self, inputs: Sequence[Array], masks: Sequence[Mask | None]
    ) -> list[Mask | None]:
        """Return the masks of all outputs."""
        return [self.compute_mask(inputs[0], masks[0])]

    def set_drawing(self, value: bool) -> None:
        """Set whether training forwards draw."""
        self._drawing = value

    def take_saved(self) -> Any:
        """Take out what the last training forward kept, so that the layer can run again."""
        saved, self._saved = self._saved, None
        return saved

    def give_saved(self, saved: Any) -> None:
        """Put back what ``take_saved`` took, for the way back."""
        self._saved = saved

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

    def reset_state(self) -> None:
        """Do as ``reset_states``: Keras has both names."""
        self.reset_states()

    def add_to_stream(self, stream: _core.Stream) -> None:
        """Put the layer, with its weights as they are, at the end of a stream.

        Raises
        ------
        ValueError
            If it cannot run step by step.
        """
        raise ValueError(
            f"{self.name}.stream: a {type(self).__name__} does not run step by step, expected "
            "LSTM, GRU, Dense and Dropout; run the model on whole sequences, or with stateful=True "
            "on one step after the other"
        )

    # Calling.

    def __call__(
        self, x: object, mask: object = None, training: bool | None = None, **keras: object
    ) -> Any:
        """Run the layer on an array, or record a call on a symbolic tensor.

        It is built first if it is not.

        Parameters
        ----------
        x : array-like, (B, ...), or Tensor
            Input; no unit.
        mask : array-like of bool, (B, T), optional
            True where a step counts.
        training : bool, optional
            Whether the layer draws as its rates say; by default not.

        Returns
        -------
        ndarray, (B, ...), or Tensor
            Output.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layer.
        """
        reject_unsupported(self.name, keras, {})
        return self.run(x, None, mask, training)

    def run(self, x: object, initial_state: object, mask: object, training: object) -> Any:
        """Do what a call does, whatever order its arguments have."""
        if is_symbolic(x):
            made = self.record(x, initial_state, mask, training)
            self.note_call(made)
            return made
        draw = check_bool(self.name, "training", False if training is None else training)
        inputs, masks = self.take_inputs(x, initial_state, mask)
        outputs = self.forward_many(inputs, draw, masks)
        if draw:
            self.take_saved()
        return tuple(outputs) if len(outputs) > 1 else outputs[0]

    def vjp(
        self,
        x: object,
        upstream: object,
        *,
        mask: object = None,
        initial_state: object = None,
        training: bool = False,
    ) -> Gradients:
        """Return the gradients of ``sum(upstream * output)``, as training computes them.

        The layer is built first if it is not, and else stays as it is, its own gradients, states
        and count of draws too: with dropout and an int as seed, this draws what the next training
        call will.

        Parameters
        ----------
        x, mask, initial_state
            As in a call.
        upstream : array-like, or list of array-likes and None
            The gradient that arrives at the output, of its shape; of several outputs, a list with
            one for each, None for zeros.
        training : bool
            Whether the layer draws as its rates say.

        Returns
        -------
        Gradients
            ``weights`` by name, ``x`` as the input (None for tokens), ``initial_state`` as a list
            (empty where none was given); all are new arrays.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layer.
        """
        draw = check_bool(f"{self.name}.vjp", "training", training)
        inputs, masks = self.take_inputs(x, initial_state, mask)
        twin = copy.deepcopy(self)  # with gradients of its own, all zero
        twin.set_drawing(draw)
        outputs = twin.forward_many(inputs, True, masks)
        d_outputs = as_upstream(f"{self.name}.vjp", upstream, outputs)
        d_inputs = twin.backward_many(d_outputs, [True] * len(inputs))
        # A gradient may be what arrived, or a view of it.
        own = [None if d is None else np.array(d) for d in d_inputs]
        count = len(masks)
        d_x = own[:count] if self.takes_list else own[0]
        return Gradients(twin.gradients, d_x, own[count:])

    def take_inputs(
        self, x: object, initial_state: object, mask: object
    ) -> tuple[list[Any], list[Mask | None]]:
        """Return a call's inputs as arrays, behind them its states, and the inputs' masks.

        The layer is built if it is not.

        Raises
        ------
        TypeError, ValueError
            If they do not suit the layer.
        """
        if initial_state is not None:
            raise ValueError(
                f"{self.name}: initial_state came to a {type(self).__name__}, expected None, as it "
                "has no states; leave it out"
            )
        array = self.take(x)
        steps = self.take_mask(mask, array)
        self.build_for(array)
        return [array], [steps]

    def record(
        self, x: object, states: object = None, mask: object = None, training: object = None
    ) -> Tensor | tuple[Tensor, ...]:
        """Return what a call on symbolic tensors returns; the layer is built for their shapes.

        Raises
        ------
        TypeError, ValueError
            If they do not suit the layer, or something comes with them that does not suit tensors.
        """
        for name, given in (("mask", mask), ("training", training)):
            if given is not None:
                raise ValueError(
                    f"{self.name}: {name} came with a symbolic tensor, expected None; masks come "
                    "from Embedding(mask_zero=True) and Masking, training from the model's call"
                )
        if self.takes_list and isinstance(x, Tensor):
            raise TypeError(
                f"{self.name}: x is a tensor, expected a list of tensors; call the layer as "
                "layer([x, y])"
            )
        if not self.takes_list and not isinstance(x, Tensor):
            raise TypeError(
                f"{self.name}: x is a list of tensors, expected one; merge them first, for example "
                "with Concatenate()"
            )
        inputs = as_tensors(self.name, "x", x)
        if states is not None:
            inputs += as_tensors(self.name, "initial_state", states)
        shapes = [tensor.shape for tensor in inputs]
        outputs = self.output_shapes(shapes)
        if not self.built:
            dtypes = [tensor.dtype for tensor in inputs if tensor.dtype is not None]
            if dtypes:
                self.inherit(dtypes[0])
            self.build(cast(Any, shapes if self.takes_list else shapes[0]))
        made = LayerCall(self, inputs, outputs).outputs
        return made if len(made) > 1 else made[0]

    @abstractmethod
    def inherit(self, dtype: np.dtype[Any]) -> None:
        """Take over a dtype unless the layer names one."""

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

    _drawing = True
    _saved: Any = None  # what the last training forward kept
