"""bench/python/contest: gatedcore's own process, asked as the parent asks it."""

import os
from dataclasses import asdict

import numpy as np
import pytest

import gatedcore as gk
from contest.adapters import variants
from contest.cases import Case, groups
from contest.problem import problem_of
from contest.processes import (
    AbsentError,
    WorkerError,
    WorkerProcess,
    start_all,
    thread_environment,
    versions_of,
)


@pytest.fixture(scope="module")
def worker():
    processors = sorted(os.sched_getaffinity(0))[:1]
    process = WorkerProcess("gatedcore", "gatedcore", processors)
    yield process
    process.close()


def prepare(worker, case, tmp_path, variant=""):
    path = tmp_path / "results.npz"
    answer = worker.ask(
        "prepare", key="case", case=asdict(case), variant=variant, results=str(path)
    )
    if "not_offered" in answer:
        return answer, {}
    with np.load(path) as arrays:
        return answer, dict(arrays)


def test_it_computes_what_the_parent_would(worker, tmp_path):
    case = Case("infer", "lstm", 5, 2, 3, 4)
    _, results = prepare(worker, case, tmp_path)
    p = problem_of(case)
    h, _ = gk.ops.lstm(p.x, p.kernel, p.recurrent, p.bias, time_major=True)
    np.testing.assert_array_equal(results["h"], h)
    assert worker.ask("versions")["versions"]["gatedcore"] == gk.__version__


def test_bursts_are_timed(worker, tmp_path):
    answer, results = prepare(worker, Case("train", "gru", 5, 2, 3, 4), tmp_path)
    assert set(results) == {"h", "d_x", "d_kernel", "d_recurrent", "d_bias"}
    burst = worker.ask("burst", key="case", calls=3, once=answer["once"])
    assert 0 < burst["seconds"] < burst["wall"]
    worker.ask("forget")
    with pytest.raises(WorkerError, match="gatedcore: KeyError"):
        worker.ask("burst", key="case", calls=1, once=1.0)


@pytest.mark.parametrize("group", ["lengths", "options", "layers", "steps", "blocks"])
def test_every_kind_of_case_runs(worker, tmp_path, group):
    for case in groups()[group]:
        small = Case(case.kind, case.cell, min(case.T, 60), min(case.B, 3), 2, 5, case.option)
        for variant in variants("gatedcore", small, 2 if group == "layers" else 1):
            answer, _ = prepare(worker, small, tmp_path, variant)
            assert "once" in answer or "has no" in answer["not_offered"], small.name


def test_ceilings(worker):
    answer = worker.ask("ceilings", seconds=0.01, reading=False)
    assert answer["multiply_add"] > 0
    assert answer["read"] == {}


def test_an_absent_library_is_named(tmp_path, monkeypatch):
    # Found before the installed one, if there is one: workers search PYTHONPATH too.
    (tmp_path / "torch.py").write_text("raise ImportError('No module named torch')")
    given = os.environ.get("PYTHONPATH")
    path = [str(tmp_path), *([given] if given else [])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    processors = sorted(os.sched_getaffinity(0))[:1]
    with pytest.raises(AbsentError, match="No module named torch"):
        WorkerProcess("torch", "torch", processors)
    processes, absent = start_all(["torch", "gatedcore"], processors)
    assert absent == {"torch": "No module named torch"}
    assert versions_of(processes)["gatedcore"] == gk.__version__
    processes["gatedcore"].close()


def test_libraries_learn_how_many_threads_they_may_use():
    variables = thread_environment(2)
    assert {v for name, v in variables.items() if name.endswith("_NUM_THREADS")} == {"2"}


def test_a_process_that_has_ended_is_an_error():
    process = WorkerProcess("gatedcore", "gatedcore", sorted(os.sched_getaffinity(0))[:1])
    process.ask("versions")
    process._process.kill()
    process._process.wait()
    for _ in range(2):
        with pytest.raises(WorkerError, match="gatedcore: ended"):
            process.ask("versions")
    process.close()
