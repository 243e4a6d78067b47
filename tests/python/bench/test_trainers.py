"""bench/python/contest/trainers: libraries that learn the same from the same job."""

import os
from dataclasses import replace

import numpy as np
import pytest

from contest import trainers
from contest.adapters import NotOfferedError
from contest.job_figures import learned_apart, predicted_apart
from contest.job_problem import JOBS, to_json
from contest.processes import start_all

FIT = replace(JOBS["compare-lstm"], samples=90, H=8)
STEP = replace(JOBS["sentiment"], words=50, T=12, H=8, batch=16, rate=0.0)


def losses_of(library, job, epochs=3):
    marks = []
    losses = trainers.load(library, 1).fit(job)(epochs, lambda: marks.append(None))
    assert len(marks) == epochs
    return {"losses": losses}


def predictions_of(library):
    steps = trainers.load(library, 1).steps(STEP)
    before = steps.predict()
    for _ in range(3):
        steps.step()
    return {"predictions": {"before": before, "after": steps.predict()}}


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gatedcore_learns(cell):
    losses = losses_of("gatedcore", replace(FIT, cell=cell), epochs=60)["losses"]
    assert [len(values) for values in losses.values()] == [60, 60]
    assert losses["val_loss"][-1] < 0.7 * losses["val_loss"][0]


def test_gatedcore_draws_dropout_in_steps_and_none_in_predictions():
    trainer = trainers.load("gatedcore", 1)
    dropped, whole = trainer.steps(replace(STEP, rate=0.5)), trainer.steps(STEP)
    np.testing.assert_array_equal(dropped.predict(), whole.predict())
    dropped.step(), whole.step()
    assert (dropped.predict() != whole.predict()).any()


def test_the_overhead_is_that_of_a_run_which_is_told_of(capsys):
    job = replace(JOBS["overhead"], samples=5)
    losses_of("gatedcore", job)
    assert "Epoch 3/3" in capsys.readouterr().err


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("library", ["torch", "torch-tanh"])
def test_pytorch_learns_the_same(cell, library):
    pytest.importorskip("torch")
    activation = "tanh" if library == "torch-tanh" else "relu"
    job = replace(FIT, cell=cell, activation=activation)
    assert learned_apart(losses_of(library, job), losses_of("gatedcore", job)) < 1e-4


def test_pytorch_takes_the_same_steps():
    pytest.importorskip("torch")
    assert predicted_apart(predictions_of("torch"), predictions_of("gatedcore")) < 1e-3


def test_pytorch_without_what_it_lacks():
    pytest.importorskip("torch")
    with pytest.raises(NotOfferedError, match="progress bar"):
        trainers.load("torch", 1).fit(JOBS["overhead"])
    with pytest.raises(NotOfferedError, match="relu"):
        trainers.load("torch-tanh", 1).steps(STEP)


def test_the_backend_of_keras_is_chosen_before_its_import(monkeypatch):
    seen = []

    def imported(name):
        seen.append((name, trainers.os.environ["KERAS_BACKEND"]))
        raise ImportError("No module named 'keras'")

    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr(trainers.importlib, "import_module", imported)
    for library in ("keras-jax", "keras-tensorflow"):
        with pytest.raises(ImportError):
            trainers.load(library, 1)
    module = "contest.trainers.keras_fit"
    assert seen == [(module, "jax"), (module, "tensorflow")]


@pytest.mark.parametrize("library", ["keras-jax", "keras-tensorflow"])
def test_keras_learns_the_same(library):
    # In processes of their own: a process has one backend.
    processors = sorted(os.sched_getaffinity(0))[:1]
    processes, absent = start_all([library, "gatedcore"], processors, "contest.job_worker")
    try:
        if absent:
            pytest.skip(str(absent))
        for cell in ("lstm", "gru"):
            job = to_json(replace(FIT, cell=cell))
            answers = [process.ask("fit", job=job, epochs=2) for process in processes.values()]
            assert learned_apart(*answers) < 1e-3
        # So many words that none comes twice in a batch: Keras has its own way with those on
        # TensorFlow, see jobs.NEAR_PREDICTION.
        job = to_json(replace(STEP, words=100_000))
        answers = [p.ask("start_steps", job=job, checked=3) for p in processes.values()]
        assert predicted_apart(*({"predictions": answer} for answer in answers)) < 1e-3
    finally:
        for process in processes.values():
            process.close()
