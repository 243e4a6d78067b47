"""What a run tells, and to whom: the hooks of a callback, and the list that calls them."""

import math
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import Any, ClassVar

Logs = dict[str, float]

_BATCH_HOOKS = (
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


class NotFiniteError(ValueError):
    """The loss or a gradient of a training step is no finite number; the step was not taken."""


class Callback:
    """Base of the callbacks; the hooks are Keras's. Set ``self.model.stop_training`` to stop.

    Attributes
    ----------
    model
        The model that runs.
    params : dict
        ``epochs``, ``steps`` and ``verbose`` of the run; of several processes the ``rank`` of this.
    """

    after_others: ClassVar[bool] = False  # whether all others are told before, whatever the order
    # Whether all ranks must have it or none: it changes what they train, or asks them something.
    on_all_ranks: ClassVar[bool] = False

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:
        """Learn the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Learn about the run."""
        self.params = params

    @property
    def leads(self) -> bool:
        """Whether this process prints and writes files: of several that train together, the first.

        All of them are told the same; Keras has no such name.
        """
        return int(self.params.get("rank", 0)) == 0

    def say(self, text: str) -> None:
        """Print a line at once, for an argument ``verbose``, where this process leads."""
        if self.leads:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def close(self) -> None:
        """After the run, an error included; Keras has no such hook."""

    def on_not_finite(self, error: NotFiniteError) -> bool:
        """Return True to end the run here, where it would raise ``error``.

        Keras has no such hook: there such a step is taken.
        """
        return False

    def get_state(self) -> dict[str, Any]:
        """Return what a backup must keep of this callback, of numbers, strings and arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to what ``get_state`` returned, in a run that goes on; Keras has neither."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, with its ``logs``."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation; ``logs`` holds loss and metrics."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Alias of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Alias of ``on_train_batch_end``."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a training step."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a training step; ``logs`` holds the means over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before an evaluation, validation included."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of a prediction."""


class CallbackList:
    """Calls a hook of every callback; hooks of batches only where a class overrides them."""

    def __init__(self, callbacks: Iterable[Callback], model: Any, params: dict[str, Any]) -> None:
        self.callbacks = sorted(callbacks, key=lambda callback: callback.after_others)
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)
        self._listeners = {
            hook: [getattr(c, hook) for c in self.callbacks if self._overrides(c, hook)]
            for hook in _BATCH_HOOKS
        }
        self._epoch = 0

    @staticmethod
    def _overrides(callback: Callback, hook: str) -> bool:
        """Return whether a callback's class, or the object itself, has a hook of its own."""
        aliases = (hook, hook.replace("_train_", "_"))
        own = [getattr(getattr(callback, a), "__func__", None) for a in aliases]
        return any(f is not getattr(Callback, a) for f, a in zip(own, aliases, strict=True))

    def listens(self, hook: str) -> bool:
        """Return whether any callback wants this hook of every batch."""
        return bool(self._listeners[hook])

    def batch(self, hook: str, index: int, logs: Logs | None = None) -> None:
        """Call a hook of every batch; there are always logs, if empty ones."""
        for listener in self._listeners[hook]:
            listener(index, {} if logs is None else logs)

    def call(self, hook: str, *arguments: Any) -> None:
        """Call any other hook; there are always logs, if empty ones."""
        if hook == "on_epoch_begin":
            self._epoch = arguments[0]
        if not arguments or not isinstance(arguments[-1], dict):
            arguments = (*arguments, {})
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)

    def __enter__(self) -> "CallbackList":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        try:
            ended = isinstance(error, NotFiniteError) and self._ends(error)
        finally:
            for callback in self.callbacks:
                callback.close()
        return ended

    def _ends(self, error: NotFiniteError) -> bool:
        """Return whether a callback ends the run in place of this error; if so, tell them all.

        The epoch ends with a loss that is no number, as in Keras, but without validation.
        """
        ended = [callback for callback in self.callbacks if callback.on_not_finite(error)]
        if ended:
            self.call("on_epoch_end", self._epoch, {"loss": math.nan})
            self.call("on_train_end")
        return bool(ended)


def check_callbacks(where: str, callbacks: object) -> list[Callback]:
    """Return the callbacks as a list.

    Raises
    ------
    TypeError
        If one is something else.
    """
    if callbacks is None:
        return []
    given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    for callback in given:
        if not isinstance(callback, Callback):
            raise TypeError(
                f"{where}: callbacks holds {callback!r}, expected objects of gatedcore.Callback; "
                "derive yours from it, and pass an object rather than its class"
            )
    return list(given)


def check_verbose(where: str, verbose: object) -> int:
    """Return ``verbose`` if it is 0 or 1.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(verbose, int) or verbose not in (0, 1):
        raise ValueError(
            f"{where}: verbose is {verbose!r}, expected 0 or 1; 1 prints what is done, 0 nothing"
        )
    return int(verbose)
