"""bench/python/plot.py: both pictures, with lost rows in a colour of their own."""

from dataclasses import replace

import pytest

pyplot = pytest.importorskip("matplotlib.pyplot")
pyplot.switch_backend("Agg")

from matplotlib.colors import to_rgba  # noqa: E402  # after the skip

import plot  # noqa: E402  # after the skip
from bench.measured import LSTM, document, entry  # noqa: E402  # after the skip
from contest.cases import Case  # noqa: E402  # after the skip
from contest.figures import Table  # noqa: E402  # after the skip

LARGEST = 150_000  # bytes, as for every picture of the documentation


@pytest.fixture
def table():
    lost = {"gatedcore": entry(2e-3), "torch": entry(1e-3)}
    won = {"gatedcore": entry(2e-3), "torch": entry(5e-3)}
    return Table(
        document(
            (LSTM, 1, lost),
            (replace(LSTM, I=128, H=128), 1, won),
            (replace(LSTM, kind="train", cell="gru"), 2, won),
            (Case("step", "lstm", 1, 1, 64, 64), 1, won),
        )
    )


def test_a_bar_of_a_lost_row_goes_left_and_is_red(table):
    figure = plot.ratios(table)
    panel = figure.axes[0]
    assert panel.get_title(loc="left") == "Inference, LSTM, 1 thread"
    lost, won = panel.patches
    assert lost.get_facecolor() == to_rgba(plot.LOST)
    assert lost.get_width() == pytest.approx(-0.5)
    assert won.get_facecolor() == to_rgba(plot.WON)
    assert won.get_width() == pytest.approx(1.5)
    assert [text.get_text() for text in panel.texts] == ["0.50  torch", "2.50  torch"]
    pyplot.close(figure)


def test_both_pictures_are_written_and_small(table, tmp_path):
    for path in plot.draw(table, tmp_path):
        assert 2_000 < path.stat().st_size < LARGEST
    assert {p.name for p in tmp_path.iterdir()} == {
        "performance_ratios.png",
        "performance_roofline.png",
    }


def test_rows_of_one_intensity_stand_beside_each_other(table):
    rows = plot.compared(table, "infer", "lstm", 1)
    places = [at for _, at in plot.beside_each_other(rows)]
    assert len(set(places)) == 2
    assert plot.intensity(LSTM) == 32  # B operations a byte where I = H
