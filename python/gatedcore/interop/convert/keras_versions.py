"""What Keras 2's configs mean in the words of Keras 3, where one word has two meanings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_GRUS = ("GRU", "GRUCell")


def is_old(version: str | None) -> bool:
    """Return whether a version is before 3; files of Keras 3 always say theirs."""
    major = (version or "").partition(".")[0]
    return not (major.isdecimal() and int(major) >= 3)


def modernised(tree: Any) -> Any:
    """Return one of Keras 2's configs, or a part of one, as Keras 3 would write it.

    Raises
    ------
    ValueError
        If it asks for what Keras 3 does not have under any name.
    """
    if isinstance(tree, list):
        return [modernised(item) for item in tree]
    if not isinstance(tree, Mapping):
        return tree
    data = {key: modernised(item) for key, item in tree.items()}
    config = data.get("config")
    if isinstance(config, dict):
        for name in ("activation", "recurrent_activation"):
            if config.get(name) == "hard_sigmoid":
                raise ValueError(
                    f"layer {config.get('name')!r} has {name}='hard_sigmoid', which is 0.2 x + 0.5 "
                    "between 0 and 1 in Keras 2 and another function since, expected one that is "
                    "here; train with 'sigmoid'"
                )
        if data.get("class_name") == "LeakyReLU" and "alpha" in config:
            config["negative_slope"] = config.pop("alpha")
        if data.get("class_name") in _GRUS:
            config.setdefault("reset_after", False)
    return data
