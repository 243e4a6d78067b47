"""Every instruction set of this processor computes what plain NumPy does, for any shape."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed")

from hypothesis import given

from gatedcore import _core
from problems import assert_close
from properties.recurrent_runs import every_property, layers

TESTS = Path(__file__).parents[1]


class Worker:
    """A process of its own, as the instruction set is chosen once in each."""

    def __init__(self, isa):
        paths = [str(TESTS), *filter(None, sys.path)]
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("isa_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "GATEDCORE_ISA": isa, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self.isa = pickle.load(self.process.stdout)

    def run(self, layer, problem):
        """Return what the layer computes there."""
        pickle.dump((layer, problem), self.process.stdin)
        self.process.stdin.flush()
        return pickle.load(self.process.stdout)

    def close(self):
        """End the process."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module", params=_core.info()["isas_available"])
def worker(request):
    made = Worker(request.param)
    yield made
    made.close()


def test_the_worker_runs_what_was_asked_for(worker, request):
    assert worker.isa in request.node.name


@every_property
@given(layer=layers())
def test_plain_numpy_agrees(worker, layer):
    p = layer.problem()
    for found, expected in zip(worker.run(layer, p), layer.plain(p), strict=True):
        if found is not None:
            assert_close(found, expected)
