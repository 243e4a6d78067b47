"""PyTorch: a training loop over slices, Adam in one fused pass.

``nn.LSTM`` and ``nn.GRU`` know tanh alone: with another activation the cell is written out, as a
user would have to. ``torch-tanh`` is the same job on these modules.
"""

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from contest.adapters import NotOfferedError
from contest.adapters.pytorch import ORDER
from contest.job_problem import FitJob, StepJob, first_weights, tokens, windows
from contest.problem import reorder
from contest.trainers import Losses, Steps

EPSILON, SECOND_DECAY = 1e-7, 0.999  # Keras's Adam


class Adam(torch.optim.Adam):
    """Adam with Keras's epsilon, which is added before the second moment is corrected.

    Gradients of an embedding are so small that this shows after one step.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        super().__init__(parameters, betas=(0.9, SECOND_DECAY), fused=True)
        self._taken = 0

    def step(self, closure: Any = None) -> Any:
        """Take a step."""
        self._taken += 1
        for group in self.param_groups:
            group["eps"] = EPSILON / math.sqrt(1 - SECOND_DECAY**self._taken)
        return super().step(closure)


class Written(torch.nn.Module):
    """A layer as the equations say, its gates in gatedcore's order; returns the last state."""

    def __init__(self, weights: list[np.ndarray], activation: str) -> None:
        super().__init__()
        kernel, recurrent, bias = (torch.from_numpy(w.T.copy()) for w in weights)
        self.kernel, self.recurrent = torch.nn.Parameter(kernel), torch.nn.Parameter(recurrent)
        self.bias = torch.nn.Parameter(bias)
        self.activation = {"relu": torch.relu, "tanh": torch.tanh}[activation]


