"""Callbacks: what a run tells, and to whom; History is one of them."""

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Logs = dict[str, float]

_BATCH_HOOKS = (
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


class Callback:
    """Base of the callbacks; the hooks are Keras's. Set ``self.model.stop_training`` to stop.

    Attributes
    ----------
    model
        The model that runs.
    params : dict
        ``epochs``, ``steps`` and ``verbose`` of the run.
    """

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:
        """Learn the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Learn about the run."""
        self.params = params

    def close(self) -> None:
        """After the run, an error included; Keras has no such hook."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch."""

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
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)
        self._listeners = {
            hook: [getattr(c, hook) for c in self.callbacks if self._overrides(c, hook)]
            for hook in _BATCH_HOOKS
        }

    @staticmethod
    def _overrides(callback: Callback, hook: str) -> bool:
        aliases = (hook, hook.replace("_train_", "_"))
        return any(getattr(type(callback), a) is not getattr(Callback, a) for a in aliases)

    def listens(self, hook: str) -> bool:
        """Return whether any callback wants this hook of every batch."""
        return bool(self._listeners[hook])

    def batch(self, hook: str, index: int, logs: Logs | None = None) -> None:
        """Call a hook of every batch."""
        for listener in self._listeners[hook]:
            listener(index, logs)

    def call(self, hook: str, *arguments: Any) -> None:
        """Call any other hook."""
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)

    def __enter__(self) -> "CallbackList":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for callback in self.callbacks:
            callback.close()


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


class History(Callback):
    """Loss and metrics of every epoch; what ``fit`` returns.

    Attributes
    ----------
    history : dict of lists
        By name, one number for each epoch: ``loss``, metrics, and the same with ``val_``.
    epoch : list of int
        The epochs, counted from 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Append the numbers of an epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def plot(self, **options: Any) -> "Figure":
        """Draw the curves.

        Parameters
        ----------
        **options
            See ``gatedcore.plot.plot_history``.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        ImportError
            If matplotlib is absent.
        """
        from gatedcore import plot

        return plot.plot_history(self, **options)
