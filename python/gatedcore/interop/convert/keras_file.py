"""Files of Keras: ``.keras``, ``.weights.h5``, and whole models in ``.h5``."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from gatedcore.archive import SavedFileError
from gatedcore.interop.convert.foreign import Budget, budget_of
from gatedcore.interop.convert.hdf5 import Hdf5
from gatedcore.interop.convert.keras_weights import Keras3Weights, LegacyWeights, Weights

KERAS_3 = ".keras"
WEIGHTS = ".weights.h5"
WHOLE = (".h5", ".hdf5")

_CONFIG, _METADATA, _VARIABLES = "config.json", "metadata.json", "model.weights.h5"
_ARCHIVE = "a .keras file of Keras 3"


class Opened(NamedTuple):
    """A file of Keras.

    Attributes
    ----------
    config : dict or None
        The model's config; None of weights alone.
    weights : Weights
        Where its weights are.
    compiled : dict or None
        What ``compile`` was told, as Keras writes it.
    version : str or None
        Of the Keras that wrote it, if it says so.
    """

    config: Any
    weights: Weights
    compiled: Any
    version: str | None


@contextmanager
def opened(where: str, path: str) -> Iterator[Opened]:
    """Open a file; its weights can be read within the block.

    Parameters
    ----------
    where : str
        Public function, for errors.
    path : str
        The file; its ending says what it is.

    Raises
    ------
    OSError
        If it cannot be read.
    SavedFileError
        If it is damaged, or no such file.
    """
    budget = budget_of(where, path)
    config: Any = None
    source: Any = path
    if path.endswith(KERAS_3):
        config, version, source = _members(path, budget)
    file = Hdf5(source, budget)
    try:
        if config is not None:
            yield Opened(config, Keras3Weights(file), config.get("compile_config"), version)
        elif "layers" in file.names("") or path.endswith(WEIGHTS):
            yield Opened(None, Keras3Weights(file), None, None)
        elif file.names("model_weights"):
            yield _whole(file)
        elif file.texts("", "layer_names") is not None:  # weights alone, as version 2 has them
            yield Opened(None, LegacyWeights(file, ""), None, None)
        else:
            raise budget.error("holds neither", "a model or weights of Keras", "save it again")
    finally:
        file.close()


def _whole(file: Hdf5) -> Opened:
    """Return a model as version 2 writes it to one HDF5 file."""
    config, compiled = (
        _parsed(file.budget, text, name) if (text := file.text("", name)) is not None else None
        for name in ("model_config", "training_config")
    )
    version = file.text("", "keras_version")
    return Opened(config, LegacyWeights(file, "model_weights"), compiled, version)


def _members(path: str, budget: Budget) -> tuple[Any, str | None, io.BytesIO]:
    """Return the config, the version of Keras and the HDF5 file out of an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            texts = [_member(archive, name, budget) for name in (_CONFIG, _METADATA)]
            variables = _member(archive, _VARIABLES, budget)
    except (SavedFileError, FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as cause:  # zipfile and zlib say so in many classes of errors
        raise budget.damaged(cause, _ARCHIVE) from None
    config, metadata = (
        _parsed(budget, text, name) for text, name in zip(texts, (_CONFIG, _METADATA), strict=True)
    )
    return config, str(metadata.get("keras_version")), io.BytesIO(variables)


def _member(archive: zipfile.ZipFile, name: str, budget: Budget) -> bytes:
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        raise budget.error(f"has {len(found)} members {name}", _ARCHIVE, "save it with Keras 3")
    (info,) = found
    budget.take(name, info.file_size)
    with archive.open(info) as member:
        return member.read(info.file_size + 1)  # one more, so that a longer one fails its checksum


def _parsed(budget: Budget, text: bytes | str, name: str) -> dict[str, Any]:
    """Return JSON that holds a dict."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise budget.damaged(f"{name}: {cause}", "JSON") from None
    if not isinstance(data, dict):
        raise budget.error(f"has no dict in {name}", "one", "save it with Keras again")
    return data
