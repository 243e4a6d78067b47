"""``nn.LSTMCell`` and ``nn.GRUCell`` on gatedcore's kernels."""

from typing import Any

import torch

from gatedcore.interop.torch.cell_calls import Step, WeightArrays, run_step
from gatedcore.interop.torch.falling_back import reason_to_fall_back, warn_once


class _CellModule:
    """The forward pass of both; parameters, checks and their messages are those of torch.nn."""

    _cell: str

    def forward(self: Any, input: Any, hx: Any = None) -> Any:  # noqa: A002  # torch's name
        """Return the states after a step, as the module of torch.nn does.

        Parameters
        ----------
        input : Tensor, (B, I) or (I,)
            The step.
        hx : Tensor, or pair of them for an LSTM, (B, H) or (H,), optional
            States before it; zeros by default.

        Raises
        ------
        ValueError, RuntimeError
            What torch.nn raises for the same call.
        """
        own = self._parameters  # much faster than through attributes
        try:
            weights = (own["weight_ih"], own["weight_hh"], own["bias_ih"], own["bias_hh"])
        except KeyError:  # some are computed from others, as by torch.nn.utils.weight_norm
            weights = (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        given = () if hx is None else (hx,) if self._cell == "gru" else tuple(hx)
        tensors = (input, *given, *(weights if weights[2] is not None else weights[:2]))
        reason = reason_to_fall_back(tensors) or self._reason_by_shape(input, given, weights)
        if reason is not None:
            result = super().forward(input, hx)  # type: ignore[misc]  # that of torch.nn
            warn_once(type(self).__name__, reason)
            return result
        lone = input.dim() == 1
        if lone:
            input, given = input.unsqueeze(0), tuple(s.unsqueeze(0) for s in given)  # noqa: A001
        h_prev, c_prev = (*given, None, None)[:2]
        # Compiled calls have no use for them, and PyTorch before 2.13 cannot trace their keeping.
        known = WeightArrays() if torch.compiler.is_compiling() else self._known_arrays()
        h, c = run_step(self._cell, Step(input, h_prev, c_prev, *weights), known)
        if lone:
            h, c = h.squeeze(0), None if c is None else c.squeeze(0)
        return h if c is None else (h, c)

    def _known_arrays(self: Any) -> WeightArrays:
        try:
            return self.__dict__["_gatedcore_arrays"]
        except KeyError:
            return self.__dict__.setdefault("_gatedcore_arrays", WeightArrays())

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state.pop("_gatedcore_arrays", None)
        return state

    def _reason_by_shape(
        self: Any, x: torch.Tensor, states: tuple[torch.Tensor, ...], weights: tuple[Any, ...]
    ) -> str | None:
        """Return what PyTorch has to say of a call by its sizes, which is an error in most."""
        H = self.hidden_size
        shape = x.shape
        if len(shape) not in (1, 2) or shape[-1] != self.input_size:
            return "its input has an unusual shape"
        expected = (H,) if len(shape) == 1 else (shape[0], H)
        if len(states) not in (0, 2 if self._cell == "lstm" else 1):
            return "its states are of an unusual number"
        if any(s.shape != expected for s in states):
            return "its states have unusual shapes"
        rows = (4 if self._cell == "lstm" else 3) * H
        if weights[0].shape != (rows, self.input_size) or weights[1].shape != (rows, H):
            return "its weights have unusual shapes"
        return None


class LSTMCell(_CellModule, torch.nn.LSTMCell):
    """``torch.nn.LSTMCell`` on gatedcore's kernels: its arguments, parameters and results.

    Calls that the kernels do not serve (other devices and dtypes than float32 and float64 on the
    CPU, autocast, transforms of ``torch.func``) go to PyTorch's own, with one warning for each
    reason.
    """

    _cell = "lstm"


class GRUCell(_CellModule, torch.nn.GRUCell):
    """``torch.nn.GRUCell`` on gatedcore's kernels: its arguments, parameters and results.

    What is said of ``LSTMCell`` holds here too.
    """

    _cell = "gru"
