"""Modules of PyTorch in a row, recurrent ones among them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import torch


class Row(torch.nn.Sequential):  # type: ignore[misc]  # torch ships no types
    """An ``nn.Sequential`` that passes on what a recurrent module computes, not its states beside.

    Parameters
    ----------
    modules : iterable of (str, torch.nn.Module)
        Names and modules, each of which feeds the next one; recurrent ones with
        ``batch_first=True``.
    last_only : iterable of str
        Names of recurrent modules of which the last state goes on, both directions' side by side,
        and not all steps.
    """

    def __init__(
        self, modules: Iterable[tuple[str, torch.nn.Module]], last_only: Iterable[str] = ()
    ) -> None:
        super().__init__(OrderedDict(modules))
        self.last_only = tuple(last_only)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the last module makes of a batch.

        Parameters
        ----------
        x : Tensor, (B, ...)
            Input; of sequences (B, T, F).
        """
        for name, module in self.named_children():
            x = module(x)
            if isinstance(module, torch.nn.RNNBase):
                output, states = x
                x = _last(module, states) if name in self.last_only else output
        return x


def _last(module: torch.nn.RNNBase, states: Any) -> torch.Tensor:
    """Return the last hidden states of the last layer, (B, H) or (B, 2 H)."""
    h = states[0] if isinstance(states, tuple) else states
    return torch.cat(list(h[-(1 + module.bidirectional) :]), dim=-1)
