"""First values of weights, as Keras draws them."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np

from gatedcore.arrays import FLOAT32, Array, as_dtype
from gatedcore.checks import check_count, check_number
from gatedcore.configs import Configurable, deserialize, serialize  # noqa: F401  # Keras's names
from gatedcore.random import make_generator


class Initializer(Configurable):
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


class Identity(Initializer):
    """The identity matrix, with zeros below or beside it where it is not square.

    Parameters
    ----------
    gain : float
        Factor of the result.
    """

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = check_number("Identity", "gain", gain, -np.inf)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if len(shape) != 2:
            raise ValueError(
                f"Identity: shape is {shape}, expected two axes; use another initializer for others"
            )
        return self.gain * np.eye(*shape)


class RandomUniform(Initializer):
    """Uniform in [minval, maxval).

    Parameters
    ----------
    minval, maxval : float
        The bounds.
    seed : int, optional
        See ``Initializer``.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.minval = check_number("RandomUniform", "minval", minval, -np.inf)
        self.maxval = check_number("RandomUniform", "maxval", maxval, self.minval)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.uniform(self.minval, self.maxval, shape)


class RandomNormal(Initializer):
    """Normal.

    Parameters
    ----------
    mean, stddev : float
        Of the distribution.
    seed : int, optional
        See ``Initializer``.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = check_number(type(self).__name__, "mean", mean, -np.inf)
        self.stddev = check_number(type(self).__name__, "stddev", stddev, 0.0)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.normal(self.mean, self.stddev, shape)


class TruncatedNormal(RandomNormal):
    """Normal, drawn again where it is further from the mean than two standard deviations.

    Parameters
    ----------
    mean, stddev : float
        Of the distribution before the cut.
    seed : int, optional
        See ``Initializer``.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return self.mean + self.stddev * _truncated(shape, rng)


def _truncated(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return normal numbers of at most 2 in size."""
    values = rng.normal(size=shape)
    while (far := np.abs(values) > 2).any():
        values = np.where(far, rng.normal(size=shape), values)
    return values


_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
_CUT = 0.87962566103423978  # standard deviation of normal numbers of at most 2 in size


class VarianceScaling(Initializer):
    """Variance ``scale / fan``, the fans of the whole array.

    Parameters
    ----------
    scale : float
        Above 0.
    mode : {"fan_in", "fan_out", "fan_avg"}
        Which fan: inputs, outputs, or their mean.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        Which numbers.
    seed : int, optional
        See ``Initializer``.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        where = type(self).__name__
        self.scale = check_number(where, "scale", scale, 0.0, open_start=True)
        for name, value, known in (
            ("mode", mode, _MODES),
            ("distribution", distribution, _DISTRIBUTIONS),
        ):
            if value not in known:
                raise ValueError(
                    f"{where}: {name} is {value!r}, expected one of {', '.join(known)}; choose one"
                )
        self.mode = mode
        self.distribution = distribution

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        if not shape:
            raise ValueError(
                f"{type(self).__name__}: shape is (), expected one axis or more; use Constant for "
                "a number"
            )
        fan_out = shape[-1]
        fan_in = shape[0] if len(shape) == 1 else int(np.prod(shape[:-1]))
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = np.sqrt(3.0 * variance)
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0.0, np.sqrt(variance), shape)
        values: Array = np.sqrt(variance) / _CUT * _truncated(shape, rng)
        return values


class _Scaled(VarianceScaling):
    """One of the well-known choices of scale, mode and distribution."""

    choice: ClassVar[tuple[float, str, str]]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.choice, seed)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.seed is None else f'seed={self.seed}'})"


class GlorotUniform(_Scaled):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)); Glorot and Bengio (2010)."""

    choice = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal of variance 2 / (fan_in + fan_out); Glorot and Bengio (2010)."""

    choice = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform in +-sqrt(6 / fan_in); He et al. (2015)."""

    choice = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal of variance 2 / fan_in; He et al. (2015)."""

    choice = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform in +-sqrt(3 / fan_in); LeCun et al. (1998)."""

    choice = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal of variance 1 / fan_in; LeCun et al. (1998)."""

    choice = (1.0, "fan_in", "truncated_normal")


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


_KINDS: tuple[type[Initializer], ...] = (
    Zeros,
    Ones,
    Constant,
    Identity,
    RandomUniform,
    RandomNormal,
    TruncatedNormal,
    VarianceScaling,
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
    Orthogonal,
)
# Keras's names: GlorotUniform, glorot_uniform.
_BY_NAME: dict[str, type[Initializer]] = {
    **{kind.__name__: kind for kind in _KINDS},
    **{re.sub("(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in _KINDS},
    "uniform": RandomUniform,
    "normal": RandomNormal,
    "OrthogonalInitializer": Orthogonal,
    "IdentityInitializer": Identity,
}
# Keras has the classes under these names too: initializers.glorot_uniform(seed=1).
constant, glorot_normal, glorot_uniform = Constant, GlorotNormal, GlorotUniform
he_normal, he_uniform, identity = HeNormal, HeUniform, Identity
lecun_normal, lecun_uniform, ones = LecunNormal, LecunUniform, Ones
orthogonal, random_normal, random_uniform = Orthogonal, RandomNormal, RandomUniform
truncated_normal, variance_scaling, zeros = TruncatedNormal, VarianceScaling, Zeros


def get(identifier: object, argument: str = "identifier") -> Initializer | InitializerCallable:
    """Return an initializer by its name, or the object or function itself.

    Parameters
    ----------
    identifier : str, Initializer, callable or dict
        ``"glorot_uniform"``, an object of this module, any ``f(shape, dtype)``, or a config.
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
    if isinstance(identifier, Mapping):
        identifier = deserialize(identifier)
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
