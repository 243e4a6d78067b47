"""What must be alike on all ranks before they train together, compared with rank 0's."""

import json
from collections.abc import Mapping
from typing import Any

from gatedcore._core import __version__
from gatedcore.distributed.communicator import Communicator
from gatedcore.distributed.exchange import broadcast, gather

_LONGEST = 200  # characters of one side in a message, so that it stays one to read


def check_agreement(comm: Communicator, where: str, facts: Mapping[str, Any]) -> None:
    """Refuse ranks that are about to do different things, on all ranks alike.

    Parameters
    ----------
    comm : Communicator
        The ranks.
    where : str
        Public function, for the error.
    facts : mapping from str to JSON-able
        What is to be alike, by the name that the error gives it; the version of gatedcore is
        always compared, and first.

    Raises
    ------
    ValueError
        If anything differs; it names the first rank that does, and how.
    """
    own = json.loads(json.dumps({"version of gatedcore": __version__, **facts}))
    first = broadcast(comm, own)
    for rank, difference in enumerate(gather(comm, _difference(own, first))):
        if difference is not None:
            raise ValueError(
                f"{where}: on rank {rank} of {comm.size} the {difference} on rank 0, expected the "
                "same on all ranks; start all with the same program, arguments and data"
            )


def _difference(own: dict[str, Any], first: dict[str, Any]) -> str | None:
    """Say what of this rank is not as on rank 0: the first difference, as deep as it lies."""
    for name in {**first, **own}:
        path, mine, theirs = _deepest(name, own.get(name), first.get(name))
        if not _same(mine, theirs):
            return f"{path} is {_short(mine)} where it is {_short(theirs)}"
    return None


def _deepest(path: str, mine: Any, theirs: Any) -> tuple[str, Any, Any]:
    """Return the first place within two trees where they differ, and what stands there."""
    keys: list[Any] = []
    if isinstance(mine, dict) and isinstance(theirs, dict):
        keys = [k for k in {**theirs, **mine} if not _same(mine.get(k), theirs.get(k))]
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        keys = [k for k, (a, b) in enumerate(zip(mine, theirs, strict=True)) if not _same(a, b)]
    if not keys:
        return path, mine, theirs
    key = keys[0]
    if isinstance(mine, dict):
        return _deepest(f"{path}.{key}", mine.get(key), theirs.get(key))
    return _deepest(f"{path}[{key}]", mine[key], theirs[key])


def _same(mine: Any, theirs: Any) -> bool:
    """Return whether two trees are the same as text, in which NaN is itself."""
    return json.dumps(mine, sort_keys=True) == json.dumps(theirs, sort_keys=True)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
