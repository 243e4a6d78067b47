"""The task on music: batches of pieces, the paper's loss, and networks that learn."""

import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.tasks import music
from tasks.real_data import real_data


def rolls(lengths, seed=0):
    rng = np.random.default_rng(seed)
    return [(rng.random((length, music.KEYS)) < 0.05).astype("u1") for length in lengths]


def test_batches_hold_each_step_and_the_one_after_it_once(monkeypatch):
    monkeypatch.setattr(music, "BATCH", 3)
    pieces = rolls([5, 9, 2, 7, 30])
    batches = music.Pieces(pieces, np.random.default_rng(0))
    assert len(batches) == 2
    found = []
    for k in range(len(batches)):
        x, y, weights = batches[k]
        assert x.shape == y.shape == (*weights.shape, music.KEYS)
        for read, wanted in zip(x, y, strict=True):
            steps = int((wanted[:, 0] != music.SILENT).sum())
            assert (read[steps:] == music.SILENT).all()
            found.append((read[:steps].tolist(), wanted[:steps].tolist()))
    for piece in pieces:
        assert (piece[:-1].tolist(), piece[1:].tolist()) in found
    assert len(found) == 5


def test_the_loss_is_summed_over_keys_and_a_mean_over_steps():
    model = gk.Sequential([gk.Dense(music.KEYS, input_shape=(None, music.KEYS))])
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    pieces, expected = rolls([3, 8, 5]), []
    for piece in pieces:
        p = 1 / (1 + np.exp(-model(piece[None].astype("f4"))[0, :-1].astype(float)))
        after = piece[1:]
        expected += list(-np.sum(np.log(np.where(after, p, 1 - p)), axis=1))
    np.testing.assert_allclose(music.nats(model, pieces), np.mean(expected), rtol=1e-5)


@pytest.mark.parametrize("name", music.LAYERS)
def test_networks_have_the_papers_size(name):
    assert 18_000 < music.network(name, None, (0.1, 0.1)).count_params() < 28_000


@pytest.mark.parametrize("name", music.LAYERS)
def test_networks_may_have_another_size(name):
    assert music.network(name, 7, (0.0, 0.1)).layers[1].units == 7


def test_training_reports_the_papers_loss(tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    (chords,) = rolls([2])  # which take turns, each for two steps
    arrays = {}
    for part, count in (("train", 40), ("valid", 4), ("test", 4)):
        arrays[f"{part}_roll"] = np.tile(np.repeat(chords, 2, axis=0), (10 * count, 1))
        arrays[f"{part}_offsets"] = np.arange(count + 1) * 40
    np.savez(tmp_path / "music_jsb_chorales.npz", **arrays)
    music.main(["--data", str(tmp_path), "--sets", "jsb_chorales", "--epochs", "30",
                "--out", str(tmp_path)])  # fmt: skip
    rows = table(capsys.readouterr().out)
    assert list(rows) == [f"jsb_chorales, {name}" for name in music.LAYERS]
    # The keys of one chord alone, each by half: log(2) nats a key.
    alone = np.log(2) * (chords[0] != chords[1]).sum()
    assert all(row[-3] < 0.5 * alone for row in rows.values())
    assert (tmp_path / "music-jsb_chorales.png").stat().st_size > 1000


def table(text):
    lines = re.findall(r"^(\w+, \w+) +(.*)$", text, re.M)
    return {name: [float(cell.replace(",", "")) for cell in rest.split()] for name, rest in lines}


def test_on_real_chorales(tmp_path, capsys):
    folder = real_data("music_jsb_chorales.npz").parent
    music.main(["--data", str(folder), "--sets", "jsb_chorales", "--epochs", "4", "--no-plot",
                "--out", str(tmp_path)])  # fmt: skip
    rows = table(capsys.readouterr().out)
    # Independent keys have 11.09, of which no network stays short; the promise takes minutes:
    # docs/tasks.md.
    assert all(row[-3] < 10.9 for row in rows.values())


def test_data_that_are_not_there(tmp_path, capsys):
    with pytest.raises(SystemExit) as leaving:
        music.main(["--data", str(tmp_path)])
    assert leaving.value.code == 2
    assert "music_jsb_chorales.npz; the data are the piano rolls" in capsys.readouterr().err
