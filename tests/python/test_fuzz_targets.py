"""The fuzzers' targets on a few random inputs each: what scripts/check_fuzz.sh runs for minutes."""

import random

import numpy as np
import pytest

import core_calls
import entry_points
import readers

# Of other people's, what the readers of their files need.
NEEDS = {
    "keras": "h5py",
    "keras_old": "h5py",
    "keras_weights": "h5py",
    "onnx": "onnx",
    "pickle": "torch",
}

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of strange numbers, and of what is left out
    pytest.mark.usefixtures("any_arithmetic"),
]


@pytest.fixture
def any_arithmetic():
    with np.errstate(all="ignore"):
        yield


def inputs(count):
    """Return bytes as a fuzzer might find them."""
    return [random.Random(number).randbytes(20 + 10 * number) for number in range(count)]


def test_calls_of_the_core():
    for data in inputs(300):
        core_calls.one_input(data[:400])


@pytest.mark.parametrize("name", readers.READERS)
def test_readers(name):
    framework = NEEDS.get(name, "numpy")
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    one_input = readers.reading(name)
    for data in inputs(12):
        one_input(data)


@pytest.mark.parametrize("name", entry_points.ENTRY_POINTS)
def test_entry_points(name):
    one_input = entry_points.calling(name)
    for data in inputs(40):
        one_input(data)
