"""A rank that fails or dies ends the job within seconds, with its message."""

import time

import pytest

import ranks

# Rank 1 fails in a way that it is told, while the others wait for it.
PROGRAM = """
import os, signal, sys, threading, time
import numpy as np
import gatedcore as gk

comm = gk.distributed.init(timeout=5)
array = np.zeros(1000, np.float32)
comm.allreduce_(array)
way = sys.argv[1]
if comm.rank == 1:
    if way == "raise":
        raise ValueError("the data ended")
    if way == "interrupt":
        raise KeyboardInterrupt
    if way == "thread":
        def fail():
            raise ValueError("a thread failed")
        threading.Thread(target=fail).start()
        time.sleep(60)
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "hang":
        time.sleep(30)
        os._exit(3)
comm.allreduce_(array)
print("went on")
"""
LOST = "has lost another rank"
SILENT = "the other ranks did not answer for 5 s"


@pytest.mark.parametrize(
    ("engine", "way", "says"),
    [
        pytest.param(engine, way, says, marks=marks, id=f"{engine}-{way}")
        for engine, marks, way, says in [
            ("mpi", ranks.needs_mpi, "raise", ["rank 1 of 3 on ", "ValueError: the data ended"]),
            ("mpi", ranks.needs_mpi, "interrupt", ["rank 1 of 3 on ", "KeyboardInterrupt"]),
            ("mpi", ranks.needs_mpi, "thread", ["rank 1 of 3 on ", "ValueError: a thread failed"]),
            ("mpi", ranks.needs_mpi, "kill", ["signal 9|KILLED BY SIGNAL: 9"]),
            ("mpi", ranks.needs_mpi, "hang", ["rank 0 of 3 on |rank 2 of 3 on ", SILENT]),
            ("gloo", ranks.needs_gloo, "raise", ["rank 1 of 2 on ", "the data ended", LOST]),
            ("gloo", ranks.needs_gloo, "kill", [LOST]),
            ("gloo", ranks.needs_gloo, "hang", [LOST, "imed out"]),
        ]
    ],
)
def test_the_job_ends_with_a_message(engine, way, says):
    begin = time.perf_counter()
    done = ranks.run(engine, 3 if engine == "mpi" else 2, PROGRAM, way, check=False)
    assert time.perf_counter() - begin < 45  # starting three ranks included
    assert done.returncode != 0
    assert "went on" not in done.stdout
    for words in says:
        assert any(word in done.stdout for word in words.split("|")), done.stdout
