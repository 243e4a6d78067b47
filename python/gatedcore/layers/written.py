"""Layers and cells of a user's own: ``add_weight``, ``build`` and ``call``, and what runs them."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gatedcore import constraints, initializers, regularizers
from gatedcore.arrays import Array, Shape, as_contiguous
from gatedcore.checks import check_bool, check_count
from gatedcore.layers.building import Draws
from gatedcore.layers.calling import Called, Mask
from gatedcore.layers.trial import tried_shape
from gatedcore.layers.weighted import Rule
from gatedcore.layers.written_cell import CellLoop, step
from gatedcore.layers.written_class import SEE, Wants, check_names, wants_of
from gatedcore.parameters import ParameterVector

KEPT_SHAPES = 64  # enough for batches of many lengths, and no memory to speak of


class Written(Called):
    """What a layer is that says in ``call`` what it computes.

    A subclass of ``Layer`` that has ``call`` writes weights in ``build`` with ``add_weight``, and
    for training ``backward(d_y)``. Every attribute that ``call`` sets is there again when
    ``backward`` runs, whatever ran in between.

    Attributes
    ----------
    supports_masking : bool
        Whether the mask of the input is that of the output too; by default it ends here.
    """

    supports_masking = False
    is_cell: ClassVar[bool] = False
    seed: Any
    _wants: ClassVar[Wants | None] = None  # None of the library's own layers

    _declared: dict[str, Array] | None = None  # the weights so far, while ``build`` runs
    _first: Mapping[str, Array] | None = None  # what ``add_weight`` returned, before ``adopt``
    _fixed: frozenset[str] = frozenset()  # weights that training leaves alone
    _drawn_by: Draws | None = None
    _shapes: Mapping[Shape, Shape] | None = None
    _noted: set[str] | None = None  # names of the attributes set so far, while ``call`` runs

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        call = getattr(cls, "call", None)
        if call is None:
            return
        check_names(cls)
        cls._wants = wants_of(cls.__name__, call)
        cls.is_cell = cls._wants.states
        for name, of_call in (
            ("forward", cls.run_call),
            ("backward", cls.refuse_backward),
            ("compute_output_shape", cls.try_shape),
        ):
            if getattr(getattr(cls, name), "__isabstractmethod__", False):
                setattr(cls, name, of_call)
        for name, entered in (("build", build_or_declare), ("backward", backward_or_own)):
            own = getattr(cls, name)
            if not hasattr(own, "entered") and not str(own.__module__).startswith("gatedcore."):
                setattr(cls, name, entered(own))
        if cls.__setattr__ is object.__setattr__:
            cls.__setattr__ = set_and_note  # type: ignore[method-assign]  # the same
        if cls.is_cell:
            cls.__call__ = step  # type: ignore[assignment,method-assign]  # a cell's arguments

    # Weights.

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: object = None,
        dtype: object = None,
        trainable: bool = True,
        *,
        regularizer: object = None,
        constraint: object = None,
        name: str | None = None,
    ) -> Array:
        """Return a new weight, within ``build``.

        Keep it as an attribute, or in a list or dict that is one: the array there is replaced when
        the weight moves into the memory of a model, where ``self.parameters[name]`` is it too.

        Parameters
        ----------
        shape : tuple of int
            Its shape; ``()`` for a single number.
        initializer : str, Initializer or callable
            First values; ``"glorot_uniform"`` by default.
        dtype : str or dtype, optional
            That of the layer, as all weights.
        trainable : bool
            Whether training changes it.
        regularizer, constraint : str, object or callable, optional
            As of the weights of ``Dense``.
        name : str, optional
            ``"weight"``, ``"weight_1"`` and so on by default.

        Returns
        -------
        ndarray
            The weight.

        Raises
        ------
        TypeError, ValueError
            If an argument is out of its range, or ``build`` is not running.
        """
        where = f"{self.name}.add_weight"
        if self._declared is None or self._drawn_by is None:
            raise ValueError(
                f"{where}: came outside build, expected it there; write build(self, input_shape), "
                "which runs before the first call"
            )
        if not isinstance(shape, list | tuple):
            raise TypeError(
                f"{where}: shape is {shape!r}, expected a tuple of sizes; pass shape=(...), and "
                "name=... by its name"
            )
        sizes = tuple(check_count(where, "shape", size) for size in shape)
        if dtype is not None and np.dtype(dtype) != self._drawn_by.dtype:  # type: ignore[call-overload]
            raise ValueError(
                f"{where}: dtype is {dtype!r}, expected {self._drawn_by.dtype} as the layer; leave "
                "it out"
            )
        called = name or unused("weight", self._declared)
        if not isinstance(called, str) or called in self._declared:
            raise ValueError(
                f"{where}: name is {called!r}, expected a string that no other weight has; choose "
                "another"
            )
        rule = Rule(
            regularizers.get(regularizer, "regularizer"), constraints.get(constraint, "constraint")
        )
        if rule != Rule():
            self.rules = {**self.rules, called: rule}
        if not check_bool(where, "trainable", trainable):
            self._fixed = self._fixed | {called}
        first = initializers.get(
            "glorot_uniform" if initializer is None else initializer, "initializer"
        )
        values = np.array(self._drawn_by.draw("initializer", first, sizes))
        self._declared[called] = values
        return values

    def trained_names(self) -> set[str]:
        return super().trained_names() - self._fixed

    def declared(self, input_shape: Shape, draws: Draws) -> dict[str, Array]:
        """Return the first values of the weights that ``build`` adds."""
        self._declared, self._drawn_by, self._fixed = {}, draws, frozenset()
        try:
            self.build(input_shape)
            self._first = declared = self._declared
        finally:
            self._declared, self._drawn_by = None, None
        for attribute, value in vars(self).items():
            check_holds_no_layer(self, attribute, value)
        return declared

    def adopt(
        self,
        vector: ParameterVector,
        values: dict[str, Array],
        gradients: dict[str, Array],
        features: int | None,
    ) -> None:
        before = self._first if self._first is not None else self.parameters
        super().adopt(vector, values, gradients, features)
        if self._wants is None:
            return
        moved = {id(before[name]): view for name, view in values.items() if name in before}
        for attribute, value in list(vars(self).items()):
            if attribute not in ("parameters", "gradients", "_first"):
                vars(self)[attribute] = with_moved(value, moved)
        if self._first is not None:
            for array in self._first.values():
                array.fill(np.nan)  # kept elsewhere it would be used unseen and never trained
            self._first = None

    # Running.

    def take_inputs(
        self, x: object, initial_state: object, mask: object
    ) -> tuple[list[Any], list[Mask | None]]:
        listed = x if isinstance(x, list | tuple) else ()
        if len(listed) > 1 and all(isinstance(a, np.ndarray) and a.ndim > 1 for a in listed):
            raise TypeError(
                f"{self.name}: x is a list of {len(listed)} arrays, expected one, as layers of "
                "one's own take one input; merge them first, for example with Concatenate()"
            )
        return super().take_inputs(x, initial_state, mask)

    def run_call(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        """Return what ``call`` does, checked: the ``forward`` of a written layer."""
        assert self._wants is not None
        if self._wants.states:
            raise TypeError(
                f"{self.name}: a cell takes its states with each call, expected a layer; use "
                "RNN(cell)"
            )
        given: dict[str, Any] = {}
        if self._wants.training:
            given["training"] = training and self._drawing
        if self._wants.mask:
            given["mask"] = mask
        y, kept = self.kept_call([x], given)
        out = as_contiguous(self.name, "what call returns", y, self.dtype)
        if out.ndim < 1 or len(out) != len(x):
            raise ValueError(
                f"{self.name}: call returned an array of shape {out.shape} for an input of shape "
                f"{x.shape}, expected the same batch; keep the first axis"
            )
        if training:
            self._saved = x.shape, kept
        return out

    def kept_call(
        self, inputs: Sequence[Any], given: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """Return what ``call`` returns, and the attributes that it set."""
        before, noted = dict(vars(self)), set[str]()
        vars(self)["_noted"] = noted
        try:
            y = self.call(*inputs, **given)  # type: ignore[attr-defined]  # what makes it a Written
        finally:
            vars(self).pop("_noted", None)
        # A class may set attributes in its own way, past what is noted.
        return y, {
            name: value
            for name, value in vars(self).items()
            if name in noted or name not in before or before[name] is not value
        }

    def own_backward(self, kept: dict[str, Any], *arriving: Any) -> Any:
        """Return what the user's ``backward`` does, with the attributes of its call."""
        now = {name: vars(self).get(name) for name in kept}
        views = dict(self.gradients)
        vars(self).update(kept)
        try:
            returned = self.backward(*arriving)  # without need_d_x: the user's own
        finally:
            vars(self).update(now)
        replaced = [name for name, view in views.items() if self.gradients.get(name) is not view]
        if replaced:
            self.gradients.update(views)
            raise ValueError(
                f"{self.name}: backward replaced the gradient of {replaced[0]}, expected it added "
                f"to; write self.gradients[{replaced[0]!r}] += ..."
            )
        return returned

    def refuse_backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        """Raise, unless there is nothing to do: the ``backward`` of one that has none."""
        self.check_trains(self.name, need_d_x)
        return None

    @property
    def has_backward(self) -> bool:
        """Whether a written layer can be trained."""
        return type(self).backward is not Written.refuse_backward

    def check_trains(self, where: str, need_d_x: bool) -> None:
        """Raise if training needs a ``backward`` that is not written.

        Raises
        ------
        ValueError
            If so.
        """
        needed = need_d_x or self.is_cell or (self._trainable and bool(self.trained_names()))
        if self._wants is not None and not self.has_backward and needed:
            signature = "(self, d_output, d_states)" if self.is_cell else "(self, d_y)"
            raise ValueError(
                f"{where}: {self.name} is a {type(self).__name__} without backward, expected one "
                f"to train with; write backward{signature}, or put it first with trainable=False; "
                f"{SEE}"
            )

    # Shapes and masks.

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        return mask if self._wants is None or self.supports_masking else None

    def try_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape: the ``compute_output_shape`` of one that does not say it."""
        if self.is_cell:
            return (input_shape[0], CellLoop(self).output_size)
        pattern = (None, *input_shape[1:])
        known = self._shapes or {}
        if pattern not in known:
            if len(known) >= KEPT_SHAPES:
                known = {}
            self._shapes = known = {**known, pattern: tried_shape(self, pattern)}
        return (input_shape[0], *known[pattern][1:])


def check_holds_no_layer(layer: Any, attribute: str, value: object) -> None:
    """Raise if an attribute of a written layer is a layer or model, or a list or dict with one.

    Raises
    ------
    ValueError
        If so: its weights would be no one's.
    """
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list | tuple):
            waiting += one.values() if isinstance(one, dict) else one
        elif isinstance(one, Called) or hasattr(one, "computing_layers"):
            kind = "layer" if isinstance(one, Called) else "model"
            raise ValueError(
                f"{vars(layer).get('name', type(layer).__name__)}: {attribute} holds the {kind} "
                f"{one.name}, expected weights from add_weight; put layers one after the other in "
                "a model instead"
            )


def set_and_note(self: Any, name: str, value: object) -> None:
    """Set an attribute; note its name, as its value may be what it was: a flag, a small number."""
    check_holds_no_layer(self, name, value)
    object.__setattr__(self, name, value)
    noted = self._noted
    if noted is not None:
        noted.add(name)


def build_or_declare(own: Callable[..., None]) -> Callable[..., None]:
    """Return a ``build`` that is the user's while weights are declared, else the library's."""

    @functools.wraps(own)
    def build(self: Any, input_shape: Sequence[int | None]) -> None:
        if self._declared is not None:
            own(self, input_shape)
        else:
            self.build_now(input_shape)

    build.entered = own  # type: ignore[attr-defined]  # the mark
    return build


def backward_or_own(own: Callable[..., Any]) -> Callable[..., Any]:
    """Return a ``backward`` that is the user's, or the library's where it says ``need_d_x``."""

    @functools.wraps(own)
    def backward(self: Any, *arriving: Any) -> Any:
        if self.is_cell or len(arriving) == 1:
            return own(self, *arriving)
        d_y, need_d_x = arriving
        (shape, kept), self._saved = self._saved, None
        d_x = self.own_backward(kept, d_y)
        if not need_d_x:
            return None
        if d_x is None:
            raise ValueError(
                f"{self.name}: backward returned None, expected the gradient of the input, of "
                f"shape {shape}; return it"
            )
        array = as_contiguous(self.name, "what backward returns", d_x, self.dtype)
        if array.shape != shape:
            raise ValueError(
                f"{self.name}: backward returned an array of shape {array.shape}, expected "
                f"{shape} as the input; return the gradient of x"
            )
        return array

    backward.entered = own  # type: ignore[attr-defined]  # the mark
    return backward


def unused(stem: str, taken: Mapping[str, object]) -> str:
    """Return the stem, or the stem with the first number that makes it a new name."""
    name, count = stem, 0
    while name in taken:
        count += 1
        name = f"{stem}_{count}"
    return name


def with_moved(value: Any, moved: Mapping[int, Array]) -> Any:
    """Return an attribute with arrays replaced that have moved, in lists and dicts too."""
    if isinstance(value, np.ndarray):
        return moved.get(id(value), value)
    if type(value) in (list, tuple) and value:
        new = [with_moved(item, moved) for item in value]
        changed = any(a is not b for a, b in zip(new, value, strict=True))
        return type(value)(new) if changed else value
    if type(value) is dict and value:
        items = {key: with_moved(item, moved) for key, item in value.items()}
        return items if any(items[key] is not value[key] for key in value) else value
    return value
