"""bench/python/contest/job_worker.py: gatedcore's process, asked as the parent asks it."""

import os
from dataclasses import replace

import pytest

import gatedcore as gk
from contest.adapters import NotOfferedError
from contest.job_problem import JOBS, to_json
from contest.job_worker import JobWorker
from contest.processes import WorkerError, start_all, versions_of

FIT = to_json(replace(JOBS["compare-lstm"], samples=60, H=4))
STEP = to_json(replace(JOBS["sentiment"], words=50, T=6, H=4, batch=3))


@pytest.fixture(scope="module")
def worker():
    processors = sorted(os.sched_getaffinity(0))[:1]
    processes, absent = start_all(["gatedcore"], processors, "contest.job_worker")
    assert absent == {}
    yield processes["gatedcore"]
    processes["gatedcore"].close()


def test_versions(worker):
    assert versions_of({"gatedcore": worker})["gatedcore"] == gk.__version__


def test_a_fit_tells_the_times_of_epochs_and_its_losses(worker):
    answer = worker.ask("fit", job=FIT, epochs=3)
    assert len(answer["seconds"]) == 3
    assert 0 < sum(answer["seconds"]) <= answer["total"] <= answer["wall"]
    assert answer["cpu"] > 0
    assert {name: len(values) for name, values in answer["losses"].items()} == {
        "loss": 3,
        "val_loss": 3,
    }
    # A new model each time.
    assert worker.ask("fit", job=FIT, epochs=3)["losses"] == answer["losses"]


def test_steps_move_predictions_and_are_timed(worker):
    started = worker.ask("start_steps", job=STEP, checked=3)
    assert len(started["before"]) == len(started["after"]) == 3
    assert started["before"] != started["after"]
    taken = worker.ask("take_steps", count=4)
    assert len(taken["seconds"]) == 4
    assert started["first"] > 0
    assert 0 < min(taken["seconds"]) <= sum(taken["seconds"]) <= taken["wall"]


def test_mistakes_are_named(worker):
    with pytest.raises(WorkerError, match="gatedcore: AssertionError"):
        worker.ask("fit", job=STEP, epochs=1)


def test_what_a_library_has_not_is_an_answer():
    class Without:
        def fit(self, job):
            raise NotOfferedError("has no fit")

        def steps(self, job):
            raise NotOfferedError("has no steps")

    worker = JobWorker(Without())
    assert worker.fit(FIT, 1) == {"not_offered": "has no fit"}
    assert worker.start_steps(STEP, 1) == {"not_offered": "has no steps"}
