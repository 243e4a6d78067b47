"""What bench/check_instructions.py makes of counts; CI runs the script itself."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[3] / "bench"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "check_instructions", BENCH / "check_instructions.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check = load()


@pytest.mark.parametrize(
    ("recorded", "measured", "word"),
    [
        (1000, 1000, "same"),
        (1000, 1030, "same"),
        (1000, 1031, "more"),
        (1000, 970, "same"),
        (1000, 969, "fewer"),
        (None, 1000, "new"),
        (1000, None, "gone"),
    ],
)
def test_three_percent_are_the_same(recorded, measured, word):
    assert check.verdict(recorded, measured) == word


def test_kernels_are_compared_by_name():
    recorded = {"a": 100, "b": 100, "c": 100}
    assert check.compare(recorded, {"b": 104, "a": 100, "d": 1}) == {
        "a": "same",
        "b": "more",
        "c": "gone",
        "d": "new",
    }


@pytest.mark.parametrize(
    ("verdicts", "passed"),
    [
        ({"same"}, True),
        ({"same", "fewer"}, True),
        ({"same", "more"}, False),
        ({"more", "fewer"}, False),
        ({"same", "new"}, False),
        ({"fewer", "gone"}, False),
    ],
)
def test_growth_and_other_kernels_fail_with_the_compiler_on_file(verdicts, passed):
    assert check.judge(verdicts, "GNU 12.2.0", "GNU 12.2.0")[1] is passed
    assert check.judge(verdicts, "GNU 12.2.0", "GNU 13.2.0")[1] is True


def test_advice_tells_what_to_do():
    assert "--update" in check.judge({"more"}, "GNU 1", "GNU 1")[0]
    assert "--update" in check.judge({"fewer"}, "GNU 1", "GNU 1")[0]
    assert "--update" in check.judge({"new"}, "GNU 1", "GNU 1")[0]
    other = check.judge({"more"}, "GNU 1", "GNU 2")[0]
    assert "GNU 1" in other
    assert "GNU 2" in other


def test_the_table_has_the_numbers():
    lines = check.table({"a": 1000, "b": 10}, {"a": 1100, "c": 7}).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["a", "1000", "1100", "+10.00%", "more"],
        ["b", "10", "gone"],
        ["c", "7", "new"],
    ]


def test_callgrinds_report_is_read():
    assert check.collected("==7== Events    : Ir\n==7== Collected : 3798912\n==7== \n") == 3798912


@pytest.mark.parametrize("report", ["", "==7== Collected : 0\n"])
def test_nothing_counted_is_an_error(report):
    with pytest.raises(SystemExit, match="callgrind counted nothing"):
        check.collected(report)


def test_the_file_has_forward_and_backward_of_both_layers():
    on_file = json.loads(check.FILE.read_text())
    passes = ("inference", "forward", "backward")
    expected = {f"{cell}_{name}" for cell in ("lstm", "gru") for name in passes}
    assert set(on_file["instructions"]) == expected
    assert on_file["isa"] == "avx2"
    assert on_file["compiler"].split()[0] in {"GNU", "Clang"}
