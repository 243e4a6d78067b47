"""Writes docs/jobs.md from what ``jobs.py`` measured: every library, the faster ones included.

python bench/python/jobs_report.py jobs.json [--out docs/jobs.md]
"""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contest import document as documents
from contest.figures import OWN, mark
from contest.job_figures import EPOCHS, faster, peers_of, spent, verdicts, whole
from contest.job_problem import FitJob, Job, StepJob, from_json
from contest.text import machine_text, markdown, ratio_text, threads_text, time_text
from contest.trainers import DIFFERENT

ROOT = Path(__file__).resolve().parents[2]
TITLES = {
    "compare-lstm": "An LSTM on a noisy sine wave",
    "compare-gru": "A GRU on a noisy sine wave",
    "sentiment": "A training step on film reviews",
    "overhead": "What a batch costs beside its arithmetic",
}
WAYS = {
    "keras-tensorflow": "Keras with the TensorFlow backend and the defaults of `compile`",
    "keras-jax": "Keras with the JAX backend",
    "torch": "a training loop over slices of the arrays, Adam in one fused pass; where the layer "
    "has relu, which `nn.LSTM` and `nn.GRU` do not know, its equations are written out",
    "torch-tanh": "the same loop on `nn.LSTM` and `nn.GRU`, with tanh instead of relu",
}

Document = dict[str, Any]
Result = Mapping[str, Any]


def report(document: Document) -> str:
    """Return the whole page."""
    sections = [head(document), how(document), overview(document)]
    sections += [section(name, found, document) for name, found in document["jobs"].items()]
    sections.append(left_out(document))
    return "\n".join(line for lines in sections for line in lines).rstrip() + "\n"


def head(document: Document) -> list[str]:
    """Return title, machine and versions."""
    versions = dict(document["versions"])
    isa, compiler = versions.pop("isa", "?"), versions.pop("compiler", "?")
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return [
        "# Whole jobs beside Keras and PyTorch",
        "",
        "<!-- Written by bench/python/jobs_report.py from what bench/python/jobs.py measured. -->",
        "",
        f"- **Machine**: {machine_text(document['machine'])}.",
        f"- **Versions**: {named}; gatedcore's kernels are {isa}, built by {compiler}.",
        f"- **Measured** {document['date'][:10]}, {threads_text(document['threads'])}.",
        "",
    ]


def how(document: Document) -> list[str]:
    """Return how the numbers came about."""
    timed = {name for found in document["jobs"].values() for name in found["results"]}
    ways = "; ".join(f"*{name}* is {way}" for name, way in WAYS.items() if name in timed)
    fitted = f"the median of {document['rounds']} whole fits"
    if document["epochs"] != EPOCHS:
        fitted = (
            f"the first epoch plus {EPOCHS - 1} times the median of the later ones, in "
            f"{document['rounds']} fits of {document['epochs']} epochs"
        )
    given = [Path(text).name for text in document["arguments"]]  # no folders of here
    return [
        "## How it was measured",
        "",
        "Each library runs in a process of its own, pinned to the same processors, with as many "
        "threads, in float32. All begin with the same weights, see the same batches in the same "
        "order, and use Adam as Keras has it. They take turns, a fit or some steps at a time; "
        "times are medians, with quartiles in brackets.",
        "",
        f"- {ways}." if ways else "- gatedcore is alone.",
        "- The *first* epoch or step is told apart: there, libraries compile. Each fit is one of a "
        f"new model. The time of {EPOCHS} epochs is {fitted}.",
        f"- What was learned is compared{differences(document)}.",
        f"- `~` marks times during which other programs took more than "
        f"{documents.DISTURBED:.0%} of a processor. **Bold** factors are below 1: there, "
        "gatedcore is the slower one.",
        "",
        "```sh",
        shlex.join(["python", "bench/python/jobs.py", *given]),
        "python bench/python/jobs_report.py jobs.json",
        "```",
        "",
    ]


def differences(document: Document) -> str:
    """Return by how much libraries differ in what they learned."""
    words = {
        "fit": "losses of all epochs differ by at most {:.0e} of themselves",
        "step": "predictions after a few steps without dropout by at most {:.0e} of how far the "
        "steps moved them (Keras on TensorFlow squares the gradients of an embedding token by "
        "token, others square their sum)",
    }
    found = []
    for kind, text in words.items():
        apart = [
            result["apart"]
            for content in document["jobs"].values()
            if content["job"]["kind"] == kind
            for result in content["results"].values()
            if "apart" in result
        ]
        if apart:
            found.append(text.format(max(apart)))
    return ": " + ", ".join(found) if found else ""


