"""What is known of the machine that ran a benchmark."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    known = {name.strip(): value.strip() for name, value in facts.items()}
    if "model name" not in known:
        return platform.processor() or platform.machine()
    family = f"family {known.get('cpu family', '?')} model {known.get('model', '?')}"
    return f"{known['model name']} ({family})"


def caches() -> list[str]:
    """Return the caches of the first processor, such as ``L2 1024K``."""
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (
            (index / name).read_text().strip() for name in ("level", "type", "size")
        )
        found.append(f"L{level} {kind.lower()} {size}")
    return found


def memory_bytes() -> int:
    """Return the size of the main memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def describe() -> dict[str, object]:
    """Return what stands at the head of a report."""
    return {
        "processor": processor(),
        "processors": len(os.sched_getaffinity(0)),
        "caches": caches(),
        "memory": memory_bytes(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def busy_seconds(processors: Sequence[int]) -> float:
    """Return for how long these processors have worked, or been taken by a host, since boot."""
    wanted = {f"cpu{number}" for number in processors}
    ticks = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *counts = line.split()
        if name in wanted:
            user, nice, system, _idle, _wait, irq, soft_irq, steal = map(int, counts[:8])
            ticks += user + nice + system + irq + soft_irq + steal
    return ticks / os.sysconf("SC_CLK_TCK")
