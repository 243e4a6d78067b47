"""Interpreters beside the main one, where neither NumPy nor the extension can be."""

import subprocess
import sys

PROGRAM = """
import importlib.machinery, importlib.util, sys

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

EXTENSION = '''
import importlib.machinery, importlib.util
spec = importlib.util.spec_from_file_location("gatedcore._core", {path!r})
importlib.util.module_from_spec(spec)
'''


def refused(code):
    one = interpreters.create()
    try:
        told = repr(interpreters.run_string(one, code))  # newer Pythons return the error
    except Exception as error:
        told = repr(error)
    interpreters.destroy(one)
    return told


# Found without loading the package, as NumPy would be loaded with it.
folder = importlib.util.find_spec("gatedcore").submodule_search_locations
path = importlib.machinery.PathFinder.find_spec("_core", folder).origin
told = refused(EXTENSION.format(path=path))
assert "ImportError" in told and "subinterpreter" in told, told

import numpy as np
import gatedcore as gk

told = refused(f"import sys; sys.path[:] = {sys.path!r}; import gatedcore")
assert "ImportError" in told, told  # NumPy comes first, and says it in other words
print(gk.LSTM(2)(np.ones((1, 2, 3))).shape)
"""


def test_import_in_a_subinterpreter_is_refused_and_the_main_one_goes_on() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout) == (0, "(1, 2)\n"), run.stderr
