"""Counters and what they print."""

import threading

from gatedcore.interop.keras.counts import Counts, Stats


def test_counts_are_added_and_cleared():
    counts = Counts()
    counts.add_served()
    for reason in ("dtype float16", "use_cudnn=False", "dtype float16"):
        counts.add_passed_on(reason)
    counts.add_forward()
    counts.add_backward()
    assert counts.snapshot("torch") == Stats(
        "torch", 1, 3, {"dtype float16": 2, "use_cudnn=False": 1}, 1, 1
    )
    counts.clear()
    assert counts.snapshot(None) == Stats()


def test_stats_print_in_a_few_lines():
    printed = str(Stats("jax", 2, 3, {"dtype float16": 3}, 20, 10))
    assert printed.splitlines() == [
        "gatedcore.keras: on, backend jax",
        "  served 2, passed on to Keras 3",
        "  runs of the kernels: 20 forward, 10 backward",
        "  passed on 3: dtype float16",
    ]
    assert "off" in str(Stats())


def test_several_threads_lose_no_count():
    counts = Counts()

    def add():
        for _ in range(2000):
            counts.add_served()
            counts.add_passed_on("dtype float16")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.snapshot(None).served == 8000
    assert counts.snapshot(None).passed_on == 8000
