"""The command line: what it prints, its exit codes, how it answers mistakes and Ctrl-C."""

import importlib
import os
import re
import signal
import subprocess
import sys

import pytest

import gatedcore as gk
from gatedcore import cli, tasks

PROGRAM = "import sys; from gatedcore.cli import main; sys.exit(main())"


def run(capsys, *arguments):
    """Run the command in this process; return exit code, standard output and standard error."""
    try:
        code = cli.main(arguments)
    except SystemExit as leaving:  # argparse's way
        code = leaving.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_version(capsys):
    assert run(capsys, "--version") == (0, f"gatedcore {gk.__version__}\n", "")


def test_without_a_command_it_shows_help(capsys):
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    for command in ("run NAME", "tasks", "info", "bench"):
        assert command in out


def test_info_names_what_runs(capsys):
    code, out, err = run(capsys, "info")
    facts = gk._core.info()
    assert (code, err) == (0, "")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert rows["version"] == gk.__version__
    assert rows["instruction set"].split()[0] == facts["isa"]
    assert rows["built"] == ", ".join(facts["isas_built"])
    assert rows["on this machine"] == ", ".join(facts["isas_available"])
    assert rows["threads"].split()[0] == str(facts["threads"])
    assert rows["build flags"] == facts["build_flags"]


@pytest.mark.parametrize("command", [["tasks"], ["run", "--list"]])
def test_tasks_lists_them_all(capsys, command):
    code, out, _ = run(capsys, *command)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(tasks.NAMES)
    assert all(len(line.split()) > 3 for line in out.splitlines())


@pytest.mark.parametrize("name", tasks.NAMES)
def test_run_shows_a_tasks_own_help(capsys, name):
    code, out, _ = run(capsys, "run", name, "--help")
    assert code == 0
    assert out.startswith(f"usage: gatedcore run {name}")
    for option in ("--epochs", "--seed", "--out", "--no-plot"):
        assert option in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["rum"],
            "unknown command 'rum', expected one of run, tasks, info, bench, convert; did you mean",
        ),
        (
            ["run"],
            "run: no task is named, expected one of adding, ",
        ),
        (["run", "temprature"], "unknown task 'temprature'"),
        (["run", "temprature"], "did you mean 'temperature'?"),
        (["run", "cosmology"], "choose one of these"),
        (["run", "sine", "--epoch", "3"], "unrecognized arguments: --epoch 3"),
        (["run", "sine", "--epochs", "0"], "'0' is no whole number of at least 1"),
        (["run", "sine", "--epochs", "1e3"], "'1e3' is no whole number of at least 1"),
        (["run", "sine", "--seed", "-1"], "argument --seed"),
        (["run", "sine", "--seed", str(2**32)], "is no whole number from 0 to 2**32 - 1"),
        (["run", "temperature", "--column", "Temp"], "--column is given without --data"),
        (["run", "temperature", "--data", "none.csv", "--column", "a"], "none.csv: No such file"),
        (["run", "sine", "--out", os.devnull], f"{os.devnull}: File exists"),
        (["run", "--list", "all"], "run --list: got 'all', expected nothing more"),
        (["info", "all"], "info: got 'all', expected nothing more"),
        (["bench", "now"], "unrecognized arguments: now"),
        (["bench", "--threads", "0"], "'0' is no whole number of at least 1"),
        (["bench", "--seconds", "0"], "'0' is no number above 0"),
        (["bench", "--seconds", "soon"], "'soon' is no number above 0"),
        (["bench", "--json", "none/there.json"], "none/there.json: No such file"),
        (["--verbose"], "unrecognized arguments: --verbose"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(capsys, arguments, text):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("gatedcore: ")
    assert err.count("\n") == 1
    assert text in err


def test_a_bug_is_not_hidden(monkeypatch):
    module = importlib.import_module("gatedcore.tasks.sine")
    monkeypatch.setattr(module, "main", lambda rest: {}["missing"])
    with pytest.raises(KeyError):
        cli.main(["run", "sine"])


def test_ctrl_c_ends_a_training_cleanly():
    task = ["run", "temperature", "--no-plot", "--epochs", "100000"]
    command = [sys.executable, "-c", PROGRAM, *task]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        head = child.stderr.read(4)  # the progress bar: training is about to begin
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert out == b""
    assert b"Traceback" not in head + err
    assert err.endswith(b"gatedcore: interrupted\n")


def test_a_closed_pipe_is_no_error():
    command = [sys.executable, "-c", PROGRAM, "tasks"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.close()
        err = child.stderr.read()
        child.wait(timeout=60)
    assert (child.returncode, err) == (0, b"")


def test_an_absent_instruction_set_is_a_users_error():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "info"],
        env={**os.environ, "GATEDCORE_ISA": "sse9"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("gatedcore: ")
    assert "sse9" in done.stderr
    assert "Traceback" not in done.stderr
