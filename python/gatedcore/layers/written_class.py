"""What a user's class of layers says of itself: what its ``call`` takes, which names it uses."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

SEE = "see docs/custom.md"
_BY_PLACE = inspect.Parameter.POSITIONAL_OR_KEYWORD


class Wants(NamedTuple):
    """What a ``call`` takes beside its input."""

    training: bool = False
    mask: bool = False
    states: bool = False


def wants_of(where: str, call: Callable[..., Any]) -> Wants:
    """Return what a ``call`` takes beside its input, read from its signature.

    Raises
    ------
    TypeError
        If it takes something that no one gives.
    """
    parameters = list(inspect.signature(call).parameters.values())[2:]  # without self and x
    others = {
        p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    }
    unknown = others - {"states", "training", "mask"}
    if unknown:
        raise TypeError(
            f"{where}: call takes {min(unknown)!r}, expected x, for a cell states, and no "
            f"more than training and mask beside; make it an attribute in __init__; {SEE}"
        )
    names = {p.name for p in parameters}
    return Wants("training" in names, "mask" in names, "states" in names)


def check_names(cls: type) -> None:
    """Raise if a class of a user gives its own meaning to a name that layers have.

    Raises
    ------
    TypeError
        If so.
    """
    free = {"build", "backward", "compute_output_shape", "compute_mask", "get_config"}
    free |= {"from_config", "as_input", "reset_states", "by_steps", "why_whole"}
    for name, value in vars(cls).items():
        if callable(value) and not name.startswith("_") and name not in free:
            taken = next((base for base in cls.__mro__[1:] if name in vars(base)), None)
            if taken is not None and taken.__module__.startswith("gatedcore."):
                raise TypeError(
                    f"{cls.__name__}: class defines {name}, which every layer has for itself; "
                    "choose another name"
                )
