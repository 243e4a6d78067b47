"""benchmark.py: what ``gatedcore bench`` measures, checks and writes; never how fast it was."""

import json

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import benchmark, cli

SMALL = ((3, 2, 1, 4), (2, 1, 5, 3))


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(benchmark, "SHAPES", SMALL)
    monkeypatch.setattr(benchmark, "READ_SIZES", {"4 KiB": 4096})


@pytest.fixture
def no_torch(monkeypatch):
    monkeypatch.setattr(benchmark, "_load_torch", lambda threads: None)


def test_it_has_twelve_rows():
    assert len(benchmark.SHAPES) * len(benchmark.GATES) * 2 == 12


@pytest.mark.usefixtures("small", "no_torch")
def test_a_report_has_every_row_with_its_rate(capsys, tmp_path):
    path = tmp_path / "bench.json"
    before = gk.get_num_threads()
    code = cli.main(["bench", "--seconds", "0.001", "--threads", "1", "--json", str(path)])
    assert code == 0
    assert gk.get_num_threads() == before
    report = json.loads(path.read_text())
    assert report["threads"] == 1
    assert report["peak"] > 0
    assert set(report["read"]) == {"4 KiB"}
    rows = [(r["cell"], r["T"], r["B"], r["I"], r["H"], r["training"]) for r in report["rows"]]
    assert rows == [(c, *s, t) for c in ("lstm", "gru") for s in SMALL for t in (False, True)]
    for row in report["rows"]:
        gates = {"lstm": 4, "gru": 3}[row["cell"]]
        forward = 2 * row["T"] * row["B"] * (row["I"] + row["H"]) * gates * row["H"]
        assert row["operations"] == forward * (3 if row["training"] else 1)
        assert row["seconds"]["gatedcore"] >= row["fastest"]["gatedcore"] > 0
    out = capsys.readouterr().out
    assert out.count("forward+backward") == 4
    assert "PyTorch is not installed" in out
    assert report["isa"] in out


@pytest.mark.usefixtures("small")
def test_beside_pytorch_both_compute_the_same(capsys):
    torch = pytest.importorskip("torch")
    report = benchmark.run(0.001, SMALL)
    assert report["versions"]["torch"] == torch.__version__
    assert all(set(row["seconds"]) == {"gatedcore", "torch"} for row in report["rows"])
    benchmark._print(report)
    assert "PyTorch ms" in capsys.readouterr().out


@pytest.mark.usefixtures("small", "no_torch")
def test_a_wrong_result_is_never_timed(monkeypatch):
    right = benchmark.ops.gru_backward

    def wrong(cache, d_h):
        gradients = right(cache, d_h)
        return gradients._replace(kernel=gradients.kernel + np.float32(0.1))

    monkeypatch.setattr(benchmark.ops, "gru_backward", wrong)
    with pytest.raises(RuntimeError, match=r"gatedcore differs from plain NumPy by .*gru"):
        benchmark.run(0.001, SMALL)
