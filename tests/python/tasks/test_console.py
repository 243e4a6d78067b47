"""The options, tables and files that all tasks share."""

import argparse
import sys
from pathlib import Path

import pytest

import gatedcore as gk
from gatedcore.tasks.console import data_file, positive, print_table, save_plots, task_parser

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


def test_a_file_of_data_has_several_names_and_must_be_there(tmp_path, capsys):
    (tmp_path / "text").write_text("")
    parser = task_parser("name", "What it does.", epochs=7)
    data_file(parser, str(tmp_path / "none"), "from there", "--text")
    assert parser.parse_args(["--text", str(tmp_path / "text")]).data == tmp_path / "text"
    with pytest.raises(SystemExit):
        parser.parse_args([])
    assert "none'; the data are from there" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "value"), [("0.5", 0.5), ("3", 3.0), ("1e-3", 0.001)])
def test_numbers_above_0_are_taken(text, value):
    assert positive(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "warm", ""])
def test_other_texts_are_no_numbers_above_0(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no number above 0"):
        positive(text)


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
