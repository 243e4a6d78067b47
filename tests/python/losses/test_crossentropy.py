import re

import numpy as np
import pytest

from gatedcore import losses
from loss_cases import BITS, LABELS, ONE_HOT, REAL_PRED, SHARES_PRED, SIGMOID

torch = pytest.importorskip("torch", reason="compares with PyTorch")
F = torch.nn.functional


def rows(classes_last):
    return classes_last.reshape(-1, 5)


@pytest.mark.parametrize(
    ("loss", "y", "p", "of_torch"),
    [
        (losses.BinaryCrossentropy(), BITS, SIGMOID, F.binary_cross_entropy),
        (
            losses.BinaryCrossentropy(True),
            BITS,
            REAL_PRED,
            F.binary_cross_entropy_with_logits,
        ),
        (
            losses.CategoricalCrossentropy(True),
            ONE_HOT,
            REAL_PRED,
            lambda p, y: F.cross_entropy(rows(p), rows(y)),
        ),
        (
            losses.CategoricalCrossentropy(True, label_smoothing=0.3),
            ONE_HOT,
            REAL_PRED,
            lambda p, y: F.cross_entropy(rows(p), rows(y), label_smoothing=0.3),
        ),
        (
            losses.SparseCategoricalCrossentropy(True),
            LABELS,
            REAL_PRED,
            lambda p, y: F.cross_entropy(rows(p), y.reshape(-1)),
        ),
        (
            losses.SparseCategoricalCrossentropy(),
            LABELS,
            SHARES_PRED,
            lambda p, y: F.nll_loss((rows(p) / rows(p).sum(-1, keepdim=True)).log(), y.reshape(-1)),
        ),
    ],
)
def test_as_pytorch(loss, y, p, of_torch) -> None:
    leaf = torch.tensor(p, requires_grad=True)
    expected = of_torch(leaf, torch.tensor(y))
    expected.backward()
    value, gradient = loss.value_and_gradient(y, p)
    assert value == pytest.approx(expected.item(), rel=1e-13)  # order of a sum of 60
    np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_logits(dtype) -> None:
    x = np.array([[-1e30, -1e4, -90.0, 0.0, 90.0, 1e4, 1e30]], dtype)
    big = np.abs(x)
    for bit in (0.0, 1.0):
        y = np.full_like(x, bit)
        value, gradient = losses.BinaryCrossentropy(True, reduction="sum").value_and_gradient(y, x)
        wrong = (x > 0) != bit
        expected = np.where(x == 0, np.log(2.0), np.where(wrong, big, 0.0)).mean(dtype=float)
        assert value == pytest.approx(expected, rel=1e-6)
        slopes = np.where(x == 0, 0.5, wrong) * (1.0 - 2.0 * bit)
        np.testing.assert_allclose(gradient * 7, slopes, rtol=1e-6, atol=1e-30)
    logits = np.array([[1e30, -1e30, 0.0], [-1e4, 1e4, 1e4], [5.0, 5.0, 5.0]], dtype)
    labels = np.array([0, 1, 2])
    loss = losses.SparseCategoricalCrossentropy(True, reduction="sum")
    value, gradient = loss.value_and_gradient(labels, logits)
    assert value == pytest.approx(np.log(2.0) + np.log(3.0), rel=1e-6)
    expected = [[0, 0, 0], [0, -0.5, 0.5], [1 / 3, 1 / 3, -2 / 3]]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-30)
    one_hot = losses.CategoricalCrossentropy(True, reduction="sum")
    again, same = one_hot.value_and_gradient(np.eye(3, dtype=dtype), logits)
    assert again == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(same, gradient, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_are_kept_from_the_ends(dtype) -> None:
    p = np.array([[0.0, 1.0]], dtype)
    low, high = dtype(1e-7), dtype(1.0) - dtype(1e-7)
    for y in (p, 1.0 - p):
        kept = np.clip(p, low, high)
        expected = -(y * np.log(kept) + (1 - y) * np.log(1 - kept)).mean(dtype=float)
        value, gradient = losses.BinaryCrossentropy().value_and_gradient(y, p)
        assert value == pytest.approx(expected, rel=1e-6)
        assert not gradient.any()
    for labels, expected in ((0, -np.log(low)), (1, -np.log(high))):
        value, gradient = losses.SparseCategoricalCrossentropy().value_and_gradient([labels], p)
        assert value == pytest.approx(expected, rel=1e-5, abs=1e-12)
        assert np.isfinite(gradient).all()
        again, same = losses.CategoricalCrossentropy().value_and_gradient(
            np.eye(2, dtype=dtype)[[labels]], p
        )
        assert again == pytest.approx(value, rel=1e-6)
        np.testing.assert_allclose(same, gradient, rtol=1e-6)


def test_wrong_and_certain_predictions_learn_through_their_activation() -> None:
    # Behind sigmoid and softmax the slope is p - y, also where the value is kept at its end.
    for x in (-60.0, -20.0, -3.0, 3.0, 30.0):
        p = np.array([[1.0 / (1.0 + np.exp(-x))]])
        for y in (0.0, 1.0):
            slope = losses.BinaryCrossentropy().value_and_gradient(np.full((1, 1), y), p)[1]
            # 1 - p has lost its digits where p is next to 1.
            assert slope * p * (1.0 - p) == pytest.approx(p - y, rel=1e-2, abs=1e-15)
    logits = np.array([[0.0, -40.0, 3.0]])
    p = np.exp(logits) / np.exp(logits).sum()
    for label in range(3):
        y = np.eye(3)[[label]]
        for slope in (
            losses.CategoricalCrossentropy().value_and_gradient(y, p)[1],
            losses.SparseCategoricalCrossentropy().value_and_gradient([label], p)[1],
        ):
            through = p * (slope - (slope * p).sum())
            np.testing.assert_allclose(through, p - y, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("from_logits", [False, True])
def test_labels_of_every_kind(from_logits: bool) -> None:
    loss = losses.SparseCategoricalCrossentropy(from_logits)
    expected, slopes = loss.value_and_gradient(LABELS, SIGMOID)
    for labels in (
        LABELS.astype(np.int8),
        LABELS.astype(np.uint16),
        LABELS.astype(np.float32),
        LABELS[..., None],
        LABELS.tolist(),
    ):
        value, gradient = loss.value_and_gradient(labels, SIGMOID)
        assert value == expected
        np.testing.assert_array_equal(gradient, slopes)


@pytest.mark.parametrize(
    ("label", "shown"), [(5, "5"), (-1, "-1"), (1.5, "1.5"), (np.nan, "nan"), (1e30, "1e+30")]
)
@pytest.mark.parametrize("from_logits", [False, True])
def test_labels_that_are_no_class(label: float, shown: str, from_logits: bool) -> None:
    labels = LABELS.astype(type(label))
    labels[1, 2] = label
    message = (
        f"sparse_categorical_crossentropy: y_true holds the label {shown}, expected class numbers "
        "from 0 to 4, as y_pred has 5 classes"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        losses.SparseCategoricalCrossentropy(from_logits)(labels, SIGMOID)


@pytest.mark.parametrize("from_logits", [False, True])
def test_a_class_to_ignore_is_masked(from_logits: bool) -> None:
    ignoring = losses.SparseCategoricalCrossentropy(from_logits, ignore_class=-1)
    plain = losses.SparseCategoricalCrossentropy(from_logits)
    labels, kept = LABELS.copy(), np.ones(LABELS.shape, bool)
    labels[0, 1:3], kept[0, 1:3] = -1, False
    value, gradient = ignoring.value_and_gradient(labels, SIGMOID)
    expected, slopes = plain.value_and_gradient(LABELS, SIGMOID, mask=kept)
    assert value == expected
    np.testing.assert_array_equal(gradient, slopes)
    values = losses.SparseCategoricalCrossentropy(from_logits, ignore_class=-1, reduction="none")(
        labels, SIGMOID
    )
    assert values[0, 1:3].tolist() == [0.0, 0.0]
    assert (values[1:] > 0.0).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: losses.BinaryCrossentropy(label_smoothing=1.5),
            ValueError,
            "label_smoothing is 1.5, expected a number in",
        ),
        (
            lambda: losses.BinaryCrossentropy("yes"),
            TypeError,
            "from_logits is 'yes', expected True",
        ),
        (
            lambda: losses.CategoricalCrossentropy(axis=1),
            ValueError,
            "axis=1 is not supported, expected -1",
        ),
        (
            lambda: losses.SparseCategoricalCrossentropy(ignore_class=0.5),
            TypeError,
            "ignore_class is 0.5, expected an integer or None",
        ),
        (
            lambda: losses.CategoricalCrossentropy()(np.ones((2, 1)), np.ones((2, 1))),
            ValueError,
            "y_pred has shape (2, 1), expected at least 2 classes",
        ),
        (
            lambda: losses.SparseCategoricalCrossentropy()(LABELS[0], SIGMOID),
            ValueError,
            "y_true has shape (4,), expected that of y_pred without its last axis, (3, 4)",
        ),
    ],
)
def test_bad_options_and_shapes(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_all_smoothing_is_allowed() -> None:
    assert losses.BinaryCrossentropy(label_smoothing=1.0)(BITS, np.full_like(BITS, 0.5)) == (
        pytest.approx(np.log(2.0), rel=1e-14)
    )
