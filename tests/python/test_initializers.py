import re

import numpy as np
import pytest

from gatedcore import initializers
from gatedcore.initializers import Constant, GlorotUniform, Identity, Ones, Orthogonal, Zeros


def test_constants() -> None:
    assert Zeros()((2, 3)).tolist() == [[0.0] * 3] * 2
    assert Ones()((2,), "float64").dtype == np.float64
    assert Constant(2.5)((3,)).tolist() == [2.5] * 3
    assert Zeros()((2,)).dtype == np.float32


def test_identity() -> None:
    assert Identity(2.0)((2, 3)).tolist() == [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    assert initializers.get("identity")((2, 2), "float64").dtype == np.float64
    assert Identity.from_config(Identity(3.0).get_config()).gain == 3.0
    with pytest.raises(ValueError, match=r"Identity: shape is \(2, 2, 2\), expected two axes"):
        Identity()((2, 2, 2))


def test_glorot_uniform_has_keras_limits() -> None:
    for shape, fans in (((30, 50), 80), ((40,), 80), ((2, 3, 50), 56)):
        values = GlorotUniform(seed=0)(shape, "float64")
        limit = np.sqrt(6.0 / fans)
        assert np.abs(values).max() <= limit
        # Uniform: a third of the limit squared, to three deviations of a sample of 40 and more.
        assert abs((values**2).mean() / limit**2 - 1 / 3) < 3 * 0.3 / np.sqrt(values.size)


@pytest.mark.parametrize("shape", [(5, 20), (20, 5), (6, 6), (2, 3, 4)])
def test_orthogonal_over_the_whole_block(shape: tuple[int, ...]) -> None:
    matrix = Orthogonal(gain=2.0, seed=1)(shape, "float64").reshape(-1, shape[-1])
    small = matrix @ matrix.T if matrix.shape[0] < matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(small, 4.0 * np.eye(len(small)), atol=1e-12)  # rounding


def test_orthogonal_is_uniform_over_all_such_matrices() -> None:
    corners = [Orthogonal(seed=seed)((3, 3))[0, 0] for seed in range(300)]
    # Mean 0 and variance 1/3; four deviations of the mean. Plain QR gives one sign only.
    assert abs(np.mean(corners)) < 4 * np.sqrt(1 / 3 / 300)


def test_seed_gives_the_same_values_in_each_call_as_in_keras() -> None:
    seeded, free = GlorotUniform(seed=3), GlorotUniform()
    np.testing.assert_array_equal(seeded((4, 4)), seeded((4, 4)))
    rng = np.random.default_rng(0)
    assert not np.array_equal(free((4, 4), rng=rng), free((4, 4), rng=rng))
    np.testing.assert_array_equal(seeded((4, 4), rng=rng), seeded((4, 4)))


def test_both_dtypes_start_from_the_same_numbers() -> None:
    single, double = (Orthogonal(seed=1)((4, 8), dtype) for dtype in ("float32", "float64"))
    np.testing.assert_array_equal(single, double.astype(np.float32))


def test_get() -> None:
    for name, kind in (
        ("zeros", Zeros), ("ones", Ones), ("constant", Constant), ("Orthogonal", Orthogonal),
        ("glorot_uniform", GlorotUniform), ("GlorotUniform", GlorotUniform),
    ):  # fmt: skip
        assert type(initializers.get(name)) is kind
    own = Ones()
    assert initializers.get(own) is own
    assert type(initializers.get(Ones)) is Ones
    assert initializers.get(np.ones) is np.ones
    with pytest.raises(ValueError, match="kernel is 'he_norm', expected one of zeros, ones"):
        initializers.get("he_norm", "kernel")
    with pytest.raises(TypeError, match="identifier has type int, expected a name or a callable"):
        initializers.get(3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Orthogonal()((4,)), "Orthogonal: shape is (4,), expected two axes"),
        (lambda: GlorotUniform()(()), "GlorotUniform: shape is (), expected one axis"),
        (lambda: Ones()((2,), "int32"), "Ones: dtype is 'int32', expected"),
        (lambda: GlorotUniform(seed=-1), "GlorotUniform: seed is -1, expected"),
        (lambda: Constant(float("nan")), "Constant: value is nan, expected a number"),
    ],
)
def test_bad_arguments(make, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_repr() -> None:
    assert repr(Orthogonal(seed=1)) == "Orthogonal(seed=1, gain=1.0)"


# Standard deviation, and the largest size where there is one, for (40, 50).
SPREADS = {
    "uniform": (0.05 / 3**0.5, 0.05),
    "random_uniform": (0.05 / 3**0.5, 0.05),
    "normal": (0.05, None),
    "random_normal": (0.05, None),
    "truncated_normal": (0.05 * 0.8796, 0.1),
    "variance_scaling": (40**-0.5, 2 * 40**-0.5 / 0.8796),
    "glorot_uniform": ((2 / 90) ** 0.5, (6 / 90) ** 0.5),
    "glorot_normal": ((2 / 90) ** 0.5, 2 * (2 / 90) ** 0.5 / 0.8796),
    "he_uniform": ((2 / 40) ** 0.5, (6 / 40) ** 0.5),
    "he_normal": ((2 / 40) ** 0.5, 2 * (2 / 40) ** 0.5 / 0.8796),
    "lecun_uniform": ((1 / 40) ** 0.5, (3 / 40) ** 0.5),
    "lecun_normal": ((1 / 40) ** 0.5, 2 * (1 / 40) ** 0.5 / 0.8796),
}


@pytest.mark.parametrize("name", SPREADS)
def test_spreads(name):
    values = initializers.get(name)((40, 50), "float64", np.random.default_rng(0))
    spread, largest = SPREADS[name]
    # Five standard deviations of what 2,000 numbers give for theirs.
    assert abs(values.std() / spread - 1) < 5 / np.sqrt(2 * values.size)
    assert abs(values.mean()) < 5 * spread / np.sqrt(values.size)
    if largest is not None:
        assert 0.95 * largest < np.abs(values).max() <= largest * (1 + 1e-4)


def test_variance_scaling_as_asked():
    one = initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal", seed=1)
    values = one((40, 50), "float64")
    assert abs(values.std() / (3 / 50) ** 0.5 - 1) < 5 / np.sqrt(2 * values.size)
    with pytest.raises(ValueError, match="mode is 'fan', expected one of fan_in, fan_out"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="distribution is 'normal', expected one of trunc"):
        initializers.VarianceScaling(distribution="normal")
    with pytest.raises(ValueError, match="scale is 0"):
        initializers.VarianceScaling(0.0)
    with pytest.raises(ValueError, match="maxval is -1"):
        initializers.RandomUniform(0.0, -1.0)


def test_a_config_is_an_initializer_too() -> None:
    found = initializers.get({"class_name": "Orthogonal", "config": {"gain": 2.0}})
    assert isinstance(found, Orthogonal)
    assert found.gain == 2.0
    again = initializers.deserialize(initializers.serialize(found))
    assert again.get_config() == found.get_config()


def test_names_of_keras_in_lower_case() -> None:
    assert initializers.glorot_uniform(seed=1).get_config() == {"seed": 1}
    for name in ("constant", "he_normal", "identity", "lecun_uniform", "orthogonal", "zeros"):
        assert type(initializers.get(name)) is getattr(initializers, name)
