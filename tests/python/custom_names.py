"""A fixture that forgets what a test registers."""

from collections.abc import Iterator

import pytest

import gatedcore as gk


@pytest.fixture(autouse=True)
def names_as_before() -> Iterator[None]:
    names = gk.saving.get_custom_objects()
    before = dict(names)
    yield
    names.clear()
    names.update(before)
