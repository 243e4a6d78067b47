"""How ranks are started: on this host or over several, by ``mpiexec``, ``torchrun`` or by hand."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scaling.hosts import ENVIRONMENT, Hosts

ENGINES = ("mpi", "gloo", "torchrun")
PORT = 29_500
BESIDE = str(Path(sys.executable).parent)
# That of the environment's own MPI if it has one: another's would start single processes.
MPIEXEC = shutil.which("mpiexec", path=BESIDE) or shutil.which("mpiexec")
SOURCES = Path(__file__).resolve().parents[3] / "python"
# As root, and with more ranks than cores, Open MPI asks to be told so; MPICH does not mind.
VARIABLES = {
    "GATEDCORE_NUM_THREADS": "1",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
# On hosts that are one machine shared memory is off, or there would be no network.
OVER_HOSTS = {
    "MPIR_CVAR_NOLOCAL": "1",
    "MPIR_CVAR_CH4_NETMOD": "ofi",  # of MPICH's two the one that is quicker over TCP
    "FI_PROVIDER": "tcp",
    "FI_TCP_IFACE": "eth0",
    "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl": "tcp,self",
    "OMPI_MCA_btl_tcp_if_include": "eth0",
    "GLOO_SOCKET_IFNAME": "eth0",
}
# Seconds after which Open MPI takes a host for gone. By default it is minutes, in which its mpiexec
# waits for that host although the ranks have ended the job.
KEEPALIVE = {"time": 1, "intvl": 1, "probes": 2}


class JobError(RuntimeError):
    """A rank ended with an error, or the job took too long."""


def commands(
    engine: str, size: int, program: list[str], hosts: Hosts | None = None
) -> list[tuple[list[str], Mapping[str, str]]]:
    """Return what is to be started, at once, for a job of so many ranks.

    Parameters
    ----------
    engine : {"mpi", "gloo", "torchrun"}
        ``mpiexec``; each rank for itself, told by variables where to meet; ``torchrun``.
    size : int
        Ranks.
    program : list of str
        What Python is to run, and its arguments.
    hosts : Hosts, optional
        One for each rank; by default all on this host.

    Returns
    -------
    list of (list of str, mapping)
        Commands, each with variables for its environment.
    """
    local = hosts is None
    variables = {**ENVIRONMENT, **VARIABLES, **({} if local else OVER_HOSTS)}
    if any(SOURCES.glob("gatedcore/_core.*.so")):
        path = [str(SOURCES), os.environ.get("PYTHONPATH", "")]
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    if size == 1 and local:
        return [([sys.executable, *program], variables)]
    if engine == "mpi":
        command = [*_mpiexec(size, hosts), sys.executable, *program]
        return [(command if local else hosts.on(0, command), variables)]
    master = "127.0.0.1" if local else hosts.names[0]
    port = str(free_port() if local else PORT)
    if engine == "gloo":
        meeting = {"MASTER_ADDR": master, "MASTER_PORT": port, "WORLD_SIZE": str(size)}
        each = [
            ([sys.executable, *program], {**variables, **meeting, "RANK": str(rank)})
            for rank in range(size)
        ]
    else:
        torchrun = shutil.which("torchrun", path=BESIDE) or "torchrun"
        meeting = [f"--nnodes={1 if local else size}", f"--master-addr={master}"]
        meeting += [f"--master-port={port}", f"--nproc-per-node={size if local else 1}"]
        each = [
            ([torchrun, *meeting, f"--node-rank={node}", *program], variables)
            for node in range(1 if local else size)
        ]
    if local:
        return each
    return [(hosts.on(k, command), own) for k, (command, own) in enumerate(each)]


def _mpiexec(size: int, hosts: Hosts | None) -> list[str]:
    if MPIEXEC is None:
        raise JobError("mpi: there is no mpiexec, expected one of MPICH or Open MPI")
    if hosts is None:
        return [MPIEXEC, "-n", str(size)]
    asked = subprocess.run([MPIEXEC, "--version"], capture_output=True, text=True, check=True)
    agent, names = str(hosts.agent), ",".join(hosts.names)
    if "HYDRA" in asked.stdout:
        options = ["-launcher", "ssh", "-launcher-exec", agent, "-iface", "eth0", "-hosts", names]
    else:
        options = ["--prtemca", "plm_ssh_agent", agent, "--host", names]
        for name, value in KEEPALIVE.items():
            options += ["--prtemca", f"oob_tcp_keepalive_{name}", str(value)]
    return [MPIEXEC, *options, "-n", str(size)]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Job:
    """Ranks at work.

    Parameters
    ----------
    engine, size, program, hosts
        As for ``commands``.

    Attributes
    ----------
    processes : list of Popen
        What was started.
    """

    def __init__(
        self, engine: str, size: int, program: list[str], hosts: Hosts | None = None
    ) -> None:
        self.processes = [
            subprocess.Popen(
                command,
                env=dict(variables),
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for command, variables in commands(engine, size, program, hosts)
        ]

    def finish(self, timeout: float) -> tuple[int, str]:
        """Wait for all; return the largest exit code, and what they wrote.

        Raises
        ------
        JobError
            If it takes longer; nothing is left running then.
        """
        wrote = []
        try:
            for process in self.processes:
                wrote.append(process.communicate(timeout=timeout)[0])
        except subprocess.TimeoutExpired as error:
            self.kill()
            left = [process.communicate()[0] for process in self.processes]
            raise JobError(f"no end within {timeout:g} s; they wrote: {left}") from error
        return max(abs(process.returncode) for process in self.processes), "".join(wrote)

    def kill(self) -> None:
        """Kill what is still running."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def run(
    engine: str,
    size: int,
    program: list[str],
    hosts: Hosts | None = None,
    timeout: float = 600,
) -> str:
    """Run a job, and return what its ranks wrote.

    Raises
    ------
    JobError
        If one of them failed, or all took too long.
    """
    code, wrote = Job(engine, size, program, hosts).finish(timeout)
    if code:
        raise JobError(f"{engine}, {size} ranks: exit code {code}; they wrote:\n{wrote}")
    return wrote
