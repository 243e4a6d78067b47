"""Forecasts beside what came."""

import numpy as np
import pytest

from gatedcore.plot import plot_forecast

plt = pytest.importorskip("matplotlib.pyplot")
plt.switch_backend("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_forecast_shows_each_series_and_its_error():
    actual = np.array([1.0, 2.0, 3.0, 4.0])
    figure = plot_forecast(actual, {"GRU": actual + 0.5, "LSTM": actual}, ylabel="degrees")
    (axes,) = figure.axes
    labels = [line.get_label() for line in axes.get_lines()]
    assert labels == ["actual", "GRU, RMSE 0.5", "LSTM, RMSE 0"]
    assert axes.get_ylabel() == "degrees"
    np.testing.assert_allclose(axes.get_lines()[1].get_ydata(), actual + 0.5)


def test_forecast_zooms_on_the_last_steps_and_shows_errors():
    actual = np.arange(200.0)
    figure = plot_forecast(actual, {"GRU": actual + 2.0}, zoom=50, errors=True)
    whole, last, errors = figure.axes
    assert len(whole.get_lines()[0].get_xdata()) == 200
    assert list(last.get_lines()[0].get_xdata()) == list(range(150, 200))
    np.testing.assert_allclose(errors.get_lines()[1].get_ydata(), 2.0)
    assert len(plot_forecast(actual, {"GRU": actual}, zoom=200).axes) == 1


@pytest.mark.parametrize(
    ("actual", "forecast", "options", "error", "text"),
    [
        (np.zeros(4), np.zeros(5), {}, ValueError, r"forecasts\['GRU'\] has 5 values.*actual, 4"),
        (np.zeros((4, 1)), np.zeros(4), {}, ValueError, r"actual has shape \(4, 1\)"),
        (np.zeros(4), np.zeros(4), {"zoom": 0}, ValueError, "zoom is 0, expected an integer"),
        (np.zeros(4), ["a"] * 4, {}, TypeError, r"forecasts\['GRU'\] has dtype"),
    ],
)
def test_forecast_refuses_what_it_cannot_draw(actual, forecast, options, error, text):
    with pytest.raises(error, match=text):
        plot_forecast(actual, {"GRU": forecast}, **options)
