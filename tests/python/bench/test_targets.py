"""bench/python/contest/targets.py: a target is met from its number on, and missed below it."""

from dataclasses import replace

import pytest

from bench.measured import LSTM, PEAK, document, entry
from contest.cases import Case, groups
from contest.figures import Table
from contest.targets import verdicts


def judge(case, results, threads=1, *others):
    table = Table(document((case, threads, results), *others))
    return verdicts(table, table.rows[case, threads])


def met(found):
    return [verdict.met for verdict in found]


def test_share_of_the_peak_and_factor():
    own = LSTM.operations / PEAK / 0.8
    above, below = 0.999, 1.001
    results = {"gatedcore": entry(own * above), "torch": entry(1.45 * own * below)}
    assert met(judge(LSTM, results)) == [True, True]
    results = {"gatedcore": entry(own * below), "torch": entry(1.45 * own * above)}
    share, factor = judge(LSTM, results)
    assert not share.met
    assert not factor.met
    assert str(share) == "≥ 80 % of peak: 80 %, **missed**"
    assert factor.wanted == "≥ 1.45x best peer"


def test_a_gru_is_measured_by_the_lstm():
    gru = replace(LSTM, cell="gru", kind="train")
    lstm = replace(LSTM, kind="train")
    others = (lstm, 1, {"gatedcore": entry(1.0)})
    results = {"gatedcore": entry(0.75 / 0.89), "torch": entry(10.0)}
    factor, per_flop, over_torch = judge(gru, results, 1, others)
    assert factor.met
    assert over_torch.wanted == "≥ 4.00x PyTorch"
    assert (per_flop.reached, per_flop.met) == ("89 %", False)


def test_different_lengths():
    case = Case("train", "lstm", 500, 32, 128, 128, "lengths")
    results = {
        "gatedcore": entry(1.0, work=0.55),
        "gatedcore/dense": entry(0.9, work=0.5),
        "torch": entry(9.9, work=0.55),
    }
    dense, packed = judge(case, results)
    assert (dense.reached, dense.met) == ("99 %", True)
    assert (packed.reached, packed.met) == ("9.90x", False)


@pytest.mark.parametrize(("option", "limit"), [("relu", 1.10), ("denormal", 1.05)])
def test_an_option_over_the_plain_call(option, limit):
    case = Case("infer", "lstm", 100, 32, 128, 128, option)
    for factor, expected in ((0.999, True), (1.001, False)):
        results = {"gatedcore": entry(limit * factor), "gatedcore/plain": entry(1.0)}
        assert met(judge(case, results)) == [expected]


def test_two_threads_over_one():
    results = {"gatedcore": entry(1.0), "gatedcore/one-thread": entry(1.8), "torch": entry(0.5)}
    (verdict,) = judge(LSTM, results, 2)
    assert str(verdict) == "≥ 1.85x one thread: 1.80x, **missed**"


def test_blocks_and_single_steps():
    block = Case("step", "gru", 480, 1, 1, 16)
    (verdict,) = judge(block, {"gatedcore": entry(480 * 76e-9)})
    assert str(verdict) == "≤ 75 ns a step: 76 ns, **missed**"
    step = Case("step", "lstm", 1, 1, 16, 16)
    limit, factor = judge(step, {"gatedcore": entry(1.4e-6), "jax": entry(6e-6)})
    assert limit.met
    assert not factor.met


def test_the_rows_of_the_table_have_targets():
    results = {
        name: entry(1.0)
        for name in ("gatedcore", "gatedcore/dense", "gatedcore/plain", "torch", "jax")
    }
    for name, cases in groups().items():
        if name not in ("odd", "layers"):
            assert all(judge(case, results) for case in cases), name
    for case in groups()["layers"]:
        assert judge(case, {**results, "gatedcore/one-thread": entry(2.0)}, 2)
