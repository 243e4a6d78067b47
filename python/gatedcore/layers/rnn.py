"""A layer around a cell, and several cells as one."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from gatedcore.arrays import Array, Shape
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.cell import Cell
from gatedcore.layers.recurrence import Manner, Recurrence, States
from gatedcore.layers.sequence import SequenceLayer
from gatedcore.layers.vjp import Gradients
from gatedcore.layers.wrappers import Wrapper
from gatedcore.layers.written_cell import as_recurrence

SEED: Mapping[str, tuple[object, ...]] = {"seed": (None,)}  # the cells draw, with theirs


class StackedRNNCells(Wrapper, Cell):
    """Several cells as one: at each step, each gets the output of the one before it.

    Parameters
    ----------
    cells : list of cells
        The first one gets the input.
    **base
        ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If there is none, one is no cell, or belongs to another layer.
    """

    attribute_of: ClassVar[Mapping[str, str | None]] = {**Layer.attribute_of, "layer": None}
    of_cells = True

    def __init__(self, cells: Sequence[Cell], **base: Any) -> None:
        where = type(self).__name__
        if not isinstance(cells, list | tuple) or not cells:
            raise TypeError(
                f"{where}: cells is {cells!r}, expected a list of cells; pass objects such as "
                "[gatedcore.LSTMCell(32), gatedcore.LSTMCell(32)]"
            )
        reject_unsupported(where, {"seed": base.pop("seed", None)}, SEED)
        for cell in cells:
            self.check_within(where, cell)
        self.cells = list(cells)
        super().__init__(self.cells[0], **base)
        self.hold()

    def within(self) -> dict[str, Layer]:
        return {f"cell_{index}_": cell for index, cell in enumerate(self.cells)}

    def shapes_within(self, input_shape: Shape) -> list[Shape]:
        features = [input_shape[-1], *(part.output_size for part in self.parts[:-1])]
        return [(input_shape[0], size) for size in features]

    @property
    def parts(self) -> list[Recurrence]:
        """What runs a sequence, of each cell."""
        return [as_recurrence(cell) for cell in self.cells]

    @property
    def state_names(self) -> tuple[str, ...]:
        return tuple(
            f"{name}_{index}" for index, part in enumerate(self.parts) for name in part.state_names
        )

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return tuple(size for part in self.parts for size in part.state_sizes)

    @property
    def state_size(self) -> list[Any]:
        return [cell.state_size for cell in self.cells]

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return a list of the states of each cell before the first step: zeros."""
        return self.parted(super().get_initial_state(batch_size))

    @property
    def output_size(self) -> int:
        return self.parts[-1].output_size

    @property
    def draws(self) -> bool:
        return any(getattr(cell, "draws", False) for cell in self.cells)

    def __call__(  # type: ignore[override]  # Keras's order
        self, x: object, states: object, training: bool = False
    ) -> tuple[Array, list[Any]]:
        """Run one step of all cells; build them first if they are not.

        Parameters
        ----------
        x : array-like, (B, I)
            Input of the step; no unit.
        states : list
            The states of each cell, as the cell takes them, or all in one list.
        training : bool
            With dropout an error: a layer around the cells draws for a whole sequence.

        Returns
        -------
        y : ndarray, (B, O)
            Output of the last cell.
        states : list
            The states of each cell after the step: a list, or an array where it came as one.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the cells.
        """
        array, before = self.take_step(x, self.flat(states), training)
        given = (
            states if isinstance(states, list | tuple) and len(states) == len(self.cells) else []
        )
        last: list[Any] = []
        for index, (cell, own) in enumerate(zip(self.cells, self.parted(before), strict=True)):
            array, after = cell(array, own)
            after = list(after) if isinstance(after, list | tuple) else [after]
            last.append(after if isinstance(given[index], list | tuple) else after[0])
        return array, last

    # States, which are one list within the library and a list for each cell without.

    def flat(self, states: object) -> object:
        """Return states, of each cell or all in one list, in one list."""
        if not isinstance(states, list | tuple):
            return states
        flat: list[object] = []
        for part in states:
            flat += part if isinstance(part, list | tuple) else [part]
        return flat

    def parted(self, states: Sequence[Any]) -> list[list[Any]]:
        """Return a list of the states of each cell."""
        rest, parts = list(states), []
        for part in self.parts:
            count = len(part.state_names)
            parts.append(rest[:count])
            rest = rest[count:]
        return parts

    # One cell after the other over all steps.

    def _manners(self, manner: Manner) -> list[Manner]:
        """Return how each cell runs: the first turns the steps round, the last decides the rest."""
        between = manner._replace(return_sequences=True, zero_output_for_mask=False)
        manners = [between] * (len(self.cells) - 1) + [manner]
        return [m._replace(go_backwards=m.go_backwards and i == 0) for i, m in enumerate(manners)]

    def run_over(
        self, x: Array, states: States, manner: Manner, mask: Mask | None
    ) -> tuple[Array, list[Array], Any]:
        kept, last, y = [], [], x
        parts = zip(self.parts, self._manners(manner), self.parted(states), strict=True)
        for part, how, own in parts:
            y, after, saved = part.run_over(y, own, how, mask)
            last += after
            kept.append(saved)
            if mask is not None and how.go_backwards:
                mask = mask[:, ::-1]
        return y, last, kept

    def run_back(
        self, saved: Any, d_y: Array | None, d_states: States, manner: Manner, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        manners, arriving, parts = self._manners(manner), self.parted(d_states), self.parts
        d_first: list[list[Array]] = [[] for _ in self.cells]
        for index in range(len(self.cells) - 1, -1, -1):
            need = need_d_x or index > 0
            d_y, d_first[index] = parts[index].run_back(
                saved[index], d_y, arriving[index], manners[index], need
            )
        return d_y, [d for of_cell in d_first for d in of_cell]


class RNN(Wrapper, SequenceLayer):
    """A cell over a sequence.

    Cells of this library run as the layers of their kind do, LSTM and GRU in the fused kernels,
    with the same bits.

    Parameters
    ----------
    cell : cell or list of cells
        ``LSTMCell``, ``GRUCell``, ``SimpleRNNCell``, a cell of your own (docs/custom.md), or
        ``StackedRNNCells``, which a list becomes.
    return_sequences : bool
        Whether to return the output of every step instead of the last.
    return_state : bool
        Whether a call returns ``(output, *states)``; of stacked cells a list of each one's states.
    go_backwards : bool
        Whether the last step comes first; the output stays in that order.
    stateful : bool
        Whether a batch begins with the states after the one before it, row by row, until
        ``reset_states()``; gradients stop where a batch begins.
    zero_output_for_mask : bool
        Whether a sequence returned is zero where the mask of the call is False; by default it
        repeats the output of the last step that counts.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``. Cells have the seeds. Other
        arguments of Keras are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported, or the cell belongs to another layer.

    References
    ----------
    Keras 3, ``keras.layers.RNN``.
    """

    attribute_of: ClassVar[Mapping[str, str | None]] = {**Layer.attribute_of, "layer": None}
    of_cells = True

    def __init__(
        self,
        cell: Cell | Sequence[Cell],
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        *,
        zero_output_for_mask: bool = False,
        **base: Any,
    ) -> None:
        reject_unsupported(type(self).__name__, {"seed": base.pop("seed", None)}, SEED)
        one = StackedRNNCells(cell) if isinstance(cell, list | tuple) else cast(Cell, cell)
        super().__init__(
            one,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            zero_output_for_mask=zero_output_for_mask,
            stateful=stateful,
            **base,
        )
        self.cell: Cell = one
        self.hold()

    @property
    def recurrence(self) -> Recurrence:
        return as_recurrence(self.cell)

    @property
    def state_names(self) -> tuple[str, ...]:
        return self.recurrence.state_names

    def within(self) -> dict[str, Layer]:
        return {"": self.cell}

    def shapes_within(self, input_shape: Shape) -> list[Shape]:
        return [(input_shape[0], input_shape[-1])]

    def reset_states(self) -> None:
        SequenceLayer.reset_states(self)

    def __call__(  # type: ignore[override]  # Keras's order
        self,
        x: object,
        initial_state: object = None,
        mask: object = None,
        training: bool | None = None,
        **keras: object,
    ) -> Any:
        """Run the cell over an array, as a call of ``LSTM`` does.

        Parameters
        ----------
        x, mask, training
            As of ``LSTM``.
        initial_state : list of array-likes (B, size), one for each state, optional
            Of stacked cells the states of each, or all in one list. Zeros by default.

        Returns
        -------
        ndarray, (B, T, O) or (B, O), or tuple ``(output, *states)`` with ``return_state``
            Outputs of all steps or of the last, the last states.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layer.
        """
        stacked = self.cell if isinstance(self.cell, StackedRNNCells) else None
        if stacked is not None:
            initial_state = stacked.flat(initial_state)
        returned = super().__call__(x, initial_state, mask, training, **keras)
        if stacked is None or not self.return_state:
            return returned
        y, *states = returned
        return (y, *stacked.parted(states))

    def vjp(
        self,
        x: object,
        upstream: object,
        *,
        mask: object = None,
        initial_state: object = None,
        training: bool = False,
    ) -> Gradients:
        """Return the gradients of ``sum(upstream * output)``, as training computes them.

        Parameters
        ----------
        x, upstream, mask, initial_state, training
            As of every layer; the states of stacked cells as a call takes and returns them, in
            ``upstream`` too.

        Returns
        -------
        Gradients
            Those of the initial state as a call takes it.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layer.
        """
        stacked = self.cell if isinstance(self.cell, StackedRNNCells) else None
        if stacked is not None:
            initial_state = stacked.flat(initial_state)
            upstream = stacked.flat(upstream) if self.return_state else upstream
        given = {"mask": mask, "initial_state": initial_state, "training": training}
        found = super().vjp(x, upstream, **given)  # type: ignore[arg-type]  # as they came
        if stacked is None or not found.initial_state:
            return found
        nested: Any = stacked.parted(found.initial_state)
        return found._replace(initial_state=nested)