class WrittenLSTM(Written):
    """The LSTM."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the last hidden state (B, H) of a batch (B, T, I)."""
        h = c = x.new_zeros(len(x), self.recurrent.shape[1])
        for a_x in functional.linear(x, self.kernel, self.bias).unbind(1):
            i, f, g, o = (a_x + functional.linear(h, self.recurrent)).chunk(4, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * self.activation(g)
            h = torch.sigmoid(o) * self.activation(c)
        return h


class WrittenGRU(Written):
    """The GRU that resets after the product."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the last hidden state (B, H) of a batch (B, T, I)."""
        h = x.new_zeros(len(x), self.recurrent.shape[1])
        b_x, b_h = self.bias.unbind(1)
        for a_x in functional.linear(x, self.kernel, b_x).unbind(1):
            z_x, r_x, n_x = a_x.chunk(3, -1)
            z_h, r_h, n_h = functional.linear(h, self.recurrent, b_h).chunk(3, -1)
            z = torch.sigmoid(z_x + z_h)
            h = z * h + (1 - z) * self.activation(n_x + torch.sigmoid(r_x + r_h) * n_h)
        return h


class Fused(torch.nn.Module):
    """``nn.LSTM`` or ``nn.GRU``; returns the last hidden state."""

    def __init__(self, weights: list[np.ndarray], cell: str) -> None:
        super().__init__()
        kernel, recurrent, bias = (reorder(w, ORDER[cell]) for w in weights)
        biases = bias if cell == "gru" else np.stack([bias, 0 * bias])
        kind = torch.nn.LSTM if cell == "lstm" else torch.nn.GRU
        self.layer = kind(kernel.shape[0], recurrent.shape[0], batch_first=True)
        values = (kernel.T, recurrent.T, *biases)
        with torch.no_grad():
            for parameter, value in zip(self.layer.parameters(), values, strict=True):
                parameter.copy_(torch.from_numpy(value.copy()))
        if cell == "lstm":  # two biases that are added would learn twice as fast as one
            self.layer.bias_hh_l0.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the last hidden state (B, H) of a batch (B, T, I)."""
        return self.layer(x)[0][:, -1]


class Classifier(torch.nn.Module):
    """Embedding, dropout with one mask for each sequence, LSTM, and a linear output."""

    def __init__(self, job: StepJob) -> None:
        super().__init__()
        embedding, *recurrent, weight, bias = first_weights(job)
        self.embedding = torch.nn.Embedding.from_pretrained(
            torch.from_numpy(embedding), freeze=False
        )
        self.recurrent = Fused(recurrent, "lstm")
        self.dense = linear(weight, bias)
        self.rate = job.rate

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, 1) of tokens (B, T)."""
        x = self.embedding(numbers)
        if self.training and self.rate:
            x = x * functional.dropout(x.new_ones(len(x), 1, x.shape[2]), self.rate)
        logits: torch.Tensor = self.dense(self.recurrent(x))
        return logits


def linear(weight: np.ndarray, bias: np.ndarray) -> torch.nn.Linear:
    """Return a linear layer with these weights, (in, out) as Keras's."""
    made = torch.nn.Linear(*weight.shape)
    with torch.no_grad():
        made.weight.copy_(torch.from_numpy(weight.T.copy()))
        made.bias.copy_(torch.from_numpy(bias))
    return made


class PyTorch:
    """PyTorch in its own process."""

    def __init__(self, threads: int, *, modules: bool) -> None:
        torch.set_num_threads(threads)
        self._modules = modules

    def versions(self) -> dict[str, str]:
        """Return PyTorch's version."""
        return {"torch": torch.__version__}

    def fit(self, job: FitJob) -> Callable[[int, Callable[[], None]], Losses]:
        """Return a run of a new model."""
        if job.told:
            raise NotOfferedError("has no fit with a progress bar and callbacks")
        *recurrent, weight, bias = first_weights(job)
        written = WrittenLSTM if job.cell == "lstm" else WrittenGRU
        layer = Fused(recurrent, job.cell) if self._modules else written(recurrent, job.activation)
        model = torch.nn.Sequential(layer, linear(weight, bias))
        optimizer = Adam(model.parameters())
        x, y = map(torch.from_numpy, windows(job))
        kept = int(len(x) * (1 - job.validation_split))
        training = list(zip(x[:kept].split(job.batch), y[:kept].split(job.batch), strict=True))
        held = list(zip(x[kept:].split(job.batch), y[kept:].split(job.batch), strict=True))

        def run(epochs: int, mark: Callable[[], None]) -> Losses:
            losses: dict[str, list[float]] = {"loss": [], "val_loss": []}
            for _ in range(epochs):
                total = 0.0
                for x_batch, y_batch in training:
                    optimizer.zero_grad(set_to_none=True)
                    loss = functional.mse_loss(model(x_batch), y_batch)
                    loss.backward()
                    optimizer.step()
                    total += loss.item() * len(x_batch)
                losses["loss"].append(total / kept)
                with torch.inference_mode():
                    total = sum(functional.mse_loss(model(a), b).item() * len(a) for a, b in held)
                losses["val_loss"].append(total / max(1, len(x) - kept))
                mark()
            return losses

        return run

    def steps(self, job: StepJob) -> Steps:
        """Return a new model."""
        if self._modules:
            raise NotOfferedError("is timed on the jobs with relu")
        model = Classifier(job)
        optimizer = Adam(model.parameters())
        batches = [(torch.from_numpy(a), torch.from_numpy(b)) for a, b in tokens(job)]
        following = itertools.cycle(batches)

        def step() -> float:
            numbers, labels = next(following)
            optimizer.zero_grad(set_to_none=True)
            loss = functional.binary_cross_entropy_with_logits(model(numbers), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        def predict() -> np.ndarray:
            model.eval()
            with torch.inference_mode():
                found = torch.sigmoid(model(batches[0][0])).numpy()
            model.train()
            return found

        return Steps(step, predict)


def trainer(library: str, threads: int) -> PyTorch:
    """Return the trainer."""
    return PyTorch(threads, modules=library == "torch-tanh")
