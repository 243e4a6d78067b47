"""bench/python/jobs_report.py: every library is on the page, the faster ones too."""

import sys

import pytest

import jobs_report
from bench.measured import entry, run
from contest import document as documents
from contest.job_problem import JOBS, to_json


def timed(later, first=1.0, **more):
    return {
        "total": entry(50.0),
        "first": entry(first),
        "later": entry(later),
        "disturbed": 0.0,
        **more,
    }


def fitted(later, first=1.0, **more):
    return timed(later, first, losses={"loss": [0.5], "val_loss": [0.012345]}, **more)


def document(epochs=10, absent=(), skipped=(), **results):
    made = {name: run(1)[name] for name in ("date", "machine", "versions")}
    contents = {
        name.replace("_", "-"): {
            "job": to_json(JOBS[name.replace("_", "-")]),
            "results": found,
            "skipped": dict(skipped),
        }
        for name, found in results.items()
    }
    return {
        "format": documents.JOBS_FORMAT,
        **made,
        "threads": 1,
        "epochs": epochs,
        "rounds": 3,
        "arguments": ["--json", "/somewhere/jobs.json"],
        "absent": dict(absent),
        "jobs": contents,
    }


def lines_of(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_a_lost_job_is_there_in_bold_and_its_target_missed():
    text = jobs_report.report(
        document(sentiment={"gatedcore": timed(0.2), "torch": timed(0.1), "keras-jax": timed(0.3)})
    )
    (lost,) = lines_of(text, "| torch |")
    assert lost.endswith("| 1.00 s | **0.50x** |")
    (target,) = lines_of(text, "| A training step on film reviews")
    assert target.endswith("| 0.50x | **missed** |")
    assert "0 of 1 met." in text
    own, best = text.index("| gatedcore |"), text.index("| torch |")
    assert best < own  # the fastest first


def test_a_fit_is_projected_and_says_so():
    results = {"gatedcore": fitted(0.01, 0.02), "keras-tensorflow": fitted(0.3, 2.0)}
    text = jobs_report.report(document(compare_lstm=results))
    assert "the first epoch plus 99 times the median of the later ones" in text
    (row,) = lines_of(text, "| keras-tensorflow |")
    assert "| 31.7 s | 2.00 s | 300 ms (285 ms to 315 ms) | 31.39x |" in row
    assert "Validation loss after 10 epochs: gatedcore 0.012345, keras-tensorflow" in text
    assert "1 of 1 met." in text


def test_a_fit_of_all_epochs_is_measured():
    text = jobs_report.report(document(epochs=100, compare_gru={"gatedcore": fitted(0.01)}))
    assert "the median of 3 whole fits" in text
    (row,) = lines_of(text, "| gatedcore |")
    assert row.startswith("| gatedcore | 50.0 s |")


def test_the_overhead_is_that_of_a_batch():
    text = jobs_report.report(document(overhead={"gatedcore": fitted(0.015)}))
    (row,) = lines_of(text, "| gatedcore |")
    assert "30.0 µs (28.5 µs to 31.5 µs)" in row
    assert "≤ 50 µs a batch | 30.0 µs | met |" in text


def test_who_does_something_else_says_what():
    results = {"gatedcore": fitted(0.01), "torch": fitted(0.1), "torch-tanh": fitted(0.05)}
    text = jobs_report.report(document(compare_lstm=results))
    assert "| torch-tanh (tanh where the others have relu) |" in text
    (losses,) = lines_of(text, "Validation loss")
    assert "torch " in losses
    assert "torch-tanh" not in losses


def test_machine_versions_date_and_command_stand_on_it():
    text = jobs_report.report(document(overhead={"gatedcore": fitted(0.015)}))
    for fact in ("A processor", "16 GiB", "gatedcore 0.1.0", "avx2", "2026-01-02", "1 thread"):
        assert fact in text
    assert "```sh\npython bench/python/jobs.py --json jobs.json\n" in text


def test_differences_marks_and_who_is_left_out():
    results = {"gatedcore": timed(0.2), "torch": timed(0.1, apart=2e-5, disturbed=0.5)}
    text = jobs_report.report(
        document(
            absent={"keras-jax": "No module named 'jax'"},
            skipped={"torch-tanh": "is timed elsewhere"},
            sentiment=results,
            compare_lstm={"gatedcore": fitted(0.01), "torch": fitted(0.1, apart=3e-6)},
        )
    )
    assert "losses of all epochs differ by at most 3e-06 of themselves" in text
    assert "dropout by at most 2e-05 of how far" in text
    assert "100 ms (95.0 ms to 105 ms)~" in text
    assert "- keras-jax was not installed: No module named 'jax'" in text
    assert "- A training step on film reviews, without torch-tanh: is timed elsewhere" in text


def test_the_page_is_written_and_other_files_are_refused(monkeypatch, tmp_path, capsys):
    source, page = tmp_path / "jobs.json", tmp_path / "jobs.md"
    documents.save(document(overhead={"gatedcore": fitted(0.015)}), source)
    monkeypatch.setattr(sys, "argv", ["jobs_report.py", str(source), "--out", str(page)])
    jobs_report.main()
    assert page.read_text().startswith("# Whole jobs beside Keras and PyTorch")
    documents.save(documents.empty(), source)
    with pytest.raises(ValueError, match="format is 1, expected 'jobs 1'; measure anew with jobs"):
        jobs_report.main()
