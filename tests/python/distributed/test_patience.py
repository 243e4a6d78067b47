"""A block that takes too long is told of, one that does not is not."""

import threading
import time

from gatedcore.distributed.patience import Patience


def test_a_long_block_is_told_of_once():
    told = threading.Event()
    patience = Patience(0.2, told.set)
    with patience:
        assert told.wait(10)
    told.clear()
    with patience:
        assert not told.wait(0.5)


def test_short_blocks_may_take_longer_in_all():
    told = threading.Event()
    patience = Patience(0.4, told.set)
    for _ in range(8):
        with patience:
            time.sleep(0.1)
    assert not told.wait(0.5)


def test_the_time_between_blocks_does_not_count():
    told = threading.Event()
    patience = Patience(0.2, told.set)
    with patience:
        pass
    assert not told.wait(0.5)
    with patience:
        assert told.wait(10)
