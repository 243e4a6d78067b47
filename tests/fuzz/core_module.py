"""The compiled module: that of ``core_fuzzer.cpp`` where it is part of the program."""

import sys

__all__ = ["_core"]

if "_core" in sys.builtin_module_names:
    import _core
else:
    from gatedcore import _core
