"""The page on layers and cells of one's own: its code runs, in order."""

import re
from pathlib import Path

from custom_names import names_as_before  # noqa: F401  # a fixture

ROOT = Path(__file__).resolve().parents[2]
CODE = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs" / "custom.md").read_text(), re.MULTILINE | re.DOTALL
)


def test_its_code_runs(tmp_path, monkeypatch):
    assert len(CODE) == 3
    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {"__name__": "custom_page"}
    for code in CODE:
        exec(compile(code, "custom.md", "exec"), known)
