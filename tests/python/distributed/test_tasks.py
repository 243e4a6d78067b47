"""The example tasks as ranks of MPI: what one process prints, once; and their errors."""

import re

import numpy as np

import ranks
from gatedcore import cli
from gatedcore.tasks import music

pytestmark = ranks.needs_mpi

# Each argument is a task with its options; one launch runs them all.
PROGRAM = """
import sys
from gatedcore.cli import main

codes = [main(["run", *task.split()]) for task in sys.argv[1:]]
sys.exit(max(codes, default=0))
"""
SINE = "sine --epochs 3 --no-plot"
MUSIC = "music --data . --sets jsb_chorales --networks LSTM --epochs 2 --units 8 --no-plot"


def test_the_first_rank_prints_what_one_process_prints(tmp_path, monkeypatch, capsys):
    rolls = (np.random.default_rng(0).random((240, music.KEYS)) < 0.05).astype("u1")
    offsets = np.arange(0, 241, 20)
    parts = {f"{p}_{k}": v for p in ("train", "valid", "test") for k, v in
             (("roll", rolls), ("offsets", offsets))}  # fmt: skip
    np.savez(tmp_path / "music_jsb_chorales.npz", **parts)
    wrote = ranks.run("mpi", 3, PROGRAM, SINE, MUSIC, cwd=tmp_path).stdout
    monkeypatch.chdir(tmp_path)
    for task in (SINE, MUSIC):
        cli.main(["run", *task.split()])
    alone = capsys.readouterr().out
    # Without the parameters and seconds of music.
    for rows, count in ((r"^(?:LSTM|GRU) .*$", 2), (r"^jsb_chorales, LSTM +[\d,]+ +\d+ (.*)$", 1)):
        found, expected = re.findall(rows, wrote, re.M), re.findall(rows, alone, re.M)
        assert found == expected
        assert len(found) == count
    assert [path.name for path in tmp_path.iterdir()] == ["music_jsb_chorales.npz"]


def test_the_first_rank_draws(tmp_path):
    wrote = ranks.run("mpi", 2, PROGRAM, "sine --epochs 1", cwd=tmp_path).stdout
    files = {path.name for path in tmp_path.iterdir()}
    assert sorted(re.findall("^wrote (.*)$", wrote, re.M)) == sorted(files)
    assert len(files) == 2 or wrote.count("plots skipped") == 1


def test_a_mistake_ends_all_ranks_with_its_code(tmp_path):
    for task, says in (
        ("sine --epochs none", "'none' is no whole number"),
        ("vowels --data nowhere.npz", "there is no file 'nowhere.npz'"),
    ):
        done = ranks.run("mpi", 2, PROGRAM, task, check=False, cwd=tmp_path)
        assert done.returncode == 2
        assert f"gatedcore: argument --{task.split()[1][2:]}: {says}" in done.stdout
