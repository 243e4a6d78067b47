"""The accelerator on for a test, and nothing of it left for the next."""

import pytest

import gatedcore.keras
from gatedcore.interop.keras.shelf import shelf


@pytest.fixture
def accelerated():
    with gatedcore.keras.accelerated():
        yield
    gatedcore.keras.disable()  # of a test that turned it on itself
    shelf.clear()
