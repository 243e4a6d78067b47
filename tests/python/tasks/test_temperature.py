"""The temperature task: learns, beats persistence, keeps up with PyTorch, refuses bad series."""

import os
from pathlib import Path

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.tasks import temperature
from gatedcore.tasks.csv_column import read_column
from gatedcore.tasks.forecasting import rmse

PNG = b"\x89PNG\r\n\x1a\n"
EPOCHS = 50
SEEDS = (0, 1, 2)

# On the real series, repeating yesterday has an RMSE of 2.481 degrees over the last 20 %, a linear
# autoregression on 30 days 2.211. Seeds 0 to 7 gave 2.164 to 2.189 with this model; 2.25 is 3 % up.
PERSISTENCE = 2.481
REAL = 2.25
# Seeds 0 to 7 gave 0.747 to 0.808 of the persistence error on made-up days, with a deviation of
# 0.022: the largest and three deviations.
SYNTHETIC_SHARE = 0.87
# PyTorch 2.13 with this model and budget: the median that train_with_pytorch returned for EPOCHS
# and SEEDS; five other seeds gave 2.166 to 2.189. That run takes more than a minute, so the
# comparison side by side is a shorter one, after which both have come down to 2.18. The promise is
# 3 %.
PYTORCH = 2.169
PYTORCH_SHARE = 1.03
SHORT_EPOCHS = 20


@pytest.fixture(scope="module")
def real():
    """Minimum temperatures of ten years, in degrees Celsius."""
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("GATEDCORE_DATA", root.parent / "shared" / "data"))
    path = folder / "daily-min-temperatures.csv"
    if not path.exists():
        pytest.skip(f"{path} is absent; GATEDCORE_DATA names the folder it is in")
    return read_column(path, "Temp")


@pytest.fixture(scope="module")
def real_errors(real):
    """RMSE in degrees for each seed."""
    errors = []
    for seed in SEEDS:
        actual, forecasts, _ = temperature.forecast(real, EPOCHS, seed)
        assert actual.shape == (730, 1)
        errors.append(rmse(actual, forecasts["GRU"]))
    return errors


def test_made_up_days_are_seeded_and_as_described():
    series = temperature.synthetic(3)
    assert series.shape == (1000,)
    np.testing.assert_array_equal(series, temperature.synthetic(3))
    noise = series - 20.0 - 10.0 * np.sin(2.0 * np.pi * np.arange(1000) / 365.0)
    # The standard error of a deviation of 2 from 1000 values is 2 / sqrt(2000) = 0.045, that of
    # their mean 0.063.
    assert abs(noise.std() - 2.0) < 0.2
    assert abs(noise.mean()) < 0.3


def test_it_beats_persistence_on_made_up_days():
    series = temperature.synthetic(1)
    actual, forecasts, history = temperature.forecast(series, EPOCHS, seed=1)
    np.testing.assert_array_equal(actual[:, 0], series[800:])
    np.testing.assert_array_equal(forecasts["persistence"][:, 0], series[799:-1])
    np.testing.assert_array_equal(forecasts["seasonal persistence"][:, 0], series[435:635])
    persistence = rmse(actual, forecasts["persistence"])
    assert rmse(actual, forecasts["GRU"]) < SYNTHETIC_SHARE * persistence
    assert len(history.history["loss"]) == EPOCHS


def test_it_beats_persistence_on_real_days(real, real_errors):
    assert rmse(real[2920:], real[2919:-1]) == pytest.approx(PERSISTENCE, abs=5e-4)
    assert max(real_errors) < REAL < PERSISTENCE


def test_a_week_ahead_it_beats_both_that_need_no_model(real):
    # Seeds 0 to 2 gave 2.59 to 2.61, the day before 3.32, the year before 3.74.
    actual, forecasts, _ = temperature.forecast(real, 15, seed=0, horizon=7)
    assert actual.shape == (724, 7)
    errors = {name: rmse(actual, predicted) for name, predicted in forecasts.items()}
    assert errors["GRU"] < 0.9 * min(errors["persistence"], errors["seasonal persistence"])


def test_it_comes_within_three_percent_of_what_pytorch_reached(real_errors):
    assert np.median(real_errors) < PYTORCH_SHARE * PYTORCH


def test_the_later_part_is_not_looked_at(monkeypatch):
    """What comes after the split changes neither the training nor the scaling."""
    series = temperature.synthetic(0, days=100)
    changed = series.copy()
    changed[80:] += 100.0
    seen = []
    fit = gk.Sequential.fit

    def spy(model, x, y, **options):
        seen.append((np.array(x), np.array(y)))
        return fit(model, x, y, **options)

    monkeypatch.setattr(gk.Sequential, "fit", spy)
    forecasts = [temperature.forecast(s, 1, seed=0)[1]["GRU"][:, 0] for s in (series, changed)]
    np.testing.assert_array_equal(seen[0][0], seen[1][0])
    np.testing.assert_array_equal(seen[0][1], seen[1][1])
    assert len(seen[0][0]) == 80 - temperature.LENGTH
    assert forecasts[0][0] == forecasts[1][0]  # the first forecast sees the first 80 days only
    assert forecasts[0][1] != forecasts[1][1]


def test_it_comes_within_three_percent_of_pytorch_beside_it(real):
    torch = pytest.importorskip("torch")
    runs = [temperature.forecast(real, SHORT_EPOCHS, seed)[:2] for seed in SEEDS]
    reached = np.median([rmse(actual, forecasts["GRU"]) for actual, forecasts in runs])
    peer = np.median(train_with_pytorch(torch, real, SHORT_EPOCHS))
    print(f"RMSE in degrees, median of {len(SEEDS)}: gatedcore {reached:.4f}, PyTorch {peer:.4f}")
    assert reached < PYTORCH_SHARE * peer


