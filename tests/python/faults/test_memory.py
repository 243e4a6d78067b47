"""Memory that runs out, at every allocation in turn: an error that changes nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
pytestmark = [
    pytest.mark.skipif(compiler is None, reason="needs a C compiler"),
    pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="another allocator is preloaded"),
    pytest.mark.skipif(sys.platform != "linux", reason="names of glibc's functions"),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("malloc") / "failing_malloc.so"
    source = HERE / "failing_malloc.c"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", path, source, "-ldl"], check=True)
    return path


def test_every_allocation_that_fails_is_an_error_that_changes_nothing(library: Path) -> None:
    run = subprocess.run(
        [sys.executable, HERE / "failing_calls.py"],
        env={**os.environ, "LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    failed = dict(re.findall(r"^(\w+): (\d+) allocations failed", run.stdout, re.MULTILINE))
    assert {"lstm", "step_of_a_stack", "saved_and_loaded"} <= set(failed)
    assert all(int(count) > 0 for count in failed.values()), failed
