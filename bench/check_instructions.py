"""Compare how many instructions six kernels take with the numbers on file.

    python bench/check_instructions.py build/counted_kernel
    python bench/check_instructions.py build/counted_kernel --update

A count does not depend on how busy or how fast the machine is, so it can guard against slow code
where times cannot be trusted; it says nothing of caches and pipes. More than 3 % above the file is
an error; more than 3 % below asks for ``--update``, so that what was gained is guarded too. Counts
of another compiler are shown and judged by nobody. Needs valgrind and a processor with AVX2.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).parent / "cpp" / "instruction_counts.json"
# The function of counted_kernel.cpp inside of which instructions are counted.
FUNCTION = "gatedcore_counted"
TOLERANCE = 0.03


def collected(report: str) -> int:
    """Return the number of instructions that callgrind reports to have counted."""
    line = re.search(r"Collected : (\d+)\s*$", report, re.MULTILINE)
    if line is None or int(line[1]) == 0:
        raise SystemExit(
            f"check_instructions: callgrind counted nothing inside {FUNCTION}, expected a line "
            f"'Collected : NUMBER'; it said:\n{report}"
        )
    return int(line[1])


def output_of(*command: str) -> subprocess.CompletedProcess[str]:
    """Return what a command prints; stop where it fails."""
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(
            f"check_instructions: '{' '.join(command)}' ended with {result.returncode}, expected "
            f"0; it said:\n{result.stdout}{result.stderr}"
        )
    return result


def measure(program: str) -> tuple[str, dict[str, int]]:
    """Return the compiler that made a program and the instructions of each of its kernels."""
    compiler, *kernels = output_of(program).stdout.splitlines()
    callgrind = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    return compiler, {
        kernel: collected(
            output_of(*callgrind, f"--toggle-collect={FUNCTION}", program, kernel).stderr
        )
        for kernel in kernels
    }


def verdict(recorded: int | None, measured: int | None) -> str:
    """Return what a pair of counts means: ``same``, ``more``, ``fewer``, ``new`` or ``gone``."""
    if recorded is None:
        return "new"
    if measured is None:
        return "gone"
    growth, most = measured - recorded, TOLERANCE * recorded
    return "more" if growth > most else "fewer" if growth < -most else "same"


def compare(recorded: dict[str, int], measured: dict[str, int]) -> dict[str, str]:
    """Return the verdict of each kernel that is on file or was counted."""
    return {
        kernel: verdict(recorded.get(kernel), measured.get(kernel))
        for kernel in {**recorded, **measured}
    }


def table(recorded: dict[str, int], measured: dict[str, int]) -> str:
    """Return a line for each kernel: instructions on file, counted, growth, verdict."""
    lines = [f"{'kernel':<16} {'on file':>12} {'counted':>12} {'growth':>8}"]
    for kernel, word in compare(recorded, measured).items():
        old, new = recorded.get(kernel), measured.get(kernel)
        growth = "" if old is None or new is None else f"{new / old - 1:+.2%}"
        counts = f"{'' if old is None else old:>12} {'' if new is None else new:>12}"
        note = "" if word == "same" else word
        lines.append(f"{kernel:<16} {counts} {growth:>8}  {note}".rstrip())
    return "\n".join(lines)


def judge(verdicts: set[str], made_by: str, compiler: str) -> tuple[str, bool]:
    """Return what is to be done about the verdicts, and whether the check has passed.

    Parameters
    ----------
    verdicts : set of str
        Those of all kernels.
    made_by, compiler : str
        The compiler of the counts on file, and that of the program.

    Returns
    -------
    advice : str
        A sentence.
    passed : bool
        Whether the change may land.
    """
    if compiler != made_by:
        return (
            f"The counts on file are those of {made_by}, these of {compiler}: not compared.",
            True,
        )
    if "more" in verdicts:
        return (
            f"Kernels take over {TOLERANCE:.0%} more instructions than before. If they are faster "
            "all the same, say so with numbers in the commit and run this with --update.",
            False,
        )
    if verdicts & {"new", "gone"}:
        return "The kernels are not those on file: run this with --update and commit it.", False
    if "fewer" in verdicts:
        return (
            f"Kernels take over {TOLERANCE:.0%} fewer instructions than before: run this with "
            "--update and commit the file, so that it stays so.",
            True,
        )
    return f"All within {TOLERANCE:.0%}.", True


def main() -> None:
    """Count, compare and print; or write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="counted_kernel, from a build with GATEDCORE_BENCH=ON")
    parser.add_argument("--update", action="store_true", help="write the file instead")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        raise SystemExit(
            "check_instructions: valgrind is not installed, expected it in PATH; on Debian and "
            "Ubuntu: apt-get install valgrind"
        )
    if not Path(arguments.program).is_file():
        raise SystemExit(
            f"check_instructions: there is no program '{arguments.program}', expected "
            "counted_kernel; build with -DGATEDCORE_BENCH=ON"
        )
    compiler, measured = measure(str(Path(arguments.program).resolve()))
    if arguments.update:
        content = {"compiler": compiler, "isa": "avx2", "instructions": measured}
        FILE.write_text(json.dumps(content, indent=2) + "\n")
        print(f"{FILE}: written")
        return
    on_file = json.loads(FILE.read_text())
    recorded = on_file["instructions"]
    print(table(recorded, measured))
    verdicts = set(compare(recorded, measured).values())
    advice, passed = judge(verdicts, on_file["compiler"], compiler)
    print(advice)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
