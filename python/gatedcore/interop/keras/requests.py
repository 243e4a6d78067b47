"""What a call from Keras asks for, in the kernels' words, or why they do not serve it."""

from typing import Any

from keras.src import activations, ops

from gatedcore.activations import NAMES
from gatedcore.interop.keras.recurrence import Call

# Where Keras's own loop lets an output before the first step that counts repeat the initial state;
# on the others it is zero.
STATE_BEFORE_FIRST = {"numpy", "jax"}
# By identity: an activation may be an object that has no hash.
_ACTIVATIONS = [
    (function, name)
    for name in NAMES
    for module in (activations, ops)
    if (function := getattr(module, name, None)) is not None
]


class NotServedError(Exception):
    """A call that Keras has to compute itself; the message is the reason."""


def call_of(
    backend: str,
    cell: str,
    activation: Any,
    recurrent_activation: Any,
    *,
    masked: bool,
    return_sequences: bool,
    go_backwards: bool,
    unroll: bool,
    zero_output_for_mask: bool,
    reset_after: bool = True,
    layout: dict[str, Any] | None = None,
) -> Call:
    """Return the call that Keras's arguments describe.

    Parameters
    ----------
    backend : str
        Keras's backend, whose conventions hold.
    cell : {"lstm", "gru"}
        Which equations.
    activation, recurrent_activation : callable
        As the layer holds them.
    masked : bool
        Whether there is a mask.
    return_sequences, go_backwards, unroll, reset_after : bool
        The layer's arguments.
    zero_output_for_mask : bool
        The layer's attribute.
    layout : dict, optional
        Further arguments of the backend's function, which no layer of Keras passes.

    Returns
    -------
    Call
        For ``forward``.

    Raises
    ------
    NotServedError
        If the kernels lack something that is asked for.
    """
    for name, value in (layout or {}).items():
        if (name, value) not in {("time_major", False), ("batch_first", True)}:
            raise NotServedError(f"argument {name}={value!r}")
    carries_state = backend in STATE_BEFORE_FIRST
    if unroll and masked and zero_output_for_mask:
        if go_backwards and not carries_state:
            # Keras reverses the mask for the steps and not for the zeros.
            raise NotServedError("unroll with go_backwards, a mask and zero_output_for_mask")
        zero_output_for_mask = not carries_state  # which do not look at it there
    return Call(
        cell,
        _activation_name("activation", activation),
        _activation_name("recurrent_activation", recurrent_activation),
        reset_after,
        bool(go_backwards),
        bool(return_sequences),
        bool(masked and zero_output_for_mask),
        carries_state and not unroll,
    )


def _activation_name(argument: str, function: Any) -> str:
    for known, name in _ACTIVATIONS:
        if function is known:
            return name
    described = getattr(function, "__name__", None) or type(function).__name__
    raise NotServedError(f"{argument} {described}")
