"""The options, tables and files that all tasks share."""

import sys
from pathlib import Path

import pytest

import gatedcore as gk
from gatedcore.tasks.console import print_table, save_plots, task_parser

PNG = b"\x89PNG\r\n\x1a\n"


def options(*arguments):
    return task_parser("name", "What it does.", epochs=7).parse_args(arguments)


def draw():
    return gk.plot.plot_history({"loss": [2.0, 1.0]})


def test_every_option_has_a_default():
    given = options()
    assert (given.epochs, given.seed, given.out, given.no_plot) == (7, 0, Path(), False)


def test_options_are_taken():
    given = options("--epochs", "3", "--seed", "5", "--out", "plots", "--no-plot")
    assert (given.epochs, given.seed, given.out, given.no_plot) == (3, 5, Path("plots"), True)


def test_a_table_is_aligned(capsys):
    print_table(["model", "loss"], [["GRU", 0.123456], ["a longer name", 1e-9], ["n", "text"]])
    assert capsys.readouterr().out.splitlines() == [
        "",
        "model            loss",
        "---------------------",
        "GRU            0.1235",
        "a longer name   1e-09",
        "n                text",
        "",
    ]


def test_plots_are_written_and_named(tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    written = save_plots(options("--out", str(tmp_path / "new")), {"a.png": draw, "b.png": draw})
    assert written == [tmp_path / "new" / "a.png", tmp_path / "new" / "b.png"]
    assert all(path.read_bytes().startswith(PNG) for path in written)
    assert capsys.readouterr().out == "".join(f"wrote {path}\n" for path in written)


def test_without_matplotlib_it_says_how_to_get_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert save_plots(options("--out", str(tmp_path)), {"a.png": draw}) == []
    out = capsys.readouterr().out
    assert out.startswith("plots skipped: matplotlib is not installed")
    assert 'pip install "gatedcore[plot]"' in out
    assert list(tmp_path.iterdir()) == []


def test_no_plot_draws_nothing(tmp_path, capsys):
    assert save_plots(options("--out", str(tmp_path), "--no-plot"), {"a.png": draw}) == []
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []
