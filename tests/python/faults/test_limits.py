"""Processors that a process may not use: affinity masks and control groups."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

THREADS = "import gatedcore as gk; print(gk.get_num_threads())"
FREE = {
    name: value
    for name, value in os.environ.items()
    if name not in ("GATEDCORE_NUM_THREADS", "OMP_NUM_THREADS")
}


def threads(before: str = "") -> int:
    run = subprocess.run(
        [sys.executable, "-c", before + THREADS],
        env=FREE,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(run.stdout)


@pytest.fixture(autouse=True)
def without_limit() -> None:
    """What the tests set is not to be a limit that there is anyway."""
    found = threads()
    assert 1 <= found <= len(os.sched_getaffinity(0))
    if found < 2:
        pytest.skip("needs two processors")


def test_an_affinity_mask_is_respected() -> None:
    one = min(os.sched_getaffinity(0))
    assert threads(f"import os; os.sched_setaffinity(0, {{{one}}})\n") == 1


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group of version 2 or 1 with the time of one processor."""
    name = f"gatedcore-{os.getpid()}"
    for mount, quota, value in (
        ("/sys/fs/cgroup", "cpu.max", "100000 100000"),
        ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "100000"),
        ("/sys/fs/cgroup/cpu,cpuacct", "cpu.cfs_quota_us", "100000"),
    ):
        folder = Path(mount, name)
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            if (folder / quota).exists():
                (folder / quota).write_text(value)
                yield folder
                return
        except OSError:
            continue
        finally:
            folder.rmdir()
    pytest.skip("no control group may be made here")


def test_a_control_group_is_respected(group: Path) -> None:
    join = f"import os; open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()))\n"
    assert threads(join) == 1
