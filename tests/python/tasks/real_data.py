"""Where the files of real data are, for tests of the tasks."""

import os
from pathlib import Path

import pytest


def real_data(name):
    """The path of a file of real data; without it the test is skipped."""
    root = Path(__file__).resolve().parents[3]
    path = Path(os.environ.get("GATEDCORE_DATA", root.parent / "shared" / "data")) / name
    if not path.is_file():
        pytest.skip(f"{path} is absent; GATEDCORE_DATA names the folder it is in")
    return path
