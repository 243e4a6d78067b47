"""An end to training that no longer helps."""

from gatedcore.arrays import Array
from gatedcore.callbacks.base import Logs, check_verbose
from gatedcore.callbacks.monitor import MonitorCallback
from gatedcore.checks import check_bool, check_count, check_number


class EarlyStopping(MonitorCallback):
    """Stop when a quantity has not improved for some epochs.

    Parameters
    ----------
    monitor : str
        Name of the quantity, as in ``History.history``.
    min_delta : float
        A change by less is no improvement.
    patience : int
        So many epochs in a row without improvement end the training; 0 counts as 1.
    verbose : {0, 1}
        Whether to print when the training ends, and which weights come back.
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" tells by the name.
    baseline : float, optional
        Epochs that do not improve on it count as epochs without improvement.
    restore_best_weights : bool
        Whether the model ends with the weights of its best epoch, even if that does not reach
        ``baseline``; else with the last.
    start_from_epoch : int
        Epochs, counted from 0, before this one are not looked at.

    Attributes
    ----------
    best : float or None
        The best value of the run.
    best_epoch : int
        Its epoch, counted from 0.
    stopped_epoch : int
        The epoch that ended the training; 0 if it was not ended here.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range. A run without the quantity gives a warning, as in Keras.

    References
    ----------
    ``keras.callbacks.EarlyStopping``.

    Examples
    --------
    >>> model = gk.Sequential([gk.Dense(1, input_shape=(1,))])
    >>> model.compile(gk.SGD(0.0), "mse")  # which learns nothing
    >>> x = np.ones((8, 1))
    >>> stop = gk.EarlyStopping(monitor="loss", patience=2)
    >>> len(model.fit(x, x, epochs=100, verbose=0, callbacks=[stop]).epoch)
    3
    """

    on_all_ranks = True
    kept = ("best", "wait", "stopped_epoch", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        where = type(self).__name__
        self.patience = check_count(where, "patience", patience, 0)
        self.verbose = check_verbose(where, verbose)
        self.baseline = (
            None if baseline is None else check_number(where, "baseline", baseline, -float("inf"))
        )
        self.restore_best_weights = check_bool(where, "restore_best_weights", restore_best_weights)
        self.start_from_epoch = check_count(where, "start_from_epoch", start_from_epoch, 0)
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Array] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.is_improvement(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.is_improvement(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            self.say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                self.say(f"The weights are those of the best epoch: {self.best_epoch + 1}")
            self.model.set_weights(self.best_weights)
