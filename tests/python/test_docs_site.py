"""The site: it builds without a warning, its links lead somewhere, no public name is missing."""

import ast
import re
import subprocess
import sys
import types
import zlib
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

import gatedcore as gk
from repository_sources import PACKAGE, ROOT

API = ROOT / "docs" / "api"
# Not loaded here, as each needs its framework: the files that say what they export.
BRIDGES = ("torch", "keras", "interop/onnx/__init__")


class Page(HTMLParser):
    """What a page links to, what it loads, and the anchors that it has."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors = set(), set(), set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values[key] for key in ("id", "name") if values.get(key)}
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        elif tag == "link" and values.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.add(values["href"])
        elif values.get("src"):
            self.loaded.add(values["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site; a warning is an error."""
    pytest.importorskip("mkdocstrings", reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path.resolve(): Page(path) for path in site.rglob("*.html")}


def is_elsewhere(address):
    return address.startswith(("http://", "https://", "mailto:", "data:", "javascript:"))


def test_every_link_and_anchor_is_there(site, pages):
    broken = []
    for path, page in pages.items():
        if path.name == "404.html":  # a server shows it anywhere, so its links begin at the root
            continue
        for link in page.links | page.loaded:
            if is_elsewhere(link):
                continue
            place, _, anchor = unquote(link).partition("#")
            target = (path.parent / place).resolve() if place else path
            target = target / "index.html" if target.is_dir() else target
            known = pages[target].anchors if target in pages else set()
            if not target.exists() or (anchor and target.suffix == ".html" and anchor not in known):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert len(pages) > 40
    assert broken == []


def test_no_page_loads_anything_from_the_network(site, pages):
    loaded = {address for page in pages.values() for address in page.loaded}
    sheets = [path.read_text() for path in site.rglob("*.css")]
    loaded |= {url for text in sheets for url in re.findall(r"url\([\"']?([^)\"']+)", text)}
    assert loaded
    assert [a for a in loaded if is_elsewhere(a) and not a.startswith("data:")] == []


def test_every_equation_has_its_anchor(site, pages):
    (path,) = [path for path in pages if path.name == "math.html"]
    page = pages[path]
    assert "u(1) u(2)" in path.read_text()  # arguments, no equations
    numbers = {a.removeprefix("eq-") for a in page.anchors if a.startswith("eq-")}
    assert {str(k) for k in range(1, 90)} <= numbers


def exports(path):
    """Return the names of a module's ``__all__`` without importing it."""
    (names,) = [
        ast.literal_eval(statement.value)
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__"
    ]
    return names


def public_names():
    """Yield each namespace with each name that it exports, or else defines."""
    spaces = {"gatedcore": gk, "gatedcore.optimizers.schedules": gk.optimizers.schedules}
    spaces |= {
        f"gatedcore.{name}": getattr(gk, name)
        for name in gk.__all__
        if isinstance(getattr(gk, name), types.ModuleType)
    }
    for space, module in spaces.items():
        names = getattr(module, "__all__", None) or [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
        ]
        yield from ((space, name) for name in names)
    for path in BRIDGES:
        space = "gatedcore." + path.removesuffix("/__init__").replace("/", ".")
        yield from ((space, name) for name in exports(PACKAGE / f"{path}.py"))


def test_no_public_name_is_missing(site):
    # A module has a page. What is no function or class in a source has no entry of its own: a page
    # names it, as `it`.
    entries = zlib.decompress((site / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    known = {line.split(" ")[0] for line in entries.splitlines()}
    known |= {f"gatedcore.{page.stem}" for page in API.glob("*.md")}
    missing = []
    for space, name in public_names():
        page = API / f"{space.split('.')[-1]}.md"
        text = (page if page.exists() else API / "README.md").read_text()
        if f"{space}.{name}" not in known and not re.search(rf"`(gk\.)?(\w+\.)?{name}\b", text):
            missing.append(f"{space}.{name}")
    assert len(known) > 300
    assert not missing, "\n".join(missing)


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    pages = sorted(folder.glob("0*.md"))
    assert pages
    for page in pages:
        number, title = page.read_text().splitlines()[0].removeprefix("# ").split(". ", 1)
        assert f"| {number} | [{title}]({page.name}) |" in index
