"""bench/python/report.py: every row is on the page, the losing ones too."""

from dataclasses import replace

import report
from bench.measured import LSTM, document, entry
from contest import document as documents
from contest.cases import Case, groups
from contest.figures import Table

GRU = replace(LSTM, cell="gru")


def page(*rows):
    return report.report(Table(document(*rows)))


def test_a_lost_row_is_there_in_bold_and_counted():
    text = page(
        (LSTM, 1, {"gatedcore": entry(2e-3), "torch": entry(1e-3), "jax": entry(4e-3)}),
        (GRU, 1, {"gatedcore": entry(1e-3), "torch": entry(3e-3)}),
    )
    (lost,) = [line for line in text.splitlines() if "**0.50x**" in line]
    assert "T100 B32 I64 H64 | 2.00 ms (1.90 ms to 2.10 ms)" in lost
    assert "*1.00 ms*" in lost  # the best peer
    assert "**missed**" in lost
    assert "faster than every other library on 1 of 2 rows; 0.50 to 3.00 times" in text
    assert "## Inference, LSTM, 1 thread" in text
    assert "## Inference, GRU, 1 thread" in text


def test_machine_versions_date_and_ceilings_stand_on_it():
    text = page((LSTM, 1, {"gatedcore": entry(1e-3)}))
    for fact in ("A processor", "gatedcore 0.1.0", "avx2", "2026-01-02", "| 1 | 100.0 |", "200"):
        assert fact in text


def test_commands_and_ways_are_those_of_the_runs():
    text = page((LSTM, 1, {"gatedcore": entry(1e-3), "jax": entry(2e-3)}))
    assert "```sh\npython bench/python/peers.py --threads 1 --json peers.json\n" in text
    assert "--threads 2" not in text  # a run without rows
    assert "*jax* is a hand-written scan" in text
    assert "keras" not in text


def test_every_row_of_the_table_is_on_the_page_once():
    names = ("gatedcore", "gatedcore/dense", "gatedcore/plain", "gatedcore/one-thread", "torch")
    cases = [case for group in groups().values() for case in group]
    results = {name: entry(1e-3) for name in names}
    text = page(*((case, 1, results) for case in cases))
    lines = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    for case in cases:
        wanted = report.shape_text(case)
        assert any(line.endswith(wanted) for line in lines), case.name


def test_marks_of_disturbed_times_and_of_who_is_left_out(tmp_path):
    made = document((LSTM, 1, {"gatedcore": entry(1e-3, disturbed=0.5), "torch": entry(2e-3)}))
    made["runs"][0]["absent"] = {"jax": "No module named 'jax'"}
    made["rows"][0]["skipped"] = {"keras": "its results differ by 0.5", "onednn": "no such thing"}
    text = report.report(Table(made))
    assert "1.00 ms~" in text
    assert "- jax was not installed: No module named 'jax'" in text
    assert "without keras: its results differ by 0.5" in text
    assert "no such thing" not in text


def test_several_files_are_one_page(tmp_path):
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    documents.save(document((LSTM, 1, {"gatedcore": entry(1e-3)})), paths[0])
    step = Case("step", "gru", 480, 1, 1, 16)
    documents.save(document((step, 1, {"gatedcore": entry(480e-9)})), paths[1])
    text = report.report(Table(report.read_all(paths)))
    assert "T100 B32 I64 H64" in text
    assert "GRU T480 B1 I1 H16 | 480 ns" in text
