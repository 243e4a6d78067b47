"""First values of weights, as Keras draws them."""

from __future__ import annotations  # numpy.random is imported when first used, not here

from typing import Any, Protocol

import numpy as np

from gatedcore.arrays import FLOAT32, Array, as_dtype
from gatedcore.checks import check_count, check_number
from gatedcore.random import make_generator


class Initializer:
    """Base of the initializers: ``initializer(shape, dtype, rng)`` returns new values.

    With a ``seed`` each call gives the same values, as in Keras 3; without one they come from
    ``rng``, by default the library's generator.
    """

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None:
            seed = check_count(type(self).__name__, "seed", seed, 0)
        self.seed = seed

    def __call__(
        self,
        shape: tuple[int, ...],
        dtype: object = FLOAT32,
        rng: np.random.Generator | None = None,
    ) -> Array:
        """Return an array of the given shape and dtype.

        Raises
        ------
        ValueError
            If the dtype is neither float32 nor float64, or the shape does not fit.
        """
        where = type(self).__name__
        if self.seed is not None or rng is None:
            rng = make_generator(where, self.seed)
        # Drawn in float64 and rounded once: float32 and float64 layers start from the same numbers.
        return self.draw(tuple(shape), rng).astype(as_dtype(where, dtype))

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Return values in float64."""
        raise NotImplementedError

    def __repr__(self) -> str:
        given = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if v is not None)
        return f"{type(self).__name__}({given})"


class Zeros(Initializer):
    """All zeros."""

    def __init__(self) -> None:
        super().__init__()

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return np.zeros(shape)


class Ones(Initializer):
    """All ones."""

    def __init__(self) -> None:
        super().__init__()

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return np.ones(shape)


class Constant(Initializer):
    """One number everywhere.

    Parameters
    ----------
    value : float
        The number.
    """

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self.value = check_number("Constant", "value", value, -np.inf)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return np.full(shape, self.value)


class GlorotUniform(Initializer):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)), the fans of the whole array.

    References
    ----------
    Glorot and Bengio (2010).
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if not shape:
            raise ValueError(
                "GlorotUniform: shape is (), expected one axis or more; use Constant for a number"
            )
        fan_out = shape[-1]
        fan_in = shape[0] if len(shape) == 1 else int(np.prod(shape[:-1]))
        limit = np.sqrt(6.0 / max(1, fan_in + fan_out))
        return rng.uniform(-limit, limit, shape)


class Orthogonal(Initializer):
    """A matrix whose rows or columns, whichever are fewer, are orthonormal.

    Parameters
    ----------
    gain : float
        Factor of the matrix.
    seed : int, optional
        See ``Initializer``.

    References
    ----------
    Saxe, McClelland and Ganguli (2014). The sign correction makes the distribution uniform:
    Mezzadri (2007).
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = check_number("Orthogonal", "gain", gain, -np.inf)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal: shape is {shape}, expected two axes or more; "
                "use another initializer for vectors"
            )
        rows, columns = int(np.prod(shape[:-1])), shape[-1]
        normal = rng.normal(size=(max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        q = q * np.sign(np.diag(r))
        return self.gain * (q.T if rows < columns else q).reshape(shape)


class InitializerCallable(Protocol):
    """Any function that returns values for a shape and a dtype."""

    def __call__(self, shape: tuple[int, ...], dtype: Any) -> object:
        """Return an array-like of this shape."""


_BY_NAME: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "Zeros": Zeros,
    "ones": Ones,
    "Ones": Ones,
    "constant": Constant,
    "Constant": Constant,
    "glorot_uniform": GlorotUniform,
    "GlorotUniform": GlorotUniform,
    "orthogonal": Orthogonal,
    "Orthogonal": Orthogonal,
    "OrthogonalInitializer": Orthogonal,
}


def get(identifier: object, argument: str = "identifier") -> Initializer | InitializerCallable:
    """Return an initializer by its name, or the object or function itself.

    Parameters
    ----------
    identifier : str, Initializer or callable
        ``"glorot_uniform"``, an object of this module, or any ``f(shape, dtype)``.
    argument : str
        Name of the argument, for errors.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither name nor callable.
    """
    if isinstance(identifier, str):
        if identifier in _BY_NAME:
            return _BY_NAME[identifier]()
        names = ", ".join(name for name in _BY_NAME if name.islower())
        raise ValueError(
            f"initializers.get: {argument} is {identifier!r}, expected one of {names}; "
            "or pass a function of (shape, dtype)"
        )
    if isinstance(identifier, type) and issubclass(identifier, Initializer):
        return identifier()
    if isinstance(identifier, Initializer):
        return identifier
    if callable(identifier):
        found: InitializerCallable = identifier
        return found
    raise TypeError(
        f"initializers.get: {argument} has type {type(identifier).__name__}, expected a name or a "
        "callable; pass 'glorot_uniform', say"
    )
