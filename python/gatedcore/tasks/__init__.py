"""Example tasks: ordinary users of the public API, started by ``gatedcore run NAME``.

Each is a module with a function ``main(arguments)``.
"""

import importlib
from types import ModuleType

NAMES = (
    "adding",
    "charlm",
    "compare",
    "copy",
    "digits",
    "music",
    "pm25",
    "sentiment",
    "sine",
    "temperature",
    "vowels",
)
_MODULES = {"copy": "copy_memory"}  # the standard library has a copy.py


def module(name: str) -> ModuleType:
    """Return the module of one of the ``NAMES``."""
    return importlib.import_module(f"gatedcore.tasks.{_MODULES.get(name, name)}")
