"""Other frameworks where a bridge asks for one: found, or missed with the command that helps."""

import json
import sys

import pytest

from gatedcore.frameworks import require


def test_a_framework_that_is_there_is_returned():
    assert require("gatedcore.json", "json", "json") is json


def test_one_that_is_not_says_how_to_get_it():
    with pytest.raises(ModuleNotFoundError) as caught:
        require("gatedcore.nowhere", "no_such_framework", "nowhere")
    assert str(caught.value) == (
        "gatedcore.nowhere: the module no_such_framework is not installed, expected it; "
        "run pip install 'gatedcore[nowhere]'"
    )
    assert caught.value.name == "no_such_framework"


def test_what_a_framework_itself_misses_is_its_own_error(tmp_path, monkeypatch):
    (tmp_path / "half_a_framework.py").write_text("import no_such_part\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_part'"):
        require("gatedcore.half", "half_a_framework", "half")
    assert "half_a_framework" not in sys.modules
