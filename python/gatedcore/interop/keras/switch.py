"""Turns gatedcore's kernels on and off behind Keras's layers."""

import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gatedcore.frameworks import require
from gatedcore.interop.keras.counts import Stats, counts

BACKENDS = ("torch", "tensorflow", "jax", "numpy")

_lock = threading.RLock()
# While on: the backend, and what undoes each change, in the order in which they were made.
_backend: str | None = None
_undo: list[Callable[[], None]] = []
# The blocks of ``accelerated`` that are open, of all threads, and turned it on or found it so by
# another such block: the last of them turns it off.
_blocks: set[object] = set()


def enable() -> None:
    """Let Keras's LSTM and GRU layers run on gatedcore from now on, in the whole process.

    Layers and models that are there already are served too. What Keras, ``tf.function`` or
    ``jax.jit`` has traced before stays as it is: call ``compile`` on such a model once more. The
    counts of ``stats`` begin anew; if it is on already nothing happens.

    Raises
    ------
    ModuleNotFoundError
        If Keras is not installed.
    RuntimeError
        If Keras runs on another backend than PyTorch, TensorFlow, JAX or NumPy, or has no layers
        of the kind that this hooks into.
    """
    global _backend
    with _lock:
        if _backend is not None:
            return
        where = "gatedcore.keras.enable"
        keras = require(where, "keras", "keras")
        name = keras.config.backend()
        if name not in BACKENDS:
            raise RuntimeError(
                f"{where}: Keras runs on {name}, expected one of {', '.join(BACKENDS)}; "
                "set KERAS_BACKEND before Keras is imported"
            )
        try:
            changes = _changes(name)
        except (ImportError, AttributeError) as error:
            raise RuntimeError(
                f"{where}: Keras {keras.__version__} lacks what this hooks into ({error}), "
                "expected a version that docs/keras.md lists; install one of these"
            ) from error
        counts.clear()
        for owner, attribute, value in changes:
            _undo.append(_set(owner, attribute, value))
        _backend = name


def disable() -> None:
    """Give Keras's layers back to Keras; without effect if ``enable`` was not called.

    What was traced in between (``tf.function``, ``jax.jit``) keeps gatedcore's kernels until it is
    traced anew: call ``compile`` on such a model once more. ``stats`` keeps its counts.
    """
    global _backend
    with _lock:
        while _undo:
            _undo.pop()()
        _backend = None
        _blocks.clear()


@contextmanager
def accelerated() -> Iterator[None]:
    """Turn gatedcore on for the length of a ``with`` block, if it is not on already.

    Of blocks that overlap, in threads or one within another, the last to end turns it off.

    Raises
    ------
    ModuleNotFoundError, RuntimeError
        As ``enable``.
    """
    block = object()
    try:
        with _lock:
            was_on = _backend is not None
            enable()
            if _blocks or not was_on:
                _blocks.add(block)
        yield
    finally:
        with _lock:
            # After a disable within the block others may have turned it on again.
            if block in _blocks:
                _blocks.remove(block)
                if not _blocks:
                    disable()


def stats() -> Stats:
    """Return how many calls gatedcore has served since ``enable``, and which it passed on, and why.

    Returns
    -------
    Stats
        Counts as they stand now; ``print`` shows them in a few lines.
    """
    return counts.snapshot(_backend)


def _changes(name: str) -> list[tuple[Any, str, Any]]:
    """Return which attributes get which values."""
    keras_backend = importlib.import_module("keras.src.backend")
    layer_hooks = importlib.import_module("gatedcore.interop.keras.layer_hooks")
    backend_hooks = importlib.import_module("gatedcore.interop.keras.backend_hooks")
    own = importlib.import_module(f"gatedcore.interop.keras.on_{name}")

    originals = {
        function: getattr(keras_backend, function)
        for function in backend_hooks.NAMES
        if hasattr(keras_backend, function)
    }
    hooks = backend_hooks.hooks_for(name, own, originals)
    changes = [(keras_backend, function, hook) for function, hook in hooks.items()]
    for layer, method, hook in layer_hooks.methods():
        original = vars(layer)[method] if method in vars(layer) else getattr(layer, method)
        hooked = hook(original)
        if hasattr(own, "outside_graphs"):
            hooked = own.outside_graphs(hooked, original)
        changes.append((layer, method, hooked))
    return changes


def _set(owner: Any, attribute: str, value: Any) -> Callable[[], None]:
    original = getattr(owner, attribute)
    setattr(owner, attribute, value)
    return lambda: setattr(owner, attribute, original)
