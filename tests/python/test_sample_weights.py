import re

import numpy as np
import pytest

from gatedcore.sample_weights import aligned, as_mask, as_weights, weights_of_classes

F32 = np.dtype(np.float32)


@pytest.mark.parametrize(
    ("given", "values", "expected"),
    [((3,), (3,), (3,)), ((3,), (3, 4), (3, 1)), ((3, 4), (3, 4), (3, 4)), ((3, 1), (3,), (3,))],
)
def test_weights_are_laid_beside_values_from_the_first_axis(given, values, expected) -> None:
    assert aligned("here", "w", np.ones(given), values).shape == expected


def test_weights_of_samples_never_run_along_the_steps() -> None:
    laid = aligned("here", "w", np.arange(3.0), (3, 3))
    assert (np.ones((3, 3)) * laid).tolist() == [[0.0] * 3, [1.0] * 3, [2.0] * 3]


@pytest.mark.parametrize("shape", [(), (4,), (2,), (3, 3), (3, 4, 2)])
def test_other_axes(shape) -> None:
    message = f"here: w has shape {shape}, expected (3, 4) or its first axes; pass one number"
    with pytest.raises(ValueError, match=re.escape(message)):
        aligned("here", "w", np.ones(shape), (3, 4))


def test_weights_from_what_callers_pass() -> None:
    weights = as_weights("here", "w", [[1], [2]], (2,), F32)
    assert (weights.tolist(), weights.dtype) == ([1.0, 2.0], F32)
    with pytest.raises(ValueError, match="here: w holds NaN or infinity, expected finite numbers"):
        as_weights("here", "w", [1.0, np.inf], (2,), F32)
    with pytest.raises(TypeError, match="here: w has dtype <U1, expected real numbers"):
        as_weights("here", "w", ["a", "b"], (2,), F32)


def test_masks() -> None:
    assert as_mask("here", [1, 0]).tolist() == [True, False]
    mask = np.array([True])
    assert as_mask("here", mask) is mask
    with pytest.raises(TypeError, match="here: mask has dtype int64, expected True and False"):
        as_mask("here", np.array([2, 0]))


@pytest.mark.parametrize(
    ("targets", "labels", "expected"),
    [
        ([0, 1, 2], True, [1, 5, 1]),
        ([[0], [1], [2]], True, [1, 5, 1]),
        ([[0, 1], [1, 1]], True, [[1, 5], [5, 5]]),
        ([[0.0], [1.0]], False, [1, 5]),
        ([[0, 1, 0], [1, 0, 0]], False, [5, 1]),
        ([[[0.0], [1.0]]], False, [[1, 5]]),
    ],
)
def test_weights_of_classes(targets: list, labels: bool, expected: list) -> None:
    weights = weights_of_classes("here", {1: 5.0, 7: 2.0}, np.array(targets), labels, F32)
    assert (weights.tolist(), weights.dtype) == (expected, F32)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([1.0, 2.0], TypeError, "class_weight has type list, expected a dict from class numbers"),
        ({"0": 1.0}, ValueError, "class_weight has the key '0', expected class numbers from 0"),
        ({-1: 1.0}, ValueError, "class_weight has the key -1, expected class numbers from 0"),
        ({0: "a"}, TypeError, "class_weight[0] is 'a', expected a number in"),
        ({0: -1.0}, ValueError, "class_weight[0] is -1, expected a number in"),
    ],
)
def test_bad_weights_of_classes(given, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(f"here: {message}")):
        weights_of_classes("here", given, np.array([0, 1]), True, F32)


def test_targets_that_are_no_classes() -> None:
    with pytest.raises(
        ValueError, match=r"class_weight came with a target 0.5, expected class num"
    ):
        weights_of_classes("here", {0: 1.0}, np.array([[0.0], [0.5]]), False, F32)
