"""What ``compile`` chose for several outputs: loss and metrics of each, and one sum of losses."""

from collections.abc import Mapping, Sequence
from typing import Any

from gatedcore.callbacks import Logs
from gatedcore.checks import check_number
from gatedcore.columns import Columns
from gatedcore.objective import Means, Objective


class Objectives(Objective):
    """An objective for each output, under one optimizer.

    Parameters
    ----------
    outputs : sequence of str
        Names of the outputs.
    optimizer : str, dict or Optimizer
        As of ``compile``.
    loss, metrics, weighted_metrics, loss_weights : object
        Of each output: a list, or a dict by name. One loss alone is that of every output.

    Raises
    ------
    TypeError, ValueError
        If one of them is unknown, or does not say what is of which output.
    """

    def __init__(
        self,
        outputs: Sequence[str],
        optimizer: object,
        loss: object,
        metrics: object = None,
        weighted_metrics: object = None,
        loss_weights: object = None,
    ) -> None:
        if len(set(outputs)) < len(outputs):
            raise ValueError(
                f"compile: outputs have the names {', '.join(outputs)}, expected different ones; "
                "make the model with a dict of outputs"
            )
        if not isinstance(loss, list | tuple | Mapping):
            loss = [loss] * len(outputs)
        losses = of_each("loss", loss, outputs)
        for name, one in zip(outputs, losses, strict=True):
            if one is None:
                raise ValueError(
                    f"compile: loss of {name} is missing, expected one for each output; train a "
                    "Model of the others, which has the same layers"
                )
        plain, weighed = (
            of_each("metrics", metrics, outputs),
            of_each("weighted_metrics", weighted_metrics, outputs),
        )
        shares = of_each("loss_weights", loss_weights, outputs)
        self.each = [Objective(optimizer, losses[0], plain[0], weighed[0])]
        self.optimizer = self.each[0].optimizer
        for of_one in zip(losses[1:], plain[1:], weighed[1:], strict=True):
            self.each.append(Objective(self.optimizer, *of_one))
        self._shares = [
            1.0 if share is None else check_number("compile", "loss_weights", share, 0.0)
            for share in shares
        ]
        self.losses: list[float] = []  # of each output for the last batch
        self.names = [f"{name}_loss" for name in outputs] + [
            f"{name}_{metric}"
            for name, one in zip(outputs, self.each, strict=True)
            for metric in one.names
        ]

    @property
    def takes_labels(self) -> Any:
        """Whether targets are class numbers, for each output."""
        return [one.takes_labels for one in self.each]

    def loss_of(
        self, y_true: Any, y_pred: Any, weights: Any = None, mask: Any = None
    ) -> tuple[float, Any]:
        """Return the weighted sum of all losses, and its gradients by the predictions."""
        none = [None] * len(self.each)
        masks, weighed = (none if given is None else given for given in (mask, weights))
        total, gradients = 0.0, []
        self.losses = []
        both = zip(self.each, self._shares, strict=True)
        for (one, share), *given in zip(both, y_true, y_pred, weighed, masks, strict=True):
            loss, gradient = one.loss_of(*given)
            total += share * loss
            self.losses.append(loss)
            gradients.append(gradient if share == 1.0 else gradient * gradient.dtype.type(share))
        return total, Columns(gradients)

    @property
    def shares(self) -> list[float]:
        return self._shares

    @property
    def sums(self) -> list[bool]:
        return [one.sums[0] for one in self.each]

    def described(self) -> list[str]:
        return [text for one in self.each for text in one.described()]

    def each_loss(self, loss: float) -> list[float]:
        return self.losses

    def divisors(
        self, y_true: Any, y_pred: Any, weights: Any = None, mask: Any = None
    ) -> list[float]:
        none = [None] * len(self.each)
        masks, weighed = (none if given is None else given for given in (mask, weights))
        of_each_one = zip(self.each, y_true, y_pred, weighed, masks, strict=True)
        return [one.divisors(*given)[0] for one, *given in of_each_one]

    def means(self) -> "SeveralMeans":
        return SeveralMeans(self)


class SeveralMeans(Means):
    """Losses and metrics of several outputs over the samples seen so far."""

    def __init__(self, objectives: Objectives) -> None:
        self._objectives = objectives
        self._each = [one.means() for one in objectives.each]
        self._names = objectives.names
        self._plain, self._weighted = [], []
        self._loss, self._samples = 0.0, 0

    def add(
        self,
        loss: float,
        y_true: Any,
        y_pred: Any,
        weights: Any = None,
        mask: Any = None,
        share: float = 1,
        penalty: float = 0.0,
    ) -> None:
        none = [None] * len(self._each)
        masks, weighed = (none if given is None else given for given in (mask, weights))
        losses = self._objectives.losses
        for means, *given in zip(self._each, losses, y_true, y_pred, weighed, masks, strict=True):
            means.add(*given, share)
        self._loss += (loss + penalty) * len(y_pred) * share
        self._samples += len(y_pred) * share

    def get_state(self) -> dict[str, Any]:
        each = [means.get_state() for means in self._each]
        return {"loss": self._loss, "samples": self._samples, "each": each}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._loss, self._samples = state["loss"], state["samples"]
        for means, counted in zip(self._each, state["each"], strict=True):
            means.set_state(counted)

    def merge(self, state: Mapping[str, Any]) -> None:
        self._loss += state["loss"]
        self._samples += state["samples"]
        for means, counted in zip(self._each, state["each"], strict=True):
            means.merge(counted)

    def set_losses(self, losses: Sequence[float], total: float, samples: float) -> None:
        self._loss, self._samples = total, samples
        for means, loss in zip(self._each, losses, strict=True):
            means.set_losses([], loss, samples)

    def logs(self) -> Logs:
        each = [list(means.logs().values()) for means in self._each]
        values = [of_one[0] for of_one in each] + [v for of_one in each for v in of_one[1:]]
        return {"loss": self._loss / self._samples, **dict(zip(self._names, values, strict=True))}


def of_each(name: str, given: object, outputs: Sequence[str], where: str = "compile") -> list[Any]:
    """Return what an argument says of each output, None where it says nothing.

    Raises
    ------
    TypeError, ValueError
        If it is no list of so many, nor a dict by the names of outputs.
    """
    if given is None:
        return [None] * len(outputs)
    if isinstance(given, Mapping):
        unknown = [key for key in given if key not in outputs]
        if unknown:
            raise ValueError(
                f"{where}: {name} has the key {unknown[0]!r}, expected names of outputs "
                f"{', '.join(outputs)}; use one of these"
            )
        return [given.get(output) for output in outputs]
    if not isinstance(given, list | tuple) or len(given) != len(outputs):
        parts = f" of {len(given)}" if isinstance(given, list | tuple) else ""
        raise ValueError(
            f"{where}: {name} is a {type(given).__name__}{parts}, expected a list of "
            f"{len(outputs)} or a dict by the names {', '.join(outputs)}; say which is whose"
        )
    return list(given)


def of_the_only(name: str, given: Any, output: str) -> Any:
    """Return what an argument of ``compile`` says of the only output: bare, in a list or a dict.

    Raises
    ------
    ValueError
        If it is a dict by another name.
    """
    if isinstance(given, Mapping) and "class_name" not in given:
        return of_each(name, given, [output])[0]
    if isinstance(given, list | tuple) and len(given) == 1:
        return given[0] if name == "loss" or isinstance(given[0], list | tuple) else given
    return given
