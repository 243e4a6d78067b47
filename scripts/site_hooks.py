"""What the site adds to the pages of docs/: those of the root, and a link to every equation."""

import html
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).resolve().parents[1]
ROOT_PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
EQUATIONS = "math.md"
NUMBER = r"\((\d+[a-z]?)\)"
# An equation's number stands in the right margin: alone in a cell, or after two spaces or more.
DEFINED = re.compile(rf"(?<=  ){NUMBER}|(?<=<td>){NUMBER}(?=</td>)")
# In lists of parameters: those that share a line all get the first one's. The signature has them.
DEFAULT = re.compile(r", default:\s*<code>.*?</code>\s*")
CITED = re.compile(rf"(?:docs/)?math\.md(?:</a>)? {NUMBER}")


def numbers(text: str) -> list[str]:
    """Return the numbers of the equations of math.md, in their order."""
    text = re.sub(r"\| \((\d+)\) \|", r"  (\1)", text)  # a table's last column
    return [match[1] for match in re.finditer(rf"  {NUMBER}", text)]


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that stand beside docs/."""
    for name in ROOT_PAGES:
        if (ROOT / name).exists():
            text = (ROOT / name).read_text().replace("](docs/", "](")
            files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links to the pages of the root at their places in the site."""
    return re.sub(rf"\]\(\.\./({'|'.join(ROOT_PAGES)})", r"](\1", markdown)


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """Give every equation an anchor, and turn what cites it into a link."""
    if page.file.src_uri.startswith("api/"):
        content = DEFAULT.sub("", content)
        # A type in a docstring is prose here, and was read as code.
        content = content.replace("``", "").replace("array - like", "array-like")
    content = re.sub(r"\.(?:cpp|py)::", r"\g<0><wbr>", content)  # names of tests
    known = numbers((ROOT / "docs" / EQUATIONS).read_text())
    here = page.file.src_uri == EQUATIONS
    target = "" if here else get_relative_url("math.html", page.url)

    def link(number: str, text: str) -> str:
        return f'<a href="{target}#eq-{number}">{text}</a>' if number in known else text

    if not here:
        return CITED.sub(lambda m: link(m[1], m[0]), content)

    def define(match: re.Match[str]) -> str:
        number = match[1] or match[2]
        return f'<b class="equation" id="eq-{number}">\0{number}\0</b>'

    content = DEFINED.sub(define, content)
    content = re.sub(rf"(?<!\w){NUMBER}", lambda m: link(m[1], m[0]), content)  # not u(1)
    return re.sub(r"\0(\w+)\0", lambda m: f"({html.escape(m[1])})", content)
