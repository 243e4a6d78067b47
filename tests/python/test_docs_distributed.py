"""The page on several processes: its code runs, alone and as ranks."""

import re
from pathlib import Path

import pytest

import ranks

ROOT = Path(__file__).resolve().parents[2]
CODE = re.findall(
    r"^```python\n(.*?)^```",
    (ROOT / "docs" / "distributed.md").read_text(),
    re.MULTILINE | re.DOTALL,
)


def test_its_code_runs(tmp_path, monkeypatch, capsys):
    assert len(CODE) == 3
    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {"__name__": "distributed_page"}
    for code in CODE:
        exec(compile(code, "distributed.md", "exec"), known)
    assert (tmp_path / "model.safetensors").exists()
    assert "of the speed of 8 machines" in capsys.readouterr().out


@pytest.mark.parametrize("engine", ranks.ENGINES)
def test_its_script_runs_as_ranks(tmp_path, engine):
    ranks.run(engine, 2, CODE[0], cwd=tmp_path)
    assert (tmp_path / "model.safetensors").exists()
