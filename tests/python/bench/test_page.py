"""bench/python/scaling/page.py: a table is replaced where it stands, and nothing else."""

from pathlib import Path

import pytest

from scaling.page import put

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_a_table_is_replaced_again_and_again(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- table: one -->\n<!-- end -->\nb\n<!-- table: two -->\n<!-- end -->\n")
    for lines in (["1", "2", ""], ["|3|"]):
        put(page, "one", lines)
    assert page.read_text() == (
        "a\n<!-- table: one -->\n\n|3|\n\n<!-- end -->\nb\n<!-- table: two -->\n<!-- end -->\n"
    )
    with pytest.raises(ValueError, match="0 places between '<!-- table: three -->'"):
        put(page, "three", [])


def test_the_page_has_a_place_for_every_table():
    text = (DOCS / "distributed.md").read_text()
    for name in ("predicted", "weak", "strong", "network"):
        assert text.count(f"<!-- table: {name} -->\n") == 1
