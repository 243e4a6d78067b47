"""The JSON file with the results of all runs so far: one row for each case and thread number."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contest.cases import Case

FORMAT = 1
JOBS_FORMAT = "jobs 1"  # of what jobs.py writes: one run, results by job
# A share of the processors' time that somebody else used, above which a time is marked.
DISTURBED = 0.1

Document = dict[str, Any]
Row = dict[str, Any]


def empty() -> Document:
    """Return a document without rows."""
    return {"format": FORMAT, "runs": [], "rows": []}


def load(path: Path, wanted: int | str = FORMAT, program: str = "peers.py") -> Document:
    """Read a document that a program wrote.

    Raises
    ------
    ValueError
        If it is none of this format.
    """
    document = json.loads(path.read_text())
    if not isinstance(document, dict) or document.get("format") != wanted:
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise ValueError(
            f"{path}: format is {found!r}, expected {wanted!r}; measure anew with {program}"
        )
    return document


def save(document: Document, path: Path) -> None:
    """Write a document, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(document, indent=1) + "\n")
    fresh.replace(path)


def case_of(row: Row) -> Case:
    """Return the case of a row."""
    return Case(**row["case"])


def key_of(row: Row) -> tuple[Case, int]:
    """Return what a document has one row of."""
    return case_of(row), row["threads"]


def is_disturbed(row: Row) -> bool:
    """Return whether somebody else used the processors during any of a row's times."""
    return any(entry["disturbed"] > DISTURBED for entry in row["results"].values())


def new_row(
    case: Case, threads: int, results: dict[str, Any], skipped: dict[str, str], run: int
) -> Row:
    """Return a row of the document."""
    return {
        "case": asdict(case),
        "threads": threads,
        "run": run,
        "results": results,
        "skipped": skipped,
    }


def put(document: Document, row: Row) -> None:
    """Put a row in the place of that of the same case and threads: a row is of one run alone."""
    for index, old in enumerate(document["rows"]):
        if key_of(old) == key_of(row):
            document["rows"][index] = row
            return
    document["rows"].append(row)


def merge(documents: Iterable[Document]) -> Document:
    """Return all rows of several documents; of equal ones that of the last document."""
    merged = empty()
    for document in documents:
        first = len(merged["runs"])
        merged["runs"].extend(document["runs"])
        for row in document["rows"]:
            put(merged, {**row, "run": first + row["run"]})
    return merged


def missing(document: Document, wanted: Iterable[tuple[Case, int]]) -> list[tuple[Case, int]]:
    """Return what has no row yet."""
    known = {key_of(row) for row in document["rows"]}
    return [key for key in wanted if key not in known]


def missing_or_disturbed(
    document: Document, wanted: Iterable[tuple[Case, int]]
) -> list[tuple[Case, int]]:
    """Return what has no row yet, or one that was disturbed."""
    quiet = {key_of(row) for row in document["rows"] if not is_disturbed(row)}
    return [key for key in wanted if key not in quiet]
