"""Documents with made-up times, for tests of what reads them."""

from contest import document as documents
from contest.cases import Case

PEAK = 100e9


def entry(median, work=1.0, **more):
    quartiles = {"min": 0.9 * median, "q1": 0.95 * median, "q3": 1.05 * median}
    return {"median": median, **quartiles, "samples": 9, "work": work, "disturbed": 0.0, **more}


def run(threads=1, **more):
    machine = {
        "processor": "A processor",
        "processors": 2,
        "caches": ["L1 data 32K"],
        "memory": 2**34,
        "system": "A system",
    }
    read = {"16384": 200e9, "1048576": 50e9, "268435456": 10e9} if threads == 1 else {}
    return {
        "date": "2026-01-02T03:04:05+00:00",
        "machine": machine,
        "threads": threads,
        "arguments": ["--threads", str(threads), "--json", "peers.json"],
        "absent": {},
        "versions": {"gatedcore": "0.1.0", "isa": "avx2", "compiler": "GNU 12"},
        "ceilings": {"multiply_add": threads * PEAK, "read": read},
        **more,
    }


def document(*rows, runs=None):
    """Return a document of (case, threads, results) rows; run k has k + 1 threads."""
    made = documents.empty()
    made["runs"] = runs or [run(1), run(2)]
    for case, threads, results in rows:
        documents.put(made, documents.new_row(case, threads, results, {}, threads - 1))
    return made


LSTM = Case("infer", "lstm", 100, 32, 64, 64)