def train_with_pytorch(torch, series, epochs):
    """Train the same model in plain PyTorch, once for each seed; return the RMSEs in degrees.

    ``torch.nn.GRU`` has no relu, so the steps are written out. All seeds train in one run: their
    models are rows of batched products and share nothing, which gives the results of separate runs
    in the time of one. First weights have the same distributions; scaling, windows and Adam are the
    same.
    """
    T, H, S = temperature.LENGTH, 50, len(SEEDS)
    split = int(0.8 * len(series))
    mean, deviation = series[:split].mean(), series[:split].std()
    x, y = gk.data.windows((series - mean) / deviation, T)
    x = torch.tensor(np.ascontiguousarray(x[:, :, 0]), dtype=torch.float32)
    y = torch.tensor(np.ascontiguousarray(y[:, 0]), dtype=torch.float32)
    train = split - T

    def first_weights(rng):
        glorot, orthogonal = gk.initializers.GlorotUniform(), gk.initializers.Orthogonal()
        return [
            glorot.draw((1, 3 * H), rng),
            orthogonal.draw((H, 3 * H), rng),
            np.zeros((2, 1, 3 * H)),
            glorot.draw((H, 1), rng),
            np.zeros((1, 1)),
        ]

    drawn = zip(*(first_weights(np.random.default_rng(100 + seed)) for seed in SEEDS), strict=True)
    weights = [torch.nn.Parameter(torch.tensor(np.stack(w), dtype=torch.float32)) for w in drawn]
    w_x, w_h, b, w_out, b_out = weights

    def model(windows):  # (S, B, T) -> (S, B)
        h = torch.zeros(S, windows.shape[1], H)
        x_zr, x_n = (windows[..., None] * w_x[:, None] + b[:, :1]).split((2 * H, H), dim=-1)
        for a_zr, a_n in zip(x_zr.unbind(2), x_n.unbind(2), strict=True):
            h_zr, h_n = torch.baddbmm(b[:, 1], h, w_h).split((2 * H, H), dim=-1)
            z, r = torch.sigmoid(a_zr + h_zr).split((H, H), dim=-1)
            n = torch.relu(torch.addcmul(a_n, r, h_n))
            h = torch.lerp(n, h, z)
        return torch.baddbmm(b_out, h, w_out)[..., 0]

    optimizer = torch.optim.Adam(weights, lr=0.001, betas=(0.9, 0.999), eps=1e-7)
    orders = [np.random.default_rng(200 + seed) for seed in SEEDS]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the products are too small to share out
    try:
        for _ in range(epochs):
            order = torch.tensor(np.stack([rng.permutation(train) for rng in orders]))
            for start in range(0, train, 32):
                batch = order[:, start : start + 32]
                optimizer.zero_grad()
                ((model(x[batch]) - y[batch]) ** 2).mean(dim=1).sum().backward()
                optimizer.step()
        with torch.no_grad():
            errors = model(x[train:].expand(S, -1, -1)) - y[train:]
    finally:
        torch.set_num_threads(threads)
    return [float(e) * deviation for e in (errors**2).mean(dim=1).sqrt()]


def test_it_reads_a_csv_prints_both_errors_and_draws(tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    series = temperature.synthetic(0, days=100)
    path = tmp_path / "days.csv"
    path.write_text("day,t\n" + "".join(f"{day},{value}\n" for day, value in enumerate(series)))
    out = tmp_path / "plots"
    temperature.main(
        ["--csv", str(path), "--column", "t", "--epochs", "2", "--out", str(out), "--seed", "4"]
    )
    text = capsys.readouterr().out
    actual, forecasts, _ = temperature.forecast(series, 2, seed=4)
    _, week, _ = temperature.forecast(series, 2, seed=4, horizon=7)
    lines = [line for line in text.splitlines() if line]
    table = {line.split()[0]: line.split()[1:] for line in lines}
    days = series[80 + np.arange(14)[:, None] + np.arange(7)]
    assert "RMSE in degrees, last 20 of 100 days" in text
    assert "seasonal persistence" not in text  # there is no year before
    for name, repeated in (("GRU", None), ("persistence", series[79:-1, None])):
        first = rmse(actual, forecasts["GRU"] if repeated is None else repeated)
        further = rmse(days, week["GRU"] if repeated is None else repeated[:14])
        assert table[name] == [f"{first:.4g}", f"{further:.4g}"]
    assert (out / "temperature-forecast.png").read_bytes().startswith(PNG)
    assert f"wrote {out / 'temperature-forecast.png'}" in text


@pytest.mark.parametrize("days", [0, 1, 38])
def test_a_series_too_short_is_an_error(days):
    with pytest.raises(ValueError, match=f"the series has {days} values.*expected at least 39"):
        temperature.forecast(temperature.synthetic(0, days), 1, seed=0)


def test_the_shortest_series_that_will_do():
    actual, forecasts, _ = temperature.forecast(temperature.synthetic(0, 39), 1, seed=0)
    assert actual.shape == forecasts["GRU"].shape == (8, 1)


def test_a_constant_series_is_an_error():
    with pytest.raises(ValueError, match=r"has 100 values.*not all alike in the first 80 %"):
        temperature.forecast(np.ones(100), 1, seed=0)


def test_a_wrong_column_leaves_nothing_behind(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text("day,t\n1,2\n")
    with pytest.raises(ValueError, match="day, t"):
        temperature.main(["--data", str(path), "--column", "T", "--out", str(tmp_path / "plots")])
    assert not (tmp_path / "plots").exists()
