"""bench/python/contest/figures.py: rates, shares, ratios and roofs from known times."""

from dataclasses import replace

import pytest

from bench.measured import LSTM, PEAK, document, entry
from contest.figures import Table, faster_than_best_peer, interpolated, peers, seconds_per_work


def row_of(results, case=LSTM, threads=1):
    table = Table(document((case, threads, results)))
    return table, table.rows[case, threads]


def test_rate_and_share_of_the_peak_of_all_threads():
    for threads in (1, 2):
        table, row = row_of({"gatedcore": entry(LSTM.operations / PEAK)}, threads=threads)
        assert table.rate(row) == pytest.approx(PEAK)
        assert table.share(row) == pytest.approx(1 / threads)


def test_masked_steps_are_no_work():
    table, row = row_of({"gatedcore": entry(2.0, work=0.5)})
    assert table.rate(row) == LSTM.operations / 4
    assert seconds_per_work(row, "gatedcore") == 4.0


def test_the_best_peer_is_no_variant_and_not_gatedcore():
    _, row = row_of(
        {
            "gatedcore": entry(1.0),
            "gatedcore/one-thread": entry(0.5),
            "torch": entry(3.0),
            "jax": entry(2.0),
        }
    )
    assert [peer.name for peer in peers(row)] == ["jax", "torch"]
    assert faster_than_best_peer(row) == 2.0
    assert faster_than_best_peer(row_of({"gatedcore": entry(1.0)})[1]) is None


def test_the_roof_of_a_single_sequence():
    case = replace(LSTM, B=1, T=10, I=16, H=64)
    table, row = row_of({"gatedcore": entry(1.0)}, case)
    weights = 4 * 4 * 64 * 64
    reading = weights / table.read_rate(row, weights)
    ahead = 2 * 10 * 16 * 4 * 64 / PEAK
    assert reading > 2 * 4 * 64 * 64 / PEAK  # this one is bound by reading
    assert table.roof(row) == pytest.approx(ahead + 10 * reading)


def test_values_between_measured_sizes():
    curve = {1024: 8.0, 4096: 4.0}
    found = [interpolated(curve, size) for size in (1, 1024, 2048, 4096, 10**9)]
    assert found == pytest.approx([8, 8, 6, 4, 4])


def test_without_ceilings_there_is_no_share():
    table, row = row_of({"gatedcore": entry(1.0)})
    table.document["runs"][0]["ceilings"] = {}
    assert table.share(row) is None
    assert table.roof(row) is None