def overview(document: Document) -> list[str]:
    """Return every target in one table."""
    rows = [
        [TITLES[name], verdict.wanted, verdict.reached, "met" if verdict.met else "**missed**"]
        for name, found in document["jobs"].items()
        for verdict in verdicts(from_json(found["job"]), found["results"], document["epochs"])
    ]
    if not rows:
        return []
    met = sum(row[-1] == "met" for row in rows)
    lines = ["## Targets", "", f"{met} of {len(rows)} met.", ""]
    return lines + markdown(["job", "wanted", "reached", ""], rows)


def section(name: str, found: Mapping[str, Any], document: Document) -> list[str]:
    """Return what a job is, and all its times."""
    job, results, epochs = from_json(found["job"]), found["results"], document["epochs"]
    ordered = sorted(results, key=lambda library: spent(job, results[library], epochs))
    rows = [
        [
            f"{library} ({DIFFERENT[library]})" if library in DIFFERENT else library,
            *cells(job, results[library], epochs),
            ratio_text(faster(job, results, library, epochs)) if library != OWN else "",
        ]
        for library in ordered
    ]
    columns = ["library", *titles(job), "gatedcore is faster by"]
    lines = [f"## {TITLES[name]}", "", described(job), "", *markdown(columns, rows)]
    if isinstance(job, FitJob) and not job.told:
        lines += [learned(results, epochs), ""]
    return lines


def described(job: Job) -> str:
    """Return a job in a sentence."""
    if isinstance(job, StepJob):
        return (
            f"`Embedding({job.words}, {job.width})`, `LSTM({job.H}, dropout={job.rate}, "
            f'recurrent_dropout={job.rate})`, `Dense(1, activation="sigmoid")`: forward, backward '
            f"and Adam by `train_on_batch`, on batches of {job.batch} sequences of {job.T} random "
            "tokens. PyTorch has no recurrent dropout and does without."
        )
    layer = f"{job.cell.upper()}({job.H}"
    layer += ")" if job.activation == "tanh" else f', activation="{job.activation}")'
    if job.told:
        return (
            f"`{layer}` and `Dense(1)`, {job.T} step of 1 feature, batch size {job.batch}: `fit` "
            "with its History, a progress bar and a callback that reads the loss of each batch. "
            "The times of a batch are those of an epoch over its batches."
        )
    return (
        f"`{layer}` and `Dense(1)`: `fit` on {job.samples} windows of {job.T} values of a noisy "
        f"sine wave, batch size {job.batch}, validation_split={job.validation_split}, mse."
    )


def titles(job: Job) -> list[str]:
    """Return the columns of a job's times."""
    if isinstance(job, StepJob):
        return ["a step", "the first step"]
    if job.told:
        return ["a batch", "the first epoch"]
    return [f"{EPOCHS} epochs", "the first epoch", "each later one"]


def cells(job: Job, result: Result, epochs: int) -> list[str]:
    """Return a library's times."""
    sign = mark(dict(result))
    first = f"{time_text(result['first']['median'])}{sign}"
    if isinstance(job, StepJob):
        return [f"{spread(result['later'])}{sign}", first]
    if job.told:
        return [f"{spread(result['later'], job.batches)}{sign}", first]
    total = f"{time_text(whole(result, epochs))}{sign}"
    return [total, first, f"{spread(result['later'])}{sign}"]


def spread(times: Mapping[str, float], parts: int = 1) -> str:
    """Return a median and its quartiles, of a part of what was timed."""
    median, low, high = (time_text(times[key] / parts) for key in ("median", "q1", "q3"))
    return f"{median} ({low} to {high})"


def learned(results: Mapping[str, Result], epochs: int) -> str:
    """Return the losses at the end."""
    same = [name for name in (OWN, *peers_of(results)) if name in results]
    losses = ", ".join(f"{name} {results[name]['losses']['val_loss'][-1]:.6f}" for name in same)
    return f"Validation loss after {epochs} epochs: {losses}."


def left_out(document: Document) -> list[str]:
    """Return who was not there, and who did not do the same."""
    lines = [f"- {name} was not installed: {why}" for name, why in document["absent"].items()]
    lines += [
        f"- {TITLES[name]}, without {library}: {reason}"
        for name, found in document["jobs"].items()
        for library, reason in found["skipped"].items()
    ]
    return ["## Left out", "", *lines, ""] if lines else []


def main() -> None:
    """Read, write, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="what jobs.py wrote")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "jobs.md")
    arguments = parser.parse_args()
    document = documents.load(arguments.file, documents.JOBS_FORMAT, "jobs.py")
    arguments.out.write_text(report(document))
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()
