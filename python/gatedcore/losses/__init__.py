"""Loss functions: objects with options, and the same as functions that return (loss, gradient)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gatedcore.arrays import Array
from gatedcore.keras_names import absent
from gatedcore.losses.base import Loss
from gatedcore.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from gatedcore.losses.focal import BinaryFocalCrossentropy, CategoricalFocalCrossentropy
from gatedcore.losses.functions import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    cosine_similarity,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    quantile,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from gatedcore.losses.hinge import CategoricalHinge, Hinge, SquaredHinge
from gatedcore.losses.probability import KLDivergence, Poisson
from gatedcore.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Quantile,
)

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "Quantile",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "quantile",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

# What compile takes: an object, or a function that returns the loss and its gradient.
LossLike = Loss | Callable[[Array, Array], tuple[float, Array]]

mse = mean_squared_error
mae = mean_absolute_error
mape = mean_absolute_percentage_error
msle = mean_squared_logarithmic_error

_CLASS_OF: dict[Callable[..., tuple[float, Array]], type[Loss]] = {
    binary_crossentropy: BinaryCrossentropy,
    binary_focal_crossentropy: BinaryFocalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    categorical_focal_crossentropy: CategoricalFocalCrossentropy,
    categorical_hinge: CategoricalHinge,
    cosine_similarity: CosineSimilarity,
    hinge: Hinge,
    huber: Huber,
    kl_divergence: KLDivergence,
    log_cosh: LogCosh,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_error: MeanSquaredError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    poisson: Poisson,
    quantile: Quantile,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    squared_hinge: SquaredHinge,
}
_FUNCTIONS = {function.__name__: function for function in _CLASS_OF}
_ALIASES = {
    "mse": mean_squared_error,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "msle": mean_squared_logarithmic_error,
    "bce": binary_crossentropy,
    "kld": kl_divergence,
    "logcosh": log_cosh,
    "pinball": quantile,
}
_FUNCTION_OF = {
    **_ALIASES,
    **{alias.upper(): function for alias, function in _ALIASES.items() if len(alias) < 5},
    **_FUNCTIONS,
}
_CLASSES = {loss.__name__: loss for loss in _CLASS_OF.values()}


def get(identifier: object) -> LossLike:
    """Return a loss by its name or its configuration, or the object or function itself.

    Parameters
    ----------
    identifier : str, dict, Loss or callable
        A name such as ``"mse"`` or ``"binary_crossentropy"``, or of a class, such as ``"Huber"``;
        ``{"class_name": ..., "config": ...}`` as ``serialize`` returns; a Loss, or its class; or
        any ``f(y_true, y_pred)`` that returns the loss as a float and its gradient by ``y_pred``
        as an array.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is none of these.
    """
    if isinstance(identifier, str):
        if identifier in _FUNCTION_OF:
            return _FUNCTION_OF[identifier]
        if identifier in _CLASSES:
            return _CLASSES[identifier]()
        raise ValueError(
            f"losses.get: loss is {identifier!r}, expected one of {', '.join(_FUNCTIONS)}, or "
            f"{', '.join(_ALIASES)}; or pass a function that returns (loss, gradient)"
        )
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if isinstance(identifier, Loss) or (callable(identifier) and not isinstance(identifier, type)):
        return identifier  # what a function returns is checked when it runs
    raise TypeError(
        f"losses.get: loss has type {type(identifier).__name__}, expected a name, a Loss or a "
        "function; pass 'mse', say"
    )


def as_object(loss: LossLike) -> Loss | None:
    """Return the object that computes a loss; None for a function of the user."""
    if isinstance(loss, Loss):
        return loss
    for function, chosen in _CLASS_OF.items():  # a function of the user need not be hashable
        if function is loss:
            return chosen(name=function.__name__)
    return None


def serialize(loss: object) -> str | dict[str, Any]:
    """Return what ``get`` makes the loss of again: a name, or a class with its arguments.

    Raises
    ------
    ValueError
        If it is a function or a class of the user's.
    """
    if isinstance(loss, Loss) and _CLASSES.get(type(loss).__name__) is type(loss):
        return {"class_name": type(loss).__name__, "config": loss.get_config()}
    name = getattr(loss, "__name__", type(loss).__name__)
    if _FUNCTIONS.get(name) is loss:
        return str(name)
    raise ValueError(
        f"losses.serialize: loss is {name}, expected one of this module; keep your own "
        "by yourself, and pass it to compile again"
    )


def deserialize(config: object) -> LossLike:
    """Return the loss that ``serialize`` described.

    Raises
    ------
    TypeError, ValueError
        If there is none of this name, or its arguments are others.
    """
    if not isinstance(config, dict):
        return get(config)
    name, arguments = config.get("class_name"), config.get("config", {})
    if name not in _CLASSES or not isinstance(arguments, dict):
        raise ValueError(
            f"losses.deserialize: class_name is {name!r}, expected one of {', '.join(_CLASSES)}; "
            "pass {'class_name': ..., 'config': {...}}"
        )
    return _CLASSES[name].from_config(arguments)


if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)
