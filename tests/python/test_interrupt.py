import signal
import threading

import pytest

from gatedcore.interrupt import DeferredInterrupt


def test_waits_for_the_end_of_the_block() -> None:
    reached = []

    def run() -> None:
        with DeferredInterrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
            reached.append(interrupt.pending)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert reached == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_one_comes_through() -> None:
    reached = []

    def run() -> None:
        with DeferredInterrupt():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            reached.append("not here")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert reached == []


def test_errors_go_first_and_the_handler_is_put_back() -> None:
    def run() -> None:
        with DeferredInterrupt():
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        run()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_handlers_of_others_stay() -> None:
    seen = []
    kept = signal.signal(signal.SIGINT, lambda *_: seen.append(True))
    try:
        with DeferredInterrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
        assert seen == [True]
        assert not interrupt.pending
    finally:
        signal.signal(signal.SIGINT, kept)


def test_other_threads_do_without() -> None:
    errors = []

    def run() -> None:
        try:
            with DeferredInterrupt():
                pass
        except ValueError as error:  # what signal.signal raises there
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert errors == []
