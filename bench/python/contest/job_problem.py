"""The jobs: what is trained, and its data and first weights, the same for every library."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from contest.cases import GATES

NOISE = 0.1  # standard deviation of what is added to the sine
ROUND = 10  # points of the sine in a radian
BATCHES = 4  # of random tokens, which steps take in turn


@dataclass(frozen=True)
class FitJob:
    """``fit`` of a recurrent layer and ``Dense(1)`` on windows of a noisy sine wave, mse and Adam.

    ``told`` says whether a progress bar and a callback for each batch are there.
    """

    cell: str
    activation: str
    samples: int
    T: int
    H: int
    batch: int
    validation_split: float
    told: bool = False

    @property
    def batches(self) -> int:
        """Training steps of an epoch."""
        return -(-int(self.samples * (1 - self.validation_split)) // self.batch)


@dataclass(frozen=True)
class StepJob:
    """One training step of Embedding, LSTM and ``Dense(1, "sigmoid")`` on random tokens, by Adam.

    ``rate`` is that of the LSTM's dropout and of its recurrent dropout.
    """

    words: int
    width: int
    T: int
    H: int
    batch: int
    rate: float


Job = FitJob | StepJob

JOBS: dict[str, Job] = {
    "compare-lstm": FitJob("lstm", "relu", 990, 10, 50, 32, 0.2),
    "compare-gru": FitJob("gru", "relu", 990, 10, 50, 32, 0.2),
    "sentiment": StepJob(10_000, 32, 200, 64, 128, 0.2),
    "overhead": FitJob("lstm", "tanh", 500, 1, 1, 1, 0.0, told=True),
}
KINDS: dict[str, type[FitJob] | type[StepJob]] = {"fit": FitJob, "step": StepJob}


def to_json(job: Job) -> dict[str, Any]:
    """Return a job for a request, or for the JSON file."""
    return {"kind": "fit" if isinstance(job, FitJob) else "step", **asdict(job)}


def from_json(content: dict[str, Any]) -> Job:
    """Undo ``to_json``."""
    sizes = dict(content)
    return KINDS[sizes.pop("kind")](**sizes)


def windows(job: FitJob) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows (samples, T, 1) and the value behind each (samples, 1)."""
    points = job.samples + job.T
    noise = np.random.default_rng(0).normal(0.0, NOISE, points)
    wave = (np.sin(np.arange(points) / ROUND) + noise).astype(np.float32)
    x = np.lib.stride_tricks.sliding_window_view(wave[:-1], job.T)[: job.samples]
    return x[:, :, None].copy(), wave[job.T :, None].copy()


def tokens(job: StepJob) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return batches of random tokens (batch, T) with random labels (batch, 1)."""
    rng = np.random.default_rng(0)
    return [
        (
            rng.integers(0, job.words, (job.batch, job.T), dtype=np.int32),
            rng.integers(0, 2, (job.batch, 1)).astype(np.float32),
        )
        for _ in range(BATCHES)
    ]


def first_weights(job: Job) -> list[np.ndarray]:
    """Return the weights to begin with, in Keras's order and layout, drawn as Keras draws them.

    What they are matters for time: were an LSTM's forget gates to begin without their bias of 1,
    gradients of 200 steps would end as denormal numbers, with which PyTorch and TensorFlow are
    several times slower.
    """
    rng = np.random.default_rng(1)
    features, cell = (job.width, "lstm") if isinstance(job, StepJob) else (1, job.cell)
    gates = GATES[cell] * job.H
    bias = np.zeros(gates if cell == "lstm" else (2, gates))
    if cell == "lstm":
        bias[job.H : 2 * job.H] = 1
    weights = [
        _glorot_uniform(rng, features, gates),
        np.linalg.qr(rng.standard_normal((gates, job.H)))[0].T,
        bias,
        _glorot_uniform(rng, job.H, 1),
        np.zeros(1),
    ]
    if isinstance(job, StepJob):
        weights.insert(0, rng.uniform(-0.05, 0.05, (job.words, job.width)))
    return [np.ascontiguousarray(w, np.float32) for w in weights]


def _glorot_uniform(rng: np.random.Generator, inputs: int, outputs: int) -> np.ndarray:
    bound = np.sqrt(6 / (inputs + outputs))
    return rng.uniform(-bound, bound, (inputs, outputs))
