"""Which engine the environment asks for, and what speaks against it."""

import subprocess
import sys

import pytest

import gatedcore as gk
import ranks
from gatedcore.distributed import SelfCommunicator
from gatedcore.distributed.start import started_by

NAMES = (
    "OMPI_COMM_WORLD_SIZE",
    "PMI_SIZE",
    "SLURM_STEP_NUM_TASKS",
    "RANK",
    "WORLD_SIZE",
    "MASTER_ADDR",
)
TORCHRUN = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"OMPI_COMM_WORLD_SIZE": "4"}, "mpi"),
        ({"PMI_SIZE": "2"}, "mpi"),
        ({"SLURM_STEP_NUM_TASKS": "16"}, "mpi"),
        ({"PMI_SIZE": "1"}, None),
        ({"PMI_SIZE": "many"}, None),
        (TORCHRUN, "gloo"),
        ({"WORLD_SIZE": "2"}, None),
        ({**TORCHRUN, "SLURM_STEP_NUM_TASKS": "2"}, "gloo"),
    ],
)
def test_the_launcher_is_known_by_its_variables(monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert started_by() == expected


def test_a_process_started_alone_is_a_job_of_one():
    comm = gk.distributed.init()
    assert isinstance(comm, SelfCommunicator)
    assert (comm.rank, comm.size) == (0, 1)


def test_arguments_out_of_range_are_refused():
    with pytest.raises(ValueError, match="init: backend is 'nccl', expected 'mpi' or 'gloo'"):
        gk.distributed.init("nccl")
    with pytest.raises(ValueError, match="init: timeout is 0, expected a number in"):
        gk.distributed.init(timeout=0)


def test_importing_the_package_imports_no_engine():
    code = (
        "import sys, gatedcore as gk; gk.distributed.init()\n"
        "assert not {'mpi4py', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=ranks.environment())


@ranks.needs_mpi
def test_ranks_that_another_mpi_started_are_told_so():
    # Each of them would be a job of its own, and train alone.
    done = subprocess.run(
        [sys.executable, "-c", "import gatedcore as gk; gk.distributed.init()"],
        env=ranks.environment(SLURM_STEP_NUM_TASKS="2"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "init: MPI has 1 rank, expected 2, which SLURM_STEP_NUM_TASKS says" in done.stderr


@ranks.needs_gloo
def test_torchrun_starts_ranks(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import os, numpy as np, torch.distributed, gatedcore as gk\n"
        "torch.distributed.init_process_group()\n"  # Ray Train does so, and not for gloo alone
        "comm = gk.distributed.init()\n"
        "ones = np.ones(3)\n"
        "comm.allreduce_(ones)\n"
        "assert ones.tolist() == [comm.size] * 3\n"
        # At once: a newline of its own may come after the other rank's text.
        "os.write(1, f'rank {comm.rank} of {comm.size}\\n'.encode())\n"
        "os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2",
         f"--master-port={ranks.free_port()}", program],
        env=ranks.environment(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split("\n")) == ["", "rank 0 of 2", "rank 1 of 2"]
