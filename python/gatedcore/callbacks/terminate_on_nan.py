"""An end to training whose loss is no number."""

from gatedcore.callbacks.base import Callback, Logs, NotFiniteError
from gatedcore.checks import check_bool


class TerminateOnNaN(Callback):
    """End the run where a step's loss or gradient is NaN or infinite; without it ``fit`` raises.

    That step is not taken: the model keeps the finite weights before it. The epoch ends there,
    with a ``loss`` of NaN and without validation.

    Parameters
    ----------
    raise_error : bool
        Whether to raise instead, a ``RuntimeError`` as Keras does; hooks of an end are not called
        then.

    Raises
    ------
    TypeError
        If ``raise_error`` is neither True nor False.
    RuntimeError
        In the run, if that is asked for.

    References
    ----------
    ``keras.callbacks.TerminateOnNaN``.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = check_bool("TerminateOnNaN", "raise_error", raise_error)
        self._batch = 0

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._batch = batch

    def on_not_finite(self, error: NotFiniteError) -> bool:
        if self.raise_error:
            raise RuntimeError(f"batch {self._batch}: {error}") from error
        self.say(f"Batch {self._batch}: invalid loss, training ends ({error})")
        self.model.stop_training = True
        return True
