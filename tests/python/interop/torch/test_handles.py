"""Handles of saved calls: found once, through the tensor itself, as long as it lives."""

import gc
import weakref

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from gatedcore.interop.torch.handles import handle_of, take


class Saved:
    pass


def test_what_is_saved_is_found_once():
    saved = Saved()
    handle = handle_of(saved)
    assert take(handle) is saved
    assert take(handle) is None


def test_a_view_is_the_handle_and_a_copy_is_not():
    saved = Saved()
    handle = handle_of(saved)
    assert take(handle.clone()) is None
    assert take(torch.empty(0, dtype=torch.uint8)) is None
    assert take(handle.detach()) is saved


def test_what_is_saved_lives_as_long_as_its_handle():
    saved = Saved()
    dead = weakref.ref(saved)
    handle = handle_of(saved)
    del saved
    gc.collect()
    assert dead() is not None
    del handle
    gc.collect()
    assert dead() is None
