"""The numbers of every epoch."""

from typing import TYPE_CHECKING, Any

from gatedcore.callbacks.base import Callback, Logs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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

    def get_state(self) -> dict[str, Any]:
        return {"history": self.history, "epoch": self.epoch}

    def set_state(self, state: dict[str, Any]) -> None:
        self.history, self.epoch = state["history"], state["epoch"]

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
