"""Fuzzes the readers of files and the Python entry points with atheris.

    python tests/fuzz/atheris_main.py NAME [options of libFuzzer]

NAME is one of ``READERS`` or ``ENTRY_POINTS``. scripts/check_fuzz.sh runs all of them.
"""

import sys
import warnings
from pathlib import Path

import atheris
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
with atheris.instrument_imports(include=["gatedcore"]):
    import entry_points
    import readers


def main():
    """Fuzz what the command line names."""
    name = sys.argv.pop(1)
    made = readers.reading if name in readers.READERS else entry_points.calling
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    atheris.Setup(sys.argv, made(name))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
