"""Forecasts that need no model, and the scores of all."""

import numpy as np

from gatedcore.tasks.forecasting import naive, rmse, score_rows, targets

SERIES = np.arange(10.0) ** 2


def test_rmse_is_in_the_unit_of_the_series():
    assert rmse(np.array([1.0, 2.0]), np.array([1.0, 5.0])) == np.sqrt(4.5)


def test_targets_are_the_values_from_each_place_on():
    assert targets(SERIES, np.array([4, 7]), 3).tolist() == [[16, 25, 36], [49, 64, 81]]


def test_persistence_repeats_the_last_value_and_the_last_season():
    forecasts = naive(SERIES, np.array([4, 7]), 3, season=4)
    assert forecasts["persistence"].tolist() == [[9, 9, 9], [36, 36, 36]]
    assert forecasts["seasonal persistence"].tolist() == [[0, 1, 4], [9, 16, 25]]


def test_without_a_season_before_there_is_no_seasonal_persistence():
    assert list(naive(SERIES, np.array([4, 7]), 3, season=5)) == ["persistence"]


def test_a_row_of_scores_for_each_forecast():
    actual = np.zeros((2, 1))
    rows = score_rows(
        {
            1: (actual, {"a": actual + 1, "b": actual + 2}),
            7: (actual, {"a": actual - 3, "b": actual}),
        }
    )
    assert rows == [["a", 1.0, 3.0], ["b", 2.0, 0.0]]
