"""Check a built wheel against its promises: size, manylinux tag, exported symbols, libraries.

Usage: python scripts/check_wheel.py dist/gatedcore-*.whl
Needs auditwheel in this Python's environment, and nm and readelf.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

MOST_BYTES = 2 * 1024 * 1024
NEWEST_GLIBC = (2, 28)
LIBRARIES = {"libc.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0"}


def output_of(*command: str) -> str:
    """Return what a command prints; stop where it fails."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check_size(wheel: Path) -> str:
    """Check the size of the file that users download."""
    size = wheel.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{wheel.name}: is {size} bytes, expected at most {MOST_BYTES}")
    return f"{size} bytes, at most {MOST_BYTES}"


def check_platform(wheel: Path) -> str:
    """Check that the wheel loads where glibc is as old as manylinux_2_28 has it."""
    text = output_of(sys.executable, "-m", "auditwheel", "show", str(wheel))
    # The tag is in quotes after this phrase; lines are wrapped anywhere.
    consistent = re.search(
        r'is consistent with the following platform tag: "([^"]+)"', " ".join(text.split())
    )
    tag = re.match(r"manylinux_(\d+)_(\d+)_", consistent[1]) if consistent else None
    if tag is None or (int(tag[1]), int(tag[2])) > NEWEST_GLIBC:
        raise SystemExit(
            f"{wheel.name}: expected a tag no newer than manylinux_2_28; see "
            f"cpp/bindings/old_glibc.cpp; auditwheel show says:\n{text}"
        )
    return tag.string


def check_module(wheel: Path) -> str:
    """Check that the module shows its entry point alone, is stripped, and needs what it may."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".so")]
        module = archive.extract(name, folder)
        symbols = output_of("nm", "--dynamic", "--defined-only", "--format=posix", module)
        sections = output_of("readelf", "--wide", "--sections", module)
        dynamic = output_of("readelf", "--wide", "--dynamic", module)
    exported = {line.split()[0] for line in symbols.splitlines()}
    if exported != {"PyInit__core"}:
        raise SystemExit(f"{name}: exports {sorted(exported)}, expected PyInit__core alone")
    if ".symtab" in sections:
        raise SystemExit(f"{name}: has a symbol table, expected a stripped module")
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))
    unexpected = {n for n in needed - LIBRARIES if not n.startswith("ld-linux")}
    if unexpected:
        raise SystemExit(
            f"{name}: needs {sorted(unexpected)}, expected some of {sorted(LIBRARIES)}"
        )
    return f"exports PyInit__core, needs {', '.join(sorted(needed))}"


def main() -> None:
    """Check one wheel and print what was found."""
    wheel = Path(sys.argv[1])
    print(f"{wheel.name}: {check_size(wheel)}")
    print(f"{wheel.name}: {check_platform(wheel)}")
    print(f"{wheel.name}: {check_module(wheel)}")


if __name__ == "__main__":
    main()
