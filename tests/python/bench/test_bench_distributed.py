"""bench/python/bench_distributed.py and what starts its ranks."""

import json
import sys
from types import SimpleNamespace

import pytest

import bench_distributed
import ranks
from scaling import launch
from scaling.hosts import Hosts

SMALL = ["--units=4", "--inputs=2", "--rows=2", "--steps=3", "--batches=2", "--rounds=1"]


@pytest.mark.parametrize("engine", ranks.ENGINES)
def test_short_tables_are_printed(monkeypatch, capsys, engine):
    options = [*SMALL, "--ranks=1,2", f"--engines={engine}"]
    monkeypatch.setattr(sys, "argv", ["bench_distributed.py", *options])
    bench_distributed.main()
    weak, strong = capsys.readouterr().out.split("Strong scaling: 4 rows in all")
    assert weak.startswith("Weak scaling: 2 rows a rank")
    for part in (weak, strong):
        rows = [line.split(" | ")[:3] for line in part.splitlines() if "LSTM" in line]
        assert rows == [["| LSTM 4", "-", "1"], ["| LSTM 4", engine, "2"]]


def found(**more):
    return {
        "parameters": 1000,
        "alone": 0.1,
        "step": 0.2,
        "allreduce": 0.09,
        "raw": 0.08,
        "slots": 2,
        **more,
    }


def test_the_parts_of_a_step_add_up_to_it():
    assert bench_distributed.split(found()) == ["200", "100", "90.00", "10.00"]


def test_a_measurement_is_made_once_and_one_process_has_no_engine(monkeypatch):
    made = []
    bench = bench_distributed.Bench(SimpleNamespace())
    monkeypatch.setattr(bench, "_measure", lambda *key: made.append(key) or found())
    for engine in ("mpi", "gloo", "mpi"):
        bench.of(engine, 1, 4, 8)
        bench.of(engine, 2, 4, 8)
    assert made == [("", 1, 4, 8, ""), ("mpi", 2, 4, 8, ""), ("gloo", 2, 4, 8, "")]


def test_what_was_predicted_stands_beside_what_was_measured():
    args = SimpleNamespace(
        units=[4], engines=["gloo"], ranks=[1, 2], rows=8, gigabits=0.008, delay=0.01,
        ways=["", "accumulate=4", "average_every=4"],
    )  # fmt: skip
    bench = SimpleNamespace(of=lambda *_: found(efficiency=0.5))
    # 1000 parameters are 4000 bytes: 4 ms at 8 Mb/s; and two messages of two latencies. An average
    # is of weights and Adam's two vectors, after a sum of flags.
    rows = [
        row.removeprefix("| LSTM 4 | gloo | 2 | ").removesuffix(" | 0.50 |")
        for row in bench_distributed.network(bench, args)[4:7]
    ]
    assert rows == [
        "a sum a batch | 100 | 44.00 | 80.00 | 90.00 | 144 | 200 | 0.69",
        "accumulate=4 | 100 | 11.00 |  | 90.00 | 111 | 200 | 0.90",
        "average_every=4 | 100 | 43.00 |  | 90.00 | 143 | 200 | 0.70",
    ]


@pytest.mark.parametrize("way", ["", "accumulate=2", "average_every=2"])
def test_a_batch_is_timed_whatever_lies_between_two_sums(tmp_path, way):
    path = tmp_path / "found.json"
    launch.run("gloo", 1, [bench_distributed.RANK, *SMALL, f"--way={way}", f"--json={path}"])
    times = json.loads(path.read_text())
    assert times["slots"] == 2
    assert 0 < times["allreduce"] < times["step"]
    assert times["alone"] > 0


def test_a_rank_that_fails_is_told_of():
    with pytest.raises(launch.JobError, match=r"1 ranks: exit code 1; they wrote:\n(.|\n)*oh no"):
        launch.run("gloo", 1, ["-c", "raise ValueError('oh no')"])
    with pytest.raises(launch.JobError, match=r"no end within 0.5 s"):
        launch.run("gloo", 1, ["-c", "import time; time.sleep(60)"], timeout=0.5)


def test_ranks_of_gloo_are_told_where_to_meet():
    first, second = (variables for _, variables in launch.commands("gloo", 2, ["a.py"]))
    assert (first["RANK"], second["RANK"], first["WORLD_SIZE"]) == ("0", "1", "2")
    assert first["MASTER_PORT"] == second["MASTER_PORT"]
    assert first["MASTER_ADDR"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("version", "options"),
    [
        ("HYDRA build details:", "-launcher ssh -launcher-exec /a -iface eth0 -hosts h0,h1"),
        (
            "mpiexec (Open MPI) 5.0",
            "--prtemca plm_ssh_agent /a --host h0,h1 --prtemca oob_tcp_keepalive_time 1 "
            "--prtemca oob_tcp_keepalive_intvl 1 --prtemca oob_tcp_keepalive_probes 2",
        ),
    ],
)
def test_each_mpiexec_is_told_of_hosts_in_its_own_words(monkeypatch, version, options):
    monkeypatch.setattr(launch, "MPIEXEC", "mpiexec")
    answer = SimpleNamespace(stdout=version)
    monkeypatch.setattr(launch.subprocess, "run", lambda *_, **__: answer)
    hosts = SimpleNamespace(
        names=["h0", "h1"], agent="/a", on=lambda host, command: [f"on {host}", *command]
    )
    ((command, variables),) = launch.commands("mpi", 2, ["a.py"], hosts)
    assert command == ["on 0", "mpiexec", *options.split(), "-n", "2", sys.executable, "a.py"]
    assert variables["OMPI_MCA_btl"] == "tcp,self"


def test_torchrun_runs_once_on_each_host():
    hosts = SimpleNamespace(names=["h0", "h1"], on=lambda host, command: [f"on {host}", *command])
    (first, variables), (second, _) = launch.commands("torchrun", 2, ["a.py"], hosts)
    assert (first[0], second[0]) == ("on 0", "on 1")
    assert {"--nnodes=2", "--nproc-per-node=1", "--master-addr=h0", "--node-rank=0"} <= set(first)
    assert "--node-rank=1" in second
    assert variables["GLOO_SOCKET_IFNAME"] == "eth0"


def test_hosts_need_root(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(PermissionError, match="network namespaces need root"):
        Hosts(2)
