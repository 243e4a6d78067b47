"""Tables on a page, each replaced by the program that measures it."""

import re
from collections.abc import Sequence
from pathlib import Path


def put(page: Path, name: str, lines: Sequence[str]) -> None:
    """Replace what stands between ``<!-- table: NAME -->`` and ``<!-- end -->``.

    Raises
    ------
    ValueError
        If the page has no such place, or several.
    """
    pattern = rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)"
    body = "\n".join(lines).strip("\n")
    text, found = re.subn(
        pattern, lambda m: f"{m[1]}\n{body}\n\n{m[2]}", page.read_text(), flags=re.DOTALL
    )
    if found != 1:
        raise ValueError(
            f"{page}: {found} places between '<!-- table: {name} -->' and '<!-- end -->', "
            "expected one; put these two lines where the table belongs"
        )
    page.write_text(text)
