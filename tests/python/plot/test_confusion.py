"""What a classifier takes for what."""

import re

import numpy as np
import pytest

from gatedcore.plot import plot_confusion
from gatedcore.plot.confusion import confusion_matrix

plt = pytest.importorskip("matplotlib.pyplot")
plt.switch_backend("Agg")

ACTUAL, PREDICTED = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 0]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def shares(figure):
    return np.asarray(figure.axes[0].get_images()[0].get_array())


def test_counts_against_a_plain_loop():
    rng = np.random.default_rng(0)
    actual, predicted = rng.integers(0, 5, size=(2, 300))
    counts = np.zeros((6, 6), int)
    for i, j in zip(actual, predicted, strict=True):
        counts[i, j] += 1
    np.testing.assert_array_equal(confusion_matrix(actual, predicted, 6), counts)


def test_shares_of_each_row_numbers_and_names():
    figure = plot_confusion(ACTUAL, PREDICTED, ["cat", "dog", "bird"])
    np.testing.assert_allclose(shares(figure), [[2 / 3, 1 / 3, 0], [0.5, 0.5, 0], [1, 0, 0]])
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == "50.0% of 6 right"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "bird"]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["2", "67%", "1", "33%", "1", "50%", "1", "50%", "1", "100%"]
    assert plot_confusion(ACTUAL, PREDICTED, title="mine").axes[0].get_title(loc="left") == "mine"


@pytest.mark.parametrize(
    ("actual", "predicted"),
    [
        (np.array(ACTUAL)[:, None], PREDICTED),
        (np.eye(3)[ACTUAL], np.eye(3)[PREDICTED] * 0.3 + 0.1),
        (np.array(ACTUAL, np.float32), np.eye(3)[PREDICTED]),
    ],
)
def test_one_hot_and_probabilities_are_classes_too(actual, predicted):
    np.testing.assert_array_equal(
        shares(plot_confusion(actual, predicted)), shares(plot_confusion(ACTUAL, PREDICTED))
    )


def test_one_probability_for_each_sample():
    figure = plot_confusion([1, 1, 0, 0], [[0.9], [0.4], [0.2], [0.5]])
    np.testing.assert_allclose(shares(figure), [[1, 0], [0.5, 0.5]])


def test_many_classes_have_no_numbers_and_absent_ones_a_row():
    figure = plot_confusion(np.arange(30), np.arange(30), [f"c{k}" for k in range(31)])
    assert not figure.axes[0].texts
    assert shares(figure).shape == (31, 31)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (([0, 1], [0]), ValueError, "predicted has 1 samples and actual 2, expected equally many"),
        (([], []), ValueError, "predicted has 0 samples and actual 0, expected equally many"),
        (([0.5], [0]), ValueError, "actual of shape (1,) holds no classes, expected integers"),
        (([0], [-1]), ValueError, "predicted of shape (1,) holds no classes"),
        (([0], np.zeros((1, 2, 2))), ValueError, "predicted of shape (1, 2, 2) holds no classes"),
        ((["a"], [0]), TypeError, "actual has dtype <U1, expected real numbers"),
        (([0], [2], ["a", "b"]), ValueError, "labels has 2 names, expected one for each class up"),
    ],
)
def test_what_is_no_classes(arguments, error, text):
    with pytest.raises(error, match="plot_confusion: " + re.escape(text)):
        plot_confusion(*arguments)
