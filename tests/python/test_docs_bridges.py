"""The pages of the bridges to PyTorch and Keras: their code runs as it stands there."""

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "docs"
NEEDS = {"pytorch": ("torch",), "keras": ("keras",), "convert": ("keras", "h5py", "torch")}
CODE = [
    pytest.param(page, code, id=f"{page}-{k}")
    for page in NEEDS
    for k, code in enumerate(
        re.findall(
            r"^```python\n(.*?)^```", (PAGES / f"{page}.md").read_text(), re.MULTILINE | re.DOTALL
        )
    )
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras's own, of NumPy and PyTorch
@pytest.mark.parametrize(("page", "code"), CODE)
def test_code_runs(page, code, tmp_path, monkeypatch):
    for framework in NEEDS[page]:
        pytest.importorskip(framework, reason=f"the code on {page}.md needs it")
    if "import keras" in code:
        import keras

        if keras.config.backend() == "numpy":
            pytest.skip("Keras on NumPy does not train")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, f"docs/{page}.md", "exec"), {})


def test_there_is_code():
    assert {param.values[0] for param in CODE} == set(NEEDS)
