import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore.layers import Dot, dot

RNG = np.random.default_rng(0)
FLAT, ALSO_FLAT = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
LONG, OTHER = RNG.normal(size=(3, 5, 4)), RNG.normal(size=(3, 2, 4))
TURNED = RNG.normal(size=(3, 4, 2))
D = {"dtype": "float64"}


def lengths(x: np.ndarray, axis: int) -> np.ndarray:
    return np.sqrt((x**2).sum(axis, keepdims=True))


CASES = [
    ([FLAT, ALSO_FLAT], 1, 1, 1, "bi,bi->b"),
    ([FLAT, ALSO_FLAT], -1, 1, 1, "bi,bi->b"),
    ([LONG, OTHER], 2, 2, 2, "bti,bsi->bts"),
    ([LONG, OTHER], -1, 2, 2, "bti,bsi->bts"),
    ([LONG, TURNED], (2, 1), 2, 1, "bti,bis->bts"),
    ([TURNED, LONG], (1, -1), 1, 2, "bis,bti->bst"),
    ([TURNED, TURNED[:, :, :1]], 1, 1, 1, "bis,bit->bst"),
    ([FLAT, OTHER], (1, 2), 1, 2, "bi,bsi->bs"),
    ([LONG, FLAT], (2, 1), 2, 1, "bti,bi->bt"),
]


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize(("given", "axes", "a", "b", "formula"), CASES)
def test_values_and_gradients(given, axes, a: int, b: int, formula: str, normalize: bool) -> None:
    given = [x.copy() for x in given]
    x, y = (g / lengths(g, k) if normalize else g for g, k in zip(given, (a, b), strict=True))
    expected = np.einsum(formula, x, y)
    if expected.ndim == 1:
        expected = expected[:, None]
    layer = Dot(axes, normalize, **D)
    np.testing.assert_allclose(layer(given), expected, rtol=1e-13, atol=1e-14)  # sums of four
    np.testing.assert_array_equal(dot(given, axes, normalize=normalize, **D), layer(given))
    assert layer.compute_output_shape([g.shape for g in given]) == expected.shape
    d = RNG.normal(size=expected.shape)
    for gradient, g in zip(layer.vjp(given, d).x, given, strict=True):
        assert_gradient(gradient, lambda: float((layer(given) * d).sum()), g)
    again = Dot.from_config(layer.get_config())
    np.testing.assert_array_equal(again(given), layer(given))


def test_nothing_has_no_direction() -> None:
    zero = np.zeros((3, 4))
    layer = Dot(1, True, **D)
    assert not layer([zero, FLAT]).any()
    found = layer.vjp([zero, FLAT], np.ones((3, 1)))
    # Divided by 1e-7, Keras's epsilon.
    np.testing.assert_allclose(found.x[0], 1e7 * FLAT / lengths(FLAT, 1), rtol=1e-13)
    assert not found.x[1].any()


def test_attention_is_trained() -> None:
    queries, keys = gk.Input((None, 4)), gk.Input((None, 4))
    scores = dot([queries, gk.Dense(4)(keys)], axes=(2, 2))
    assert scores.shape == (None, None, None)
    read = dot([gk.Activation("softmax")(scores), keys], axes=(2, 1))
    model = gk.Model([queries, keys], read)
    model.compile("sgd", "mse")
    before = model.get_weights()[0]
    history = model.fit([LONG, OTHER], LONG, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert not np.array_equal(before, model.get_weights()[0])


def test_the_mask_ends() -> None:
    mask = np.ones((3, 5), bool)
    assert Dot(2).compute_mask([LONG, OTHER], [mask, None]) is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Dot("2"), TypeError, r"Dot: axes is '2', expected an integer or two"),
        (lambda: Dot((1, 2, 2)), TypeError, r"Dot: axes is \(1, 2, 2\), expected an integer or"),
        (lambda: Dot((0, 1)), ValueError, r"expected none to be 0, that of the batch"),
        (lambda: Dot(1)([FLAT]), ValueError, r"got 1 inputs, expected 2"),
        (lambda: Dot(1)([LONG, FLAT]), ValueError, r"expected equal sizes on axes \(1, 1\)"),
        (lambda: Dot(2)([LONG, FLAT]), ValueError, r"expected axes \(2, 2\) beside the batch's"),
        (lambda: Dot(1)([FLAT, FLAT[:2]]), ValueError, r"expected one batch"),
        (lambda: Dot(1)([FLAT[:, None, None], FLAT]), ValueError, r"expected 2 or 3 axes of each"),
    ],
)
def test_errors(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
