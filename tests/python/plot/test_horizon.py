"""The picture of errors by distance: its lines hold the errors, bad input is refused."""

import re

import numpy as np
import pytest

import gatedcore as gk

pytest.importorskip("matplotlib").use("Agg")


def test_a_line_has_the_error_of_each_step():
    actual = np.zeros((4, 3))
    forecasts = {"a": np.tile([1.0, 2.0, 3.0], (4, 1)), "b": actual + 5}
    figure = gk.plot.plot_horizon(actual, forecasts, title="T", xlabel="hours")
    (axes,) = figure.axes
    for line, name, errors in zip(axes.lines, "ab", ([1, 2, 3], [5, 5, 5]), strict=True):
        assert line.get_label() == name
        np.testing.assert_allclose(line.get_xdata(), [1, 2, 3])
        np.testing.assert_allclose(line.get_ydata(), errors)
    assert (axes.get_title(loc="left"), axes.get_xlabel()) == ("T", "hours")
    assert axes.get_ylim()[0] == 0


@pytest.mark.parametrize(
    ("actual", "forecast", "text"),
    [
        (np.zeros(3), np.zeros(3), "actual has shape (3,), expected (N, H)"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "actual has shape (0, 2)"),
        (np.zeros((3, 2)), np.zeros((3, 1)), "forecasts['a'] has shape (3, 1), expected that of"),
    ],
)
def test_bad_arrays_are_errors(actual, forecast, text):
    with pytest.raises(ValueError, match=re.escape(f"plot_horizon: {text}")):
        gk.plot.plot_horizon(actual, {"a": forecast})
