"""The task on fine dust: gaps, what is looked at when, and errors below those without a model."""

import re

import numpy as np
import pytest

from gatedcore.tasks import pm25
from gatedcore.tasks.forecasting import rmse
from tasks.real_data import real_data

HOURS = 5 * 365 * 24


def made_up(seed=0):
    """Dust that swings with the wind of a few hours ago, with gaps, and a year for each hour."""
    rng = np.random.default_rng(seed)
    wind = np.repeat(rng.integers(0, 2, HOURS // 6), 6)
    dust = np.zeros(HOURS)
    for hour in range(6, HOURS):
        dust[hour] = 0.8 * dust[hour - 1] + (20 if wind[hour - 6] else 0) + rng.normal() ** 2
    dust[rng.random(HOURS) < 0.02] = np.nan
    return dust, wind[:, None].astype(float), 2010 + np.arange(HOURS) // (365 * 24)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(pm25, "LENGTH", 8)


def test_gaps_hold_the_last_known_value_and_are_marked():
    nan = np.nan
    values, known = pm25.filled(np.array([nan, 3.0, nan, nan, 5.0, nan]))
    assert values.tolist() == [3, 3, 3, 3, 5, 5]
    assert known.tolist() == [False, True, False, False, True, False]


def test_it_beats_persistence_on_made_up_dust(short):
    actual, forecasts, history, _ = pm25.forecast(made_up(), 2, 1, seed=0)
    assert not np.isnan(actual).any()
    errors = {name: rmse(actual, predicted) for name, predicted in forecasts.items()}
    assert errors["GRU"] < 0.5 * min(errors["persistence"], errors["seasonal persistence"])
    assert len(history.history["val_loss"]) == 1


def test_the_later_years_change_neither_training_nor_scales(short):
    data = made_up()
    changed = (np.where(data[2] >= 2013, data[0] * 3, data[0]), *data[1:])
    losses = [pm25.forecast(d, 1, 1, seed=0)[2].history for d in (data, changed)]
    assert losses[0]["loss"] == losses[1]["loss"]
    assert losses[0]["val_loss"] != losses[1]["val_loss"]


def test_on_the_real_hours(tmp_path, capsys):
    path = real_data("beijing-pm25.csv.gz")
    dust, features, year = pm25.read(path)
    assert dust.shape == year.shape == (43_824,)
    assert features.shape == (43_824, 6 + 4 + 4)
    assert np.isnan(dust).sum() == 2067
    assert np.isfinite(features).all()
    pm25.main(["--data", str(path), "--epochs", "1", "--horizon", "6", "--out", str(tmp_path)])
    out = capsys.readouterr().out
    found = {name: (float(a), float(b)) for name, a, b in ROW.findall(out)}
    for k in (0, 1):
        assert found["GRU"][k] < found["persistence"][k] < found["seasonal persistence"][k]
    for name in ("pm25-forecast.png", "pm25-horizon.png"):
        assert (tmp_path / name).stat().st_size > 1000


ROW = re.compile(r"^(GRU|(?:seasonal )?persistence) +([0-9.]+) +([0-9.]+)$", re.M)


def test_bad_options(tmp_path, capsys):
    file = tmp_path / "a.csv"
    file.write_text("pm2.5\n")
    with pytest.raises(SystemExit) as leaving:
        pm25.main(["--data", str(file), "--horizon", "25"])
    assert leaving.value.code == 2
    assert "argument --horizon: expected at most 24" in capsys.readouterr().err
