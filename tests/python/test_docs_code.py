"""Every block of Python in the README, on the pages and in docstrings runs as it stands there.

A block that imports gatedcore begins a program, and those after it on the page go on with it. Only
a block with ``<!-- not run: why -->`` in the line above it is left alone.
"""

import doctest
import importlib
import re

import numpy as np
import pytest

import gatedcore as gk
from custom_names import names_as_before  # noqa: F401  # a fixture
from repository_sources import PACKAGE, ROOT, python_sources

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:^<!-- not run: (.+) -->\n)?^```(?:python|py)\b.*\n((?s:.*?))^```", re.M)
IMPORT = re.compile(r"^(?:import|from) gatedcore\b", re.M)
FRAMEWORKS = ("h5py", "keras", "onnx", "pandas", "torch")


def programs():
    """Return the programs of all pages: where one begins, and its blocks."""
    found = []
    for page in PAGES:
        blocks = [code for reason, code in BLOCK.findall(page.read_text()) if not reason]
        name = page.relative_to(ROOT).with_suffix("")
        for k, code in enumerate(blocks):
            if IMPORT.search(code):
                found.append((f"{name}-{k}", [code]))
            else:
                assert found, f"{page}: block {k} goes on with a program that never began"
                found[-1][1].append(code)
    return [pytest.param(name, blocks, id=name) for name, blocks in found]


def needed(code):
    """Return the frameworks that a program uses."""
    uses = {name for name in FRAMEWORKS if re.search(rf"\bimport {name}\b|\bgk\.{name}\b", code)}
    if "_keras(" in code:  # files of Keras's are in HDF5
        uses |= {"keras", "h5py"}
    if "_torch(" in code:
        uses.add("torch")
    return sorted(uses)


# Keras's own: of NumPy's and PyTorch's names that go, and of another signature that NumPy wants.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.usefixtures("names_as_before")
@pytest.mark.parametrize(("name", "blocks"), programs())
def test_a_program_runs(name, blocks, tmp_path, monkeypatch):
    for framework in needed("".join(blocks)):
        module = pytest.importorskip(framework, reason=f"{framework} is not installed")
        if framework == "keras" and module.config.backend() == "numpy":
            pytest.skip("Keras on NumPy does not train")
    pytest.importorskip("matplotlib.pyplot").switch_backend("Agg")
    monkeypatch.chdir(tmp_path)
    gk.set_random_seed(1)
    known = {"__name__": name.replace("/", "_")}
    for block in blocks:
        exec(compile(block, name, "exec"), known)


def test_there_are_programs():
    pages = {param.values[0].split("-")[0] for param in programs()}
    assert {"README", "docs/README", "docs/start", "docs/custom", "docs/convert"} <= pages


@pytest.mark.parametrize(
    "source",
    [s for s in python_sources() if ">>> " in s.read_text()],
    ids=lambda source: str(source.relative_to(PACKAGE)),
)
def test_examples_in_docstrings_give_what_they_say(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = ".".join(source.relative_to(PACKAGE.parent).with_suffix("").parts)
    module = importlib.import_module(name.removesuffix(".__init__"))
    results = doctest.testmod(module, extraglobs={"gk": gk, "np": np})
    assert results.attempted > 0
    assert results.failed == 0
