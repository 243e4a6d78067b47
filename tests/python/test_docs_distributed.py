"""The page on several processes: its script runs as ranks."""

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


@pytest.mark.parametrize("engine", ranks.ENGINES)
def test_its_script_runs_as_ranks(tmp_path, engine):
    ranks.run(engine, 2, CODE[0], cwd=tmp_path)
    assert (tmp_path / "model.safetensors").exists()
