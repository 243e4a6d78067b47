"""docs/pytorch.md: its code runs, and what it lists is there."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "pytorch.md").read_text()
CODE = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", CODE, ids=range(len(CODE)))
def test_its_code_runs(code):
    pytest.importorskip("torch", reason="the bridge to PyTorch needs it")
    exec(compile(code, "docs/pytorch.md", "exec"), {})


def test_there_is_code():
    assert len(CODE) == 2
