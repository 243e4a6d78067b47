"""What it costs to have gatedcore: time of the import over NumPy's, and size on disk.

Usage: python bench/python/bench_import.py [--runs 21] [--wheel dist/gatedcore-*.whl]

Each time is that of a fresh process, measured inside it around the import statement, with compiled
bytecode in place; numpy is imported first, so that what is left is gatedcore's own. The two kinds
of process take turns, so that a slow phase of the machine meets both.
"""

import argparse
import platform
import statistics
import subprocess
import sys
from pathlib import Path

IMPORT_BUDGET_MS = 60.0
WHEEL_BUDGET_BYTES = 2 * 1024 * 1024

TIMED = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
AFTER_NUMPY = "import numpy; " + TIMED.format("gatedcore")
NUMPY = TIMED.format("numpy")


def milliseconds(program: str) -> float:
    """Run a program in a fresh interpreter; return the seconds that it prints, times 1000."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return 1e3 * float(done.stdout)


def summary(name: str, times: list[float]) -> str:
    """Return median and quartiles in one line."""
    low, median, high = statistics.quantiles(times, n=4)
    return f"{name:34} {median:7.1f} ms  (quartiles {low:.1f} to {high:.1f})"


def package_bytes() -> int:
    """Return the size of the installed package, bytecode left out."""
    import gatedcore

    folder = Path(gatedcore.__file__).parent
    files = [f for f in folder.rglob("*") if f.is_file() and f.suffix != ".pyc"]
    return sum(f.stat().st_size for f in files)


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--wheel", type=Path)
    arguments = parser.parse_args()

    milliseconds(AFTER_NUMPY)  # writes the bytecode
    numpy_times, own_times = [], []
    for _ in range(arguments.runs):
        numpy_times.append(milliseconds(NUMPY))
        own_times.append(milliseconds(AFTER_NUMPY))
    own = statistics.median(own_times)
    print(f"{platform.machine()}, Python {platform.python_version()}, {arguments.runs} runs")
    print(summary("import numpy", numpy_times))
    print(summary("import gatedcore after numpy", own_times))
    print(f"{'package on disk':34} {package_bytes() / 1024:7.0f} KiB")
    broken = [f"the import takes {own:.1f} ms"] if own > IMPORT_BUDGET_MS else []
    if arguments.wheel:
        size = arguments.wheel.stat().st_size
        print(f"{'wheel':34} {size / 1024:7.0f} KiB")
        if size > WHEEL_BUDGET_BYTES:
            broken.append(f"the wheel has {size} bytes")
    if broken:
        raise SystemExit(
            f"bench_import: {', '.join(broken)}, expected at most {IMPORT_BUDGET_MS:.0f} ms "
            f"and {WHEEL_BUDGET_BYTES} bytes"
        )


if __name__ == "__main__":
    main()
