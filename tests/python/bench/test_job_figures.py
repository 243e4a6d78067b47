"""bench/python/contest/job_figures.py: whole trainings, who learned the same, targets."""

import math

import pytest

from bench.measured import entry
from contest import job_figures as figures
from contest.job_problem import JOBS

FIT, STEP, OVERHEAD = JOBS["compare-lstm"], JOBS["sentiment"], JOBS["overhead"]


def result(later, first=1.0, **more):
    return {"total": entry(50.0), "first": entry(first), "later": entry(later), **more}


def test_a_whole_training_is_measured_or_projected():
    assert figures.whole(result(0.5), 10) == 1 + 99 * 0.5
    assert figures.whole(result(0.5), figures.EPOCHS) == 50.0


def test_each_job_is_judged_by_its_own_time():
    assert figures.spent(FIT, result(0.5), 10) == 50.5
    assert figures.spent(STEP, result(0.5), 10) == 0.5
    assert figures.spent(OVERHEAD, result(0.5), 10) == 0.001  # of 500 batches


def test_how_much_faster():
    results = {"gatedcore": result(0.1, first=0.1), "torch": result(0.2, first=0.2)}
    assert figures.faster(FIT, results, "torch", 10) == pytest.approx(2)
    assert figures.faster(FIT, results, "gatedcore", 10) is None
    assert figures.faster(FIT, results, "keras-jax", 10) is None


def test_losses_are_apart_by_the_worst_epoch():
    reference = {"losses": {"loss": [4.0, 2.0], "val_loss": [1.0, 1.0]}}
    other = {"losses": {"loss": [4.0, 2.2], "val_loss": [0.95, 1.0]}}
    assert figures.learned_apart(other, reference) == pytest.approx(0.1)
    other["losses"]["loss"][0] = math.nan
    assert figures.learned_apart(other, reference) == math.inf


def test_predictions_are_apart_relative_to_their_movement():
    def predictions(*after, before=(0.5, 0.5)):
        return {"predictions": {"before": before, "after": after}}

    reference = predictions(0.5, 0.7)
    assert figures.predicted_apart(predictions(0.51, 0.7), reference) == pytest.approx(0.05)
    other_start = predictions(0.5, 0.7, before=(0.5, 0.6))
    assert figures.predicted_apart(other_start, reference) == pytest.approx(0.5)
    assert figures.predicted_apart(predictions(math.nan, 0.7), reference) == math.inf
    still = predictions(0.5, 0.5)
    assert figures.predicted_apart(still, still) == math.inf  # nobody learned anything


def test_targets_of_a_fit():
    results = {
        "gatedcore": result(0.01, first=0.01),
        "keras-tensorflow": result(0.1, first=20.0),
        "keras-jax": result(0.01, first=1.0),
        "torch": result(0.001),
    }
    tensorflow, jax = figures.verdicts(FIT, results, 10)
    assert str(tensorflow) == "≥ 20x keras-tensorflow: 29.90x, met"
    assert str(jax) == "≥ 8x keras-jax: 1.99x, **missed**"


def test_targets_of_a_step_are_about_the_faster_one():
    results = {"gatedcore": result(0.1), "keras-jax": result(0.3), "torch": result(0.2)}
    (best,) = figures.verdicts(STEP, results, 10)  # TensorFlow is not there
    assert str(best) == "≥ 2.5x the best of keras-jax and torch: 2.00x, **missed**"


def test_the_target_of_the_overhead_and_of_nobody():
    (verdict,) = figures.verdicts(OVERHEAD, {"gatedcore": result(0.02)}, 10)
    assert str(verdict) == "≤ 50 µs a batch: 40.0 µs, met"
    (verdict,) = figures.verdicts(OVERHEAD, {"gatedcore": result(0.03)}, 10)
    assert not verdict.met
    assert figures.verdicts(FIT, {"torch": result(0.1)}, 10) == []


def test_who_does_the_job_differently_is_no_peer():
    results = dict.fromkeys(["torch-tanh", "gatedcore", "torch"], result(0.1))
    assert figures.peers_of(results) == ["torch"]
