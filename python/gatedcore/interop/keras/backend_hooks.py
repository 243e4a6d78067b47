"""The functions of a Keras backend that gatedcore computes, and passes on what it does not."""

from collections.abc import Callable
from typing import Any, Protocol

from gatedcore.interop.keras.layer_hooks import (
    count_passed_on,
    count_served,
    exporting,
    left_to_keras,
    zero_output_for_mask,
)
from gatedcore.interop.keras.recurrence import Call, Operands, Results
from gatedcore.interop.keras.requests import NotServedError, call_of

Function = Callable[..., Any]
NAMES = ("lstm", "gru", "bidirectional_lstm", "bidirectional_gru")


class Backend(Protocol):
    """What the module of a backend has."""

    def run(self, call: Call, given: Operands) -> Results:
        """Run one call on the backend's tensors, with gradients; NotServedError if it cannot."""

    def flip(self, y: Any) -> Any:
        """Return outputs in the reverse order of time."""


def hooks_for(name: str, backend: Backend, originals: dict[str, Function]) -> dict[str, Function]:
    """Return functions that take the places of a backend's.

    Parameters
    ----------
    name : str
        The backend's name.
    backend : Backend
        What runs the kernels on its tensors.
    originals : dict of str to callable
        Keras's functions, those of ``NAMES`` that this version has.

    Returns
    -------
    dict of str to callable
        Under the same names.
    """
    functions = _Functions(name, backend)
    return {
        found: _served_or_passed_on(getattr(functions, found), original)
        for found, original in originals.items()
    }


def _served_or_passed_on(hook: Function, original: Function) -> Function:
    def function(*args: Any, **kwargs: Any) -> Any:
        if left_to_keras():
            return original(*args, **kwargs)
        try:
            result = hook(*args, **kwargs)
        except NotServedError as reason:
            count_passed_on(str(reason))
            return original(*args, **kwargs)
        count_served()
        return result

    return function


class _Functions:
    """Keras's functions, with its arguments and results."""

    def __init__(self, name: str, backend: Backend) -> None:
        self._name = name
        self._backend = backend

    def lstm(
        self,
        inputs: Any,
        initial_state_h: Any,
        initial_state_c: Any,
        mask: Any,
        kernel: Any,
        recurrent_kernel: Any,
        bias: Any,
        activation: Any,
        recurrent_activation: Any,
        **manner: Any,
    ) -> tuple[Any, Any, list[Any]]:
        states, weights = (initial_state_h, initial_state_c), (kernel, recurrent_kernel, bias)
        activations = (activation, recurrent_activation)
        return self._one("lstm", inputs, states, weights, activations, mask, **manner)

    def gru(
        self,
        inputs: Any,
        initial_state: Any,
        mask: Any,
        kernel: Any,
        recurrent_kernel: Any,
        bias: Any,
        activation: Any,
        recurrent_activation: Any,
        **manner: Any,
    ) -> tuple[Any, Any, list[Any]]:
        weights, activations = (kernel, recurrent_kernel, bias), (activation, recurrent_activation)
        return self._one("gru", inputs, (initial_state,), weights, activations, mask, **manner)

    def bidirectional_lstm(
        self,
        inputs: Any,
        fwd_initial_state_h: Any,
        fwd_initial_state_c: Any,
        bwd_initial_state_h: Any,
        bwd_initial_state_c: Any,
        mask: Any,
        **weights_and_manner: Any,
    ) -> tuple[Any, Any]:
        fwd = (fwd_initial_state_h, fwd_initial_state_c)
        bwd = (bwd_initial_state_h, bwd_initial_state_c)
        return self._both("lstm", inputs, fwd, bwd, mask, **weights_and_manner)

    def bidirectional_gru(
        self,
        inputs: Any,
        fwd_initial_state: Any,
        bwd_initial_state: Any,
        mask: Any,
        **weights_and_manner: Any,
    ) -> tuple[Any, Any]:
        fwd, bwd = (fwd_initial_state,), (bwd_initial_state,)
        return self._both("gru", inputs, fwd, bwd, mask, **weights_and_manner)

    def _both(
        self,
        cell: str,
        inputs: Any,
        fwd_states: tuple[Any, ...],
        bwd_states: tuple[Any, ...],
        mask: Any,
        fwd_kernel: Any,
        fwd_recurrent_kernel: Any,
        fwd_bias: Any,
        bwd_kernel: Any,
        bwd_recurrent_kernel: Any,
        bwd_bias: Any,
        activation: Any,
        recurrent_activation: Any,
        **manner: Any,
    ) -> tuple[Any, Any]:
        activations = (activation, recurrent_activation)
        fwd_weights = (fwd_kernel, fwd_recurrent_kernel, fwd_bias)
        bwd_weights = (bwd_kernel, bwd_recurrent_kernel, bwd_bias)
        fwd = self._one(cell, inputs, fwd_states, fwd_weights, activations, mask, **manner)
        last, outputs, states = self._one(
            cell, inputs, bwd_states, bwd_weights, activations, mask, go_backwards=True, **manner
        )
        # A fused call returns the outputs of both directions in the order of the inputs.
        return fwd, (last, self._backend.flip(outputs), states)

    def _one(
        self,
        cell: str,
        inputs: Any,
        states: tuple[Any, ...],
        weights: tuple[Any, Any, Any],
        activations: tuple[Any, Any],
        mask: Any,
        return_sequences: bool = False,
        go_backwards: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        **layout: Any,
    ) -> tuple[Any, Any, list[Any]]:
        """Run one direction; return its last output, all outputs and the last states."""
        if exporting():
            raise NotServedError("Model.export, whose file has to run without gatedcore")
        if mask is not None and len(mask.shape) != 2:
            raise NotServedError(f"a mask of {len(mask.shape)} axes")
        call = call_of(
            self._name,
            cell,
            *activations,
            masked=mask is not None,
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            unroll=unroll,
            zero_output_for_mask=zero_output_for_mask(),
            reset_after=reset_after,
            layout=layout,
        )
        h0, c0 = (*states, None)[:2]
        y, *last_states = self._backend.run(call, Operands(inputs, h0, c0, *weights, mask))
        found = [state for state in last_states if state is not None]
        # Without return_sequences Keras expects its one output to have an axis of time still.
        return (y[:, -1], y, found) if return_sequences else (y, y[:, None], found)
