"""The time of an allreduce by its equations, worked out by hand."""

import pytest

import gatedcore as gk

predict = gk.distributed.predict


def test_a_ring_of_four_by_hand():
    # 1e6 parameters of 4 bytes, of which 1.5 times go through each link at 1e8 bytes a second.
    found = predict(1_000_000, 0.1, 4, gigabits=0.8, latency=1e-3)
    assert found.allreduce == pytest.approx(6e6 / 1e8 + 6 * 1e-3)
    assert found.seconds == pytest.approx(0.166)
    assert found.efficiency == pytest.approx(0.1 / 0.166)


def test_halves_need_fewer_messages_for_as_many_bytes():
    ring, halving = (
        predict(1_000_000, 0.1, 1000, latency=1e-4, algorithm=name) for name in ("ring", "halving")
    )
    assert ring.allreduce - halving.allreduce == pytest.approx((1998 - 20) * 1e-4)


def test_one_rank_waits_for_nobody():
    for algorithm in ("ring", "halving"):
        found = predict(10, 0.5, 1, algorithm=algorithm)
        assert (found.compute, found.allreduce, found.efficiency) == (0.5, 0.0, 1.0)


def test_an_allreduce_every_so_many_batches_is_shared_by_them():
    once, rarely = (predict(1000, 0.1, 8, every=k) for k in (1, 4))
    assert rarely.allreduce == pytest.approx(once.allreduce / 4)
    assert rarely.compute == once.compute


def test_float64_has_twice_the_bytes():
    single, double = (predict(1000, 0.1, 8, latency=0, itemsize=size) for size in (4, 8))
    assert double.allreduce == pytest.approx(2 * single.allreduce)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"parameters": 0}, "predict: parameters is 0"),
        ({"compute": 0.0}, "predict: compute is 0"),
        ({"ranks": 0}, "predict: ranks is 0"),
        ({"gigabits": 0}, "predict: gigabits is 0"),
        ({"latency": -1.0}, "predict: latency is -1"),
        ({"every": 0}, "predict: every is 0"),
        ({"itemsize": 0}, "predict: itemsize is 0"),
        ({"algorithm": "tree"}, "predict: algorithm is 'tree', expected 'ring' or 'halving'"),
    ],
)
def test_what_is_out_of_range_is_named(wrong, says):
    with pytest.raises(ValueError, match=says):
        predict(**{"parameters": 10, "compute": 0.1, "ranks": 2, **wrong})
