"""cpp/bindings/bind_info.cpp: what the module says of itself, and how many threads it uses."""

import os
import subprocess
import sys

import pytest

from gatedcore import _core


def run_fresh(program: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a program in a fresh interpreter with these variables and none of ours."""
    ours = {"GATEDCORE_ISA", "GATEDCORE_NUM_THREADS", "OMP_NUM_THREADS"}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=inherited | environment,
        check=False,
    )


def printed(program: str, **environment: str) -> str:
    done = run_fresh(program, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def error(program: str, **environment: str) -> str:
    """Return the last line of the error that a program ends with."""
    done = run_fresh(program, **environment)
    assert done.returncode == 1, done.stdout
    return done.stderr.strip().splitlines()[-1]


ISA = "from gatedcore import _core; print(_core.info()['isa'])"
THREADS = "from gatedcore import _core; print(_core.get_num_threads())"


def test_info_names_the_build_and_what_runs():
    info = _core.info()
    assert set(info) == {
        "version",
        "isa",
        "isas_built",
        "isas_available",
        "threads",
        "compiler",
        "build_flags",
    }
    assert info["version"] == _core.__version__
    assert info["isa"] in info["isas_available"]
    assert set(info["isas_available"]) <= set(info["isas_built"])
    assert "baseline" in info["isas_available"]
    assert info["threads"] == _core.get_num_threads() >= 1
    assert "-ffp-contract=off" in info["build_flags"]
    assert info["compiler"]


def test_the_best_isa_is_chosen_and_each_available_one_can_be_forced():
    available = _core.info()["isas_available"]
    assert printed(ISA) == available[0]
    for isa in available:
        assert printed(ISA, GATEDCORE_ISA=isa) == isa


@pytest.mark.parametrize(
    "call",
    [
        "_core.info()",
        "_core.activate(numpy.ones(3, numpy.float32), 'tanh')",
    ],
)
def test_a_misspelt_isa_is_an_error_at_the_first_call_that_lists_what_is_there(call):
    program = f"import numpy; from gatedcore import _core; {call}"
    message = error(program, GATEDCORE_ISA="avx3")
    assert message.startswith("ValueError: GATEDCORE_ISA: is 'avx3', which is not in this build")
    for isa in _core.info()["isas_available"]:
        assert f"'{isa}'" in message


def test_the_package_imports_with_a_misspelt_isa():
    # Only then can the error come where it can be read: from the first call.
    assert printed("import gatedcore; print('imported')", GATEDCORE_ISA="avx3") == "imported"


def test_threads_come_from_the_environment():
    assert printed(THREADS, GATEDCORE_NUM_THREADS="3", OMP_NUM_THREADS="5") == "3"
    assert printed(THREADS, OMP_NUM_THREADS="5") == "5"
    assert printed(THREADS, OMP_NUM_THREADS="nonsense") == printed(THREADS)


@pytest.mark.parametrize("bad", ["0", "-2", "many", "1.5", "1000000"])
def test_a_bad_number_of_threads_in_the_environment_is_an_error(bad):
    message = error(THREADS, GATEDCORE_NUM_THREADS=bad)
    assert message.startswith(f"ValueError: GATEDCORE_NUM_THREADS: is '{bad}', expected")


def test_set_num_threads_wins_and_refuses_what_makes_no_sense():
    program = f"from gatedcore import _core; _core.set_num_threads(2); {THREADS}"
    assert printed(program, GATEDCORE_NUM_THREADS="3") == "2"
    before = _core.get_num_threads()
    for bad in (0, -1, 1025):
        with pytest.raises(ValueError, match=rf"set_num_threads: threads is {bad}, expected"):
            _core.set_num_threads(bad)
    with pytest.raises(TypeError):
        _core.set_num_threads(1.5)
    assert _core.get_num_threads() == before
