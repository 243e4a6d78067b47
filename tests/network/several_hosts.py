"""Training over several hosts for real, on one machine: needs root, so it is run on demand.

    sudo python tests/network/several_hosts.py [--hosts 4] [--engines mpi,torchrun]

The hosts are network namespaces joined at 1 Gb/s and 1 ms (``bench/python/scaling/hosts.py``): the
machine's own network is not touched, and nothing is left behind. ``mpiexec`` (MPICH or Open MPI)
and ``torchrun`` start a rank on each, which trains as one process does. Then a host is cut off in
the middle of a training: the job ends within seconds and says why, and started again goes on from
the last checkpoint to the same end.
"""

import argparse
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "python"))

from scaling.hosts import Hosts
from scaling.launch import Job, run

PROGRAM = Path(__file__).with_name("training.py")
TIMEOUT = 5.0  # that of training.py
END = TIMEOUT + 15.0  # seconds from the cut to the end of the job, on a busy machine
LONGEST = 180.0  # seconds of any job
TOLD = re.compile(
    r"rank \d+ of \d+ on .*(?:did not answer|has lost another rank).*"
    r"|PRTE has lost communication with a remote daemon.*"
)
TOLERANCE = 2e-6  # of the largest of each array, after 80 steps in float32; 9e-7 was seen


def train(engine: str, hosts: Hosts | None, folder: Path) -> dict[str, np.ndarray]:
    """Train without being disturbed; return weights and losses."""
    size = 1 if hosts is None else len(hosts.names)
    run(engine, size, [str(PROGRAM), *places(folder), "0"], hosts, LONGEST)
    return result(folder)


def places(folder: Path) -> list[str]:
    """Return the files of a training, as its arguments."""
    folder.mkdir(exist_ok=True)
    return [str(folder / "result.npz"), str(folder / "backup")]


def result(folder: Path) -> dict[str, np.ndarray]:
    """Return what a training wrote."""
    with np.load(folder / "result.npz") as arrays:
        return dict(arrays)


def check_alike(name: str, found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    """Raise unless two trainings have the same end."""
    off = max(
        float(np.abs(found[key] - wanted[key]).max() / np.abs(wanted[key]).max()) for key in wanted
    )
    print(f"{name}: {off:.1e} beside one process", flush=True)
    if off > TOLERANCE:
        raise SystemExit(f"{name}: differs by {off:.1e}, expected at most {TOLERANCE:g}")


def cut_off(engine: str, hosts: Hosts, folder: Path) -> None:
    """Cut the last host off in the middle of a training; raise unless the job ends by itself."""
    job = Job(engine, len(hosts.names), [str(PROGRAM), *places(folder), "0.1"], hosts)
    begin = time.monotonic()
    while not any(folder.glob("backup*")) or not list(folder.rglob("*.safetensors")):
        time.sleep(0.1)
        if time.monotonic() - begin > LONGEST or job.processes[0].poll() is not None:
            job.kill()
            raise SystemExit(f"{engine}: no checkpoint; the ranks wrote:\n{job.finish(10)[1]}")
    time.sleep(0.5)
    hosts.cut(len(hosts.names) - 1)
    begin = time.monotonic()
    code, wrote = job.finish(LONGEST)
    took = time.monotonic() - begin
    print(f"{engine}: a host cut off, {took:.1f} s later the job ended with {code}", flush=True)
    told = TOLD.findall(wrote)
    for line in told[:1]:
        print(f"  {line}")
    # Open MPI's mpiexec says that a host is gone and yet ends with 0.
    failed = code != 0 or any("PRTE" in line for line in told)
    if not failed or not told or took > END:
        raise SystemExit(f"{engine}: no clear end within {END:g} s; the ranks wrote:\n{wrote}")
    if (folder / "result.npz").exists():
        raise SystemExit(f"{engine}: the training came to its end, expected it cut short")


def resume(engine: str, hosts: Hosts, folder: Path) -> dict[str, np.ndarray]:
    """Start the training again; raise unless it goes on from a checkpoint."""
    program = [str(PROGRAM), *places(folder), "0"]
    wrote = run(engine, len(hosts.names), program, hosts, LONGEST)
    first = int(re.findall(r"epoch (\d+) begins", wrote)[0])
    print(f"{engine}: started again, went on with epoch {first}", flush=True)
    if first == 0:
        raise SystemExit(f"{engine}: began with epoch 0, expected a later one")
    return result(folder)


def main() -> None:
    """Try every engine; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--engines", default="mpi,torchrun")
    args = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("network namespaces need root: sudo python tests/network/several_hosts.py")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # hosts are removed on the way out
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        alone = train("mpi", None, work / "alone")
        for engine in args.engines.split(","):
            with Hosts(args.hosts, gigabits=1.0, delay=1e-3) as hosts:
                together = train(engine, hosts, work / f"{engine}-together")
                check_alike(f"{engine}, {args.hosts} hosts", together, alone)
                cut_off(engine, hosts, work / f"{engine}-cut")
            with Hosts(args.hosts, gigabits=1.0, delay=1e-3) as hosts:
                resumed = resume(engine, hosts, work / f"{engine}-cut")
                check_alike(f"{engine}, resumed", resumed, alone)
    print("all of it")


if __name__ == "__main__":
    main()
