"""Evaluation with the moving averages of the weights, while training goes on with the weights."""

from typing import Any

from gatedcore.arrays import Array
from gatedcore.callbacks.base import Callback, Logs
from gatedcore.checks import check_bool


class SwapEMAWeights(Callback):
    """Put the averages that ``use_ema=True`` keeps in place of the weights where they are judged.

    That is in evaluations, validation included, and predictions that are given this callback.
    ``fit`` ends at the averages in any case.

    Parameters
    ----------
    swap_on_epoch : bool
        Whether the averages also stand in the model from the end of an epoch to the beginning of
        the next, for callbacks behind this one: ``ModelCheckpoint`` then saves them.

    Raises
    ------
    TypeError
        If it is neither True nor False.
    ValueError
        When they are asked for, if the optimizer keeps no averages.

    References
    ----------
    ``keras.callbacks.SwapEMAWeights``.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = check_bool(type(self).__name__, "swap_on_epoch", swap_on_epoch)
        self._weights: Array | None = None  # while the averages stand in the model

    def get_state(self) -> dict[str, Any]:
        return {"weights": self._weights}

    def set_state(self, state: dict[str, Any]) -> None:
        self._weights = state["weights"]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._weights = None

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._weights = None  # the run ended at the averages

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._swap_back()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._swap()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._swap()

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._swap_back()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._swap()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._swap_back()

    def close(self) -> None:
        """Give the model its weights back if the run ended by an error."""
        self._swap_back()

    def _swap(self) -> None:
        model = self.model
        if model.optimizer is None or not model.optimizer.use_ema:
            raise ValueError(
                f"{type(self).__name__}: model has no averages of its weights, expected an "
                "optimizer that keeps them; compile it with gatedcore.optimizers.Adam(use_ema=True)"
            )
        if self._weights is None and model.optimizer.calls:
            model.gather()
            self._weights = model._vector.values.copy()
            with model._vector.lock:
                model.optimizer.finalize_variable_values(model._vector.values, model._part)

    def _swap_back(self) -> None:
        if self._weights is not None:
            with self.model._vector.lock:
                self.model._vector.values[...] = self._weights
            self._weights = None
