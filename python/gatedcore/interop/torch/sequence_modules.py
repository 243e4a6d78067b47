"""``nn.LSTM`` and ``nn.GRU`` on gatedcore's kernels."""

from typing import Any, NamedTuple, TypeAlias

import torch
from torch.nn.utils.rnn import PackedSequence

from gatedcore.checks import check_number
from gatedcore.interop.torch.core_calls import Layers, Operands, Results
from gatedcore.interop.torch.falling_back import reason_to_fall_back, warn_once
from gatedcore.interop.torch.layer_ops import run_layers

Tensors = tuple[torch.Tensor, ...]


Steps: TypeAlias = torch.Tensor | PackedSequence


class LSTMGates(NamedTuple):
    """Gates after activation, and cell states, of every step; each in the layout of the output."""

    i: Steps
    f: Steps
    g: Steps
    o: Steps
    c: Steps


class GRUGates(NamedTuple):
    """Gates after activation of every step; each in the layout of the output."""

    z: Steps
    r: Steps
    n: Steps


class _SequenceModule:
    """The forward pass of both; parameters, checks and their messages are those of torch.nn."""

    _cell: str
    recurrent_dropout = 0.0  # of modules that accelerate changed

    def __init__(self, *args: Any, recurrent_dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.recurrent_dropout = check_number(
            type(self).__name__, "recurrent_dropout", recurrent_dropout, 0.0, 1.0
        )

    def forward(
        self: Any,
        input: Any,  # noqa: A002  # torch's name
        hx: Any = None,
        *,
        reset: Steps | None = None,
        return_gates: bool = False,
    ) -> Any:
        """Return the outputs and the last states, as the module of torch.nn does.

        Parameters
        ----------
        input : Tensor or PackedSequence
            As for torch.nn.
        hx : Tensor, or pair of them for an LSTM, optional
            As for torch.nn.
        reset : bool Tensor, (B, T) if ``batch_first``, else (T, B); (T,) without batch, optional
            True where the states are set to zero before a step, and no gradient passes: where an
            episode begins. Of two directions the one that runs backwards is cut at the same places.
            For a PackedSequence, one of bool that is packed alike.
        return_gates : bool
            Whether to append a list of the gates of each direction of each layer, in the order of
            the last states. They have no gradients.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            What torch.nn raises for the same call; for ``reset`` and ``return_gates``, what is
            wrong with them.
        """
        own, names = self._parameters, self._flat_weights_names
        try:
            weights = [own[name] for name in names]  # much faster than through attributes
        except KeyError:  # some are computed from others, as by torch.nn.utils.weight_norm
            weights = [getattr(self, name) for name in names]
        packed = input if isinstance(input, PackedSequence) else None
        x = input if packed is None else packed.data
        states = _states(self._cell, hx)
        reason = reason_to_fall_back((x, *states, *weights))
        reason = reason or self._reason_by_shape(x, states, packed)
        if reason is not None:
            result = super().forward(input, hx)  # type: ignore[misc]  # that of torch.nn
            self._refuse_extras(reset, return_gates, reason)
            warn_once(type(self).__name__, reason)
            return result
        gates: list[Any] | None = [] if return_gates else None
        if packed is not None:
            output, last = self._run_packed(packed, states, weights, reset, gates)
        else:
            output, last = self._run_dense(x, states, weights, reset, gates)
        if gates is None:
            return output, last
        kind = LSTMGates if self._cell == "lstm" else GRUGates
        return output, last, [kind(*of_direction) for of_direction in gates]

    def extra_repr(self) -> str:
        """Return what torch.nn shows, and ``recurrent_dropout`` if there is one."""
        own = f", recurrent_dropout={self.recurrent_dropout}" if self.recurrent_dropout else ""
        shown: str = super().extra_repr()  # type: ignore[misc]  # that of torch.nn
        return shown + own

    def _refuse_extras(self: Any, reset: Any, return_gates: bool, reason: str) -> None:
        """Raise if a call asks for what only gatedcore's kernels could give it."""
        asked = [
            name
            for name, given in (
                ("reset", reset is not None),
                ("return_gates", return_gates),
                ("recurrent_dropout", self.recurrent_dropout > 0.0 and self.training),
            )
            if given
        ]
        if asked:
            raise ValueError(
                f"{type(self).__name__}: {asked[0]} came with a call that it does not serve, as "
                f"{reason}; leave {asked[0]} out or change the call"
            )

    def _check_reset(self: Any, reset: Any, expected: torch.Size) -> None:
        """Raise unless ``reset`` is one boolean for each step, where the input is."""
        where = type(self).__name__
        if not isinstance(reset, torch.Tensor) or reset.dtype != torch.bool:
            kind = reset.dtype if isinstance(reset, torch.Tensor) else type(reset).__name__
            raise TypeError(
                f"{where}: reset is {kind}, expected a tensor of torch.bool; "
                "pass a comparison, such as episode_steps == 0"
            )
        if reset.device.type != "cpu":
            raise ValueError(
                f"{where}: reset is on the device {reset.device}, expected cpu, as the input; "
                "use reset.cpu()"
            )
        if reset.shape != expected:
            batch = "(B, T)" if self.batch_first else "(T, B)"
            letters = batch if len(expected) == 2 else "(T,)"
            raise ValueError(
                f"{where}: reset has shape {tuple(reset.shape)}, expected {letters} = "
                f"{tuple(expected)}; pass one boolean for each step of the input"
            )

    def _check_packed_reset(self: Any, reset: Any, packed: PackedSequence) -> None:
        """Raise unless ``reset`` is packed as the input is."""
        where = type(self).__name__
        if not isinstance(reset, PackedSequence):
            raise TypeError(
                f"{where}: reset is {type(reset).__name__}, expected a PackedSequence, as the "
                "input; pack it with the same lengths"
            )
        same = all(
            mine is theirs
            or (mine is not None and theirs is not None and torch.equal(mine, theirs))
            for mine, theirs in zip(reset[1:3], packed[1:3], strict=True)
        )
        if not same:
            raise ValueError(
                f"{where}: reset has other batch_sizes or sorted_indices than the input, expected "
                "the same; pack it with the same lengths"
            )
        self._check_reset(reset.data, packed.data.shape[:1])

    def _factors(self: Any, x: torch.Tensor, batch_sizes: Any) -> torch.Tensor | None:
        """Return what multiplies the states of each direction: one draw for a whole sequence."""
        if self.recurrent_dropout == 0.0 or not self.training:
            return None
        rows = x.shape[0 if self.batch_first else 1] if batch_sizes is None else int(batch_sizes[0])
        directions = self.num_layers * (2 if self.bidirectional else 1)
        ones = x.new_ones(directions, rows, self.proj_size or self.hidden_size)
        return torch.nn.functional.dropout(ones, self.recurrent_dropout, training=True)

    def _reason_by_shape(self: Any, x: torch.Tensor, states: Tensors, packed: Any) -> str | None:
        """Return what PyTorch has to say of a call by its sizes, which may be an error."""
        if x.dim() not in ((2,) if packed is not None else (2, 3)):
            return "its input has an unusual shape"
        if packed is None and x.shape[1 if self.batch_first and x.dim() == 3 else 0] == 0:
            return "it has no steps"
        expected = {3} if packed is not None or x.dim() == 3 else {2}
        if not {s.dim() for s in states} <= expected:
            return "its tensors have unusual shapes"
        if len(states) not in (0, 2 if self._cell == "lstm" else 1):
            return "its states are of an unusual number"
        return None

    def _run(
        self: Any,
        x: torch.Tensor,
        states: Tensors,
        weights: list[torch.Tensor],
        *,
        batch_sizes: torch.Tensor | None = None,
        reset: torch.Tensor | None = None,
        gates: list[list[torch.Tensor]] | None = None,
    ) -> Results:
        """Check the sizes and run all layers."""
        if states:
            self.check_forward_args(x, states if self._cell == "lstm" else states[0], batch_sizes)
        else:
            self.check_input(x, batch_sizes)
        h0, c0 = (*states, None, None)[:2]
        m_h = self._factors(x, batch_sizes)
        a = Operands(x, weights, h0, c0, m_h, reset, batch_sizes)
        layers = Layers(self._cell, self.num_layers, self.bidirectional, not self.batch_first)
        if self.training and self.dropout > 0.0 and self.num_layers > 1:
            return self._run_with_dropout(layers, a, gates)
        return run_layers(layers, a, gates)

    def _run_with_dropout(
        self: Any, layers: Layers, a: Operands, gates: list[list[torch.Tensor]] | None
    ) -> Results:
        """Run layer by layer, with PyTorch's dropout in between."""
        found: list[Results] = []
        for i in range(self.num_layers):
            own = a.of_layer(i, layers)
            if i > 0:
                x = torch.nn.functional.dropout(found[-1].output, self.dropout, training=True)
                own = own._replace(x=x)
            found.append(run_layers(layers._replace(num_layers=1), own, gates))
        c_n = torch.cat([r.c_n for r in found]) if self._cell == "lstm" else None
        return Results(found[-1].output, torch.cat([r.h_n for r in found]), c_n)

    def _run_dense(
        self: Any,
        x: torch.Tensor,
        states: Tensors,
        weights: list[torch.Tensor],
        reset: Any,
        gates: list[Any] | None,
    ) -> Any:
        """Return output and last states of a batch or of a lone sequence."""
        if reset is not None:
            self._check_reset(reset, x.shape[:-1])
            reset = reset.detach()
        if x.dim() == 3:
            results = self._run(x, states, weights, reset=reset, gates=gates)
            return results.output, _as_hx(results)
        batch_axis = 0 if self.batch_first else 1
        reset = None if reset is None else reset.unsqueeze(batch_axis)
        states = tuple(s.unsqueeze(1) for s in states)
        results = self._run(x.unsqueeze(batch_axis), states, weights, reset=reset, gates=gates)
        if gates is not None:
            gates[:] = [[g.squeeze(batch_axis) for g in of_direction] for of_direction in gates]
        return results.output.squeeze(batch_axis), _as_hx(results, lambda s: s.squeeze(1))

    def _run_packed(
        self: Any,
        packed: PackedSequence,
        states: Tensors,
        weights: list[torch.Tensor],
        reset: Any,
        gates: list[Any] | None,
    ) -> Any:
        """Return output and last states of packed sequences."""
        sizes, order, back = packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices
        if reset is not None:
            self._check_packed_reset(reset, packed)
            reset = reset.data.detach()
        states = tuple(_permuted(s, order) for s in states)
        results = self._run(
            packed.data, states, weights, batch_sizes=sizes, reset=reset, gates=gates
        )
        if gates is not None:
            gates[:] = [
                [PackedSequence(g, sizes, order, back) for g in of_direction]
                for of_direction in gates
            ]
        output = PackedSequence(results.output, sizes, order, back)
        return output, _as_hx(results, lambda s: _permuted(s, back))


class LSTM(_SequenceModule, torch.nn.LSTM):
    """``torch.nn.LSTM`` on gatedcore's kernels: its arguments, parameters, state_dict and results.

    Calls that the kernels do not serve (other devices and dtypes than float32 and float64 on the
    CPU, autocast, transforms of ``torch.func``) go to PyTorch's own, with one warning for each
    reason.

    Parameters
    ----------
    *args, **kwargs
        Those of ``torch.nn.LSTM``.
    recurrent_dropout : float, keyword only
        Share of the states that are dropped on their way into the recurrent product while the
        module trains: one draw of PyTorch's generator for each sequence, the same at every step.
        The rest is scaled up to keep the mean.
    """

    _cell = "lstm"


class GRU(_SequenceModule, torch.nn.GRU):
    """``torch.nn.GRU`` on gatedcore's kernels: its arguments, parameters, state_dict and results.

    What is said of ``LSTM`` holds here too.
    """

    _cell = "gru"


def _states(cell: str, hx: Any) -> tuple[Any, ...]:
    if hx is None:
        return ()
    if cell == "gru" or isinstance(hx, torch.Tensor):
        return (hx,)
    return tuple(hx) or (hx,)  # what is empty is no pair, which PyTorch says


def _as_hx(results: Results, change: Any = None) -> Any:
    states = [s if change is None else change(s) for s in results[1:] if s is not None]
    return states[0] if len(states) == 1 else tuple(states)


def _permuted(states: torch.Tensor, order: torch.Tensor | None) -> torch.Tensor:
    return states if order is None else states.index_select(1, order)
