"""bench/python/jobs.py: turns, who is left out, and a short run of gatedcore alone."""

import json
import sys
from dataclasses import replace

import pytest

import jobs
from contest import document as documents
from contest.job_problem import JOBS
from contest.processes import WorkerError

SMALL = {
    "compare-gru": replace(JOBS["compare-gru"], samples=60, H=4),
    "sentiment": replace(JOBS["sentiment"], words=50, T=6, H=4, batch=3),
    "overhead": replace(JOBS["overhead"], samples=20),
}


class Answering:
    """A process that answers with what it is given, and notes that it was asked."""

    def __init__(self, name, asked, answer):
        self.name, self.asked, self.answer = name, asked, answer

    def ask(self, do, **arguments):
        self.asked.append(self.name)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def turns_of(**answers):
    asked = []
    processes = {name: Answering(name, asked, answer) for name, answer in answers.items()}
    return jobs.Turns(processes, [0]), asked


def test_nobody_always_follows_the_same():
    turns, asked = turns_of(a={}, b={}, c={})
    for _ in range(3):
        list(turns.ask("fit"))
    assert "".join(asked) == "abcbcacab"


def test_who_fails_or_has_no_such_thing_is_asked_no_more():
    refusal, failure = {"not_offered": "has no fit"}, WorkerError("b: ended; \nno memory")
    turns, asked = turns_of(a=refusal, b=failure, c={"x": 1})
    assert list(turns.ask("fit")) == list(turns.ask("fit")) == [("c", {"x": 1})]
    assert turns.skipped == {"a": "has no fit", "b": "b: ended; "}
    assert asked == ["a", "b", "c", "c"]


def test_what_others_took_meanwhile_is_no_work_of_ones_own(monkeypatch):
    clock = iter([10.0, 13.0])
    monkeypatch.setattr(jobs.machine, "busy_seconds", lambda processors: next(clock))
    turns, _ = turns_of(a={"cpu": 2.5, "wall": 4.0})
    list(turns.ask("fit"))
    assert turns.disturbed("a") == 0.125


def fitted(*losses):
    return {"total": 3.0, "seconds": [2.0, 1.0], "losses": {"loss": losses}}


def test_a_fit_of_each_round_is_a_sample_and_each_later_epoch():
    turns, _ = turns_of(gatedcore=fitted(4.0, 2.0))
    result = jobs.run_fits(turns, SMALL["compare-gru"], rounds=3, epochs=2)["gatedcore"]
    assert [result[key]["median"] for key in ("total", "first", "later")] == [3.0, 2.0, 1.0]
    assert result["later"]["samples"] == 3
    assert result["losses"] == {"loss": (4.0, 2.0)}


def test_who_learned_something_else_is_left_out():
    turns, _ = turns_of(
        keras=fitted(4.0, 3.0), gatedcore=fitted(4.0, 2.0), torch=fitted(4.0, 2.001)
    )
    turns_results = jobs.run_fits(turns, SMALL["compare-gru"], rounds=1, epochs=2)
    results = {
        name: turns_results[key]
        for name, key in (("keras-jax", "keras"), ("gatedcore", "gatedcore"), ("torch", "torch"))
    }
    results["torch-tanh"] = {"losses": {"loss": [9.0, 9.0]}}  # a job of its own
    skipped = jobs.without_the_different(results, jobs.learned_apart, jobs.NEAR_LOSS)
    assert skipped == {"keras-jax": "what it learned differs by 0.5 from gatedcore's"}
    assert set(results) == {"gatedcore", "torch", "torch-tanh"}
    assert results["torch"]["apart"] == pytest.approx(5e-4)


def test_a_short_run_is_written(monkeypatch, tmp_path, capsys):
    path = tmp_path / "jobs.json"
    given = ["--libs", "gatedcore", "--rounds", "2", "--epochs", "3", "--steps", "2"]
    given += ["--json", str(path)]
    monkeypatch.setattr(sys, "argv", ["jobs.py", *given])
    chosen, options = jobs.parsed()
    assert set(chosen) == set(JOBS)
    jobs.run(SMALL, options)
    assert "sentiment: gatedcore " in capsys.readouterr().out
    document = documents.load(path, documents.JOBS_FORMAT, "jobs.py")
    assert document["arguments"] == given
    assert document["versions"]["gatedcore"]
    found = {name: content["results"]["gatedcore"] for name, content in document["jobs"].items()}
    assert set(found) == set(SMALL)
    assert [r["later"]["samples"] for r in found.values()] == [4, 4, 4]
    for result in found.values():
        assert 0 < result["later"]["min"] <= result["later"]["median"]
    json.dumps(document, allow_nan=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--libs", "theano"], "library 'theano' is unknown"),
        (["--jobs", "mnist"], "job 'mnist' is unknown"),
        (["--threads", "0"], "--threads is 0, expected a number from 1"),
        (["--epochs", "1"], "--epochs is 1, expected at least 2"),
        (["--rounds", "0"], "--rounds is 0, expected at least 1"),
        (["--steps", "0"], "--steps is 0, expected at least 1"),
    ],
)
def test_mistakes_on_the_command_line(capsys, arguments, message):
    with pytest.raises(SystemExit) as leaving:
        jobs.parsed(arguments)
    assert leaving.value.code == 2
    assert message in capsys.readouterr().err
