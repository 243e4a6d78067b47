"""The methods of Keras's layers that say what their calls of the backend leave unsaid.

A layer does not tell its backend whether masked outputs are zero, and does not ask it at all with
``use_cudnn=False`` or ``recurrent_dropout``, or as ``RNN`` over a cell. These hooks tell the one,
and ask for the other or count it.
"""

import functools
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from keras.src import backend
from keras.src.backend import in_symbolic_scope
from keras.src.layers.rnn.bidirectional import Bidirectional
from keras.src.layers.rnn.gru import GRU, GRUCell
from keras.src.layers.rnn.lstm import LSTM, LSTMCell
from keras.src.layers.rnn.rnn import RNN
from keras.src.models.model import Model

from gatedcore.interop.keras.counts import counts

Method = Callable[..., Any]
_LEFT_TO_KERAS = object()
# The layer whose call of the backend this is, or that object; None for a call from elsewhere.
_calling: ContextVar[Any] = ContextVar("gatedcore_keras_layer", default=None)
_exporting: ContextVar[bool] = ContextVar("gatedcore_keras_exporting", default=False)
_CELLS = (LSTMCell, GRUCell)


def count_served() -> None:
    """Count a call that the kernels compute, unless Keras only asks for the shapes of results."""
    if not in_symbolic_scope():
        counts.add_served()


def count_passed_on(reason: str) -> None:
    """Count a call that Keras computes itself, likewise."""
    if not in_symbolic_scope():
        counts.add_passed_on(reason)


def left_to_keras() -> bool:
    """Return whether the layer that calls is counted as passed on already."""
    return _calling.get() is _LEFT_TO_KERAS


def zero_output_for_mask() -> bool:
    """Return whether the layer that calls wants zeros where its mask is False."""
    return bool(getattr(_calling.get(), "zero_output_for_mask", False))


def exporting() -> bool:
    """Return whether Keras writes the model to a file that has to run without gatedcore."""
    return _exporting.get()


def methods() -> list[tuple[type, str, Callable[[Method], Method]]]:
    """Return the classes, names and hooks of the methods that this version of Keras has."""
    hooks: list[tuple[type, str, Callable[[Method], Method]]] = [
        (RNN, "inner_loop", _unless_a_subclass_told),
        (LSTM, "inner_loop", _tell_or_count),
        (GRU, "inner_loop", _tell_or_count),
    ]
    for name in ("_can_attempt_fused_lstm", "_can_attempt_fused_gru"):
        if hasattr(Bidirectional, name):
            hooks.append((Bidirectional, name, _unless_turned_around))
    if hasattr(Model, "export"):
        hooks.append((Model, "export", _tell_of_export))
    return hooks


def _tell_or_count(original: Method) -> Method:
    @functools.wraps(original)
    def inner_loop(
        self: Any, sequences: Any, initial_state: Any, mask: Any, training: Any = False
    ) -> Any:
        reason = _why_left_to_keras(self, training)
        if reason:
            count_passed_on(reason)
        token = _calling.set(_LEFT_TO_KERAS if reason else self)
        try:
            never_asks = type(self) is RNN or self.recurrent_dropout
            if never_asks and not reason:
                with suppress(NotImplementedError):
                    return _ask(self, sequences, initial_state, mask)
            return original(self, sequences, initial_state, mask, training)
        finally:
            _calling.reset(token)

    return inner_loop


def _unless_a_subclass_told(original: Method) -> Method:
    hook = _tell_or_count(original)

    @functools.wraps(original)
    def inner_loop(self: Any, *args: Any, **kwargs: Any) -> Any:
        told = isinstance(self, LSTM | GRU)  # whose own hooks did so
        return (original if told else hook)(self, *args, **kwargs)

    return inner_loop


def _why_left_to_keras(layer: Any, training: Any) -> str | None:
    kind, cell = type(layer).__name__, layer.cell
    cell_kind = type(cell).__name__
    if isinstance(layer, LSTM | GRU):
        if type(cell) is not (LSTMCell if isinstance(layer, LSTM) else GRUCell):
            return f"cell of type {cell_kind}"
        if layer.use_cudnn is False:
            return "use_cudnn=False"
    elif type(layer) is not RNN:
        return f"layer {kind}"
    elif type(cell) not in _CELLS:
        return f"layer {kind} over {cell_kind}"
    elif cell.dropout and training:
        return f"layer {kind} over {cell_kind} with dropout in training"
    if cell.recurrent_dropout and training:
        return "recurrent_dropout in training, of which Keras draws one mask for each gate"
    return None


def _ask(layer: Any, sequences: Any, initial_state: Any, mask: Any) -> Any:
    """Call the backend for a layer that never does, and drops nothing now."""
    cell = layer.cell
    states = initial_state if isinstance(initial_state, list | tuple) else [initial_state]
    function, more = backend.lstm, {}
    if isinstance(cell, GRUCell):
        function, more = backend.gru, {"reset_after": cell.reset_after}
    return function(
        sequences,
        *states,
        mask[0] if isinstance(mask, list | tuple) else mask,
        kernel=cell.kernel,
        recurrent_kernel=cell.recurrent_kernel,
        bias=cell.bias,
        activation=cell.activation,
        recurrent_activation=cell.recurrent_activation,
        return_sequences=layer.return_sequences,
        go_backwards=layer.go_backwards,
        unroll=layer.unroll,
        **more,
    )


def _unless_turned_around(original: Method) -> Method:
    """Leave to single calls what a fused one would compute otherwise than they do."""

    @functools.wraps(original)
    def can_attempt(self: Any, *args: Any, **kwargs: Any) -> Any:
        layers = (self.forward_layer, self.backward_layer)
        plain = all(type(getattr(layer, "cell", None)) in _CELLS for layer in layers)
        # A fused call takes the first layer for the one that runs forward, and casts the weights
        # of both to the dtype of the wrapper.
        cast = any(layer.compute_dtype != self.compute_dtype for layer in layers)
        if not plain or cast or self.forward_layer.go_backwards:
            return False
        return original(self, *args, **kwargs)

    return can_attempt


def _tell_of_export(original: Method) -> Method:
    @functools.wraps(original)
    def export(self: Any, *args: Any, **kwargs: Any) -> Any:
        token = _exporting.set(True)
        try:
            return original(self, *args, **kwargs)
        finally:
            _exporting.reset(token)

    return export
