"""The random numbers of the library: one generator for all that has no seed of its own."""

from __future__ import annotations  # numpy.random is imported when first used, not here

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from gatedcore.checks import check_count

_SEEDS = 2**64  # of the core's generator

_generator: np.random.Generator | None = None
_seed: int | None = None


def set_random_seed(seed: int) -> None:
    """Make every later run draw the same numbers.

    Seeds this library, and with it Python's ``random`` and NumPy's global generator, as
    ``keras.utils.set_random_seed`` does.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1.

    Raises
    ------
    TypeError, ValueError
        If it is no such integer.
    """
    seed = check_count("set_random_seed", "seed", seed, 0)
    if seed >= 2**32:
        raise ValueError(
            f"set_random_seed: seed is {seed}, expected less than 2**32; choose a smaller one"
        )
    global _seed
    _seed = seed
    # In place: who holds the generator, such as a dataset made before, draws the same numbers too.
    library_generator().bit_generator.state = np.random.default_rng(seed).bit_generator.state
    import random as python_random

    python_random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # the promise is to seed the legacy generator too


def given_seed() -> int | None:
    """Return what ``set_random_seed`` was last called with; None if it was not."""
    return _seed


def get_random_state() -> dict[str, Any]:
    """Return the states of all generators that ``set_random_seed`` seeds."""
    import random as python_random

    return {
        "library": library_generator().bit_generator.state,
        "numpy": np.random.get_state(legacy=False),  # noqa: NPY002  # as in set_random_seed
        "python": python_random.getstate(),
    }


def set_random_state(state: Mapping[str, Any]) -> None:
    """Go back to what ``get_random_state`` returned, lists in place of its tuples included."""
    import random as python_random

    library_generator().bit_generator.state = state["library"]
    np.random.set_state(state["numpy"])  # noqa: NPY002  # as in set_random_seed
    version, numbers, gauss = state["python"]
    python_random.setstate((version, tuple(numbers), gauss))


def library_generator() -> np.random.Generator:
    """Return the generator that ``set_random_seed`` seeds."""
    global _generator
    if _generator is None:
        _generator = np.random.default_rng()
    return _generator


def make_generator(where: str, seed: object) -> np.random.Generator:
    """Return a generator for a ``seed``: an int, a Generator, or None for the library's own.

    Raises
    ------
    TypeError, ValueError
        If it is none of these.
    """
    if seed is None:
        return library_generator()
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(check_count(where, "seed", seed, 0))


class RandomStream(NamedTuple):
    """Random numbers of the core: those of call number ``call`` under ``seed``."""

    seed: int
    call: int


def draw_stream(where: str, seed: object, call: int = 0) -> RandomStream:
    """Return the stream of a ``seed``: of an int itself; else a seed is drawn from the generator.

    Raises
    ------
    TypeError, ValueError
        As ``make_generator``, or if an int does not fit in 64 bits.
    """
    if seed is None or isinstance(seed, np.random.Generator):
        key = make_generator(where, seed).integers(_SEEDS, dtype=np.uint64)
        return RandomStream(int(key), 0)
    number = check_count(where, "seed", seed, 0)
    if number >= _SEEDS:
        raise ValueError(
            f"{where}: seed is {number}, expected less than 2**64; choose a smaller one"
        )
    return RandomStream(number, call)


class Rows(NamedTuple):
    """Rows of a batch that is divided: ``own`` ones, after so many before, of so many in all."""

    before: int
    own: int
    total: int


_divided: ContextVar[Rows | None] = ContextVar("divided", default=None)


@contextmanager
def drawing_for(rows: Rows) -> Iterator[None]:
    """Within the block, let what layers draw for their rows be what they would for the whole batch.

    Parts of a batch that are computed one by one then come to what the batch would at once.
    """
    before = _divided.get()
    try:  # Ctrl-C may come as soon as it is set
        _divided.set(rows)
        yield
    finally:
        _divided.set(before)


def rows_in_batch(count: int) -> tuple[int, int]:
    """Return where an array of so many rows begins in the whole batch's, and how many that has.

    A layer that folds time steps into the rows has several for each row of the batch.
    """
    rows = _divided.get()
    if rows is None or not rows.own or count % rows.own:
        return 0, count
    each = count // rows.own
    return rows.before * each, rows.total * each


@contextmanager
def generator_left_alone() -> Iterator[None]:
    """Put the library's generator back after the block."""
    generator = library_generator()
    state = generator.bit_generator.state
    try:
        yield
    finally:
        generator.bit_generator.state = state


@contextmanager
def undone_on_error(unless: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Put the library's generator back if the block raises, unless by then something is done."""
    generator = library_generator()
    state = generator.bit_generator.state
    try:
        yield
    except BaseException:
        if not unless():
            generator.bit_generator.state = state
        raise
