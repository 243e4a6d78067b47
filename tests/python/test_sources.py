import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.random import library_generator
from gatedcore.sources import PyDataset, SourceBatches, is_source, unpacked
from small_model import X, Y, make

ROWS = [slice(0, 8), slice(8, 16), slice(16, 20)]


class Rows(PyDataset):
    """The small model's data in three batches."""

    def __init__(self, *more: np.ndarray) -> None:
        super().__init__()
        self.arrays = (X, Y, *more)
        self.asked: list[int] = []
        self.epochs = 0

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple:
        self.asked.append(index)
        return tuple(array[ROWS[index]] for array in self.arrays)

    def on_epoch_end(self) -> None:
        self.epochs += 1


def endless():
    while True:
        for rows in ROWS:
            yield X[rows], Y[rows]


def once(count: int = 3):
    for rows in ROWS[:count]:
        yield X[rows], Y[rows]


def losses_of(data: object, y: object = None, **options: object) -> list[float]:
    gk.set_random_seed(0)
    model = make("sgd")
    return model.fit(data, y, epochs=2, verbose=0, **options).history["loss"]


def test_the_same_epochs_from_a_sequence_a_list_of_batches_and_a_generator() -> None:
    # Batches of 8, 8 and 4 rows are those that fit cuts itself.
    expected = losses_of(X, Y, batch_size=8, shuffle=False)
    rows = Rows()
    assert losses_of(rows, shuffle=False) == expected
    assert rows.epochs == 2
    assert losses_of(endless(), steps_per_epoch=3) == expected
    model = make("sgd")
    gk.set_random_seed(0)
    assert model.evaluate(once()) == model.evaluate(X, Y, batch_size=8)


def test_a_torch_data_loader() -> None:
    torch = pytest.importorskip("torch", reason="reads a DataLoader")
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    assert losses_of(loader) == losses_of(X, Y, batch_size=8, shuffle=False)
    assert make().predict(loader).shape == (20, 1)


def test_sequences_are_shuffled_batch_by_batch() -> None:
    rows = Rows()
    gk.set_random_seed(4)
    order = library_generator().permutation(3).tolist()
    gk.set_random_seed(4)
    make("sgd").fit(rows, verbose=0)
    assert rows.asked == [0, *order]  # the first, to learn the shapes


def test_weights_of_batches() -> None:
    weights = np.linspace(0.1, 2.0, 20).astype(np.float32)
    expected = losses_of(X, Y, batch_size=8, shuffle=False, sample_weight=weights)
    assert losses_of(Rows(weights), shuffle=False) == expected
    assert expected != losses_of(Rows(), shuffle=False)


def test_predictions_are_in_order() -> None:
    model = make()
    expected = model.predict(X)
    # Rows are computed apart, whatever batch they stand in.
    np.testing.assert_array_equal(model.predict(Rows()), expected)
    np.testing.assert_array_equal(model.predict(x for x, _ in once()), expected)
    assert model.predict(endless(), steps=2).shape == (16, 1)


def test_validation_on_sources() -> None:
    model = make("sgd")
    history = model.fit(X, Y, epochs=2, verbose=0, validation_data=Rows()).history
    assert history["val_loss"][1] == pytest.approx(model.evaluate(X, Y)[0], rel=1e-6)
    history = model.fit(
        X, Y, epochs=2, verbose=0, validation_data=endless(), validation_steps=3
    ).history
    assert len(history["val_loss"]) == 2


def test_a_generator_that_ends_early_warns_and_one_that_is_used_up_raises() -> None:
    with pytest.warns(
        UserWarning, match=r"fit: the data ended after 3 batches, expected steps_per"
    ):
        make().fit(once(), verbose=0, steps_per_epoch=4)
    model = make()
    with pytest.raises(ValueError, match="fit: x gives no further batch, expected as many passes"):
        model.fit(once(), epochs=2, verbose=0)
    assert len(model.history.history["loss"]) == 1


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (once(0), ValueError, "fit: x gives no batch, expected at least one"),
        (
            (x for x in [(X, Y, Y, Y)]),
            ValueError,
            "fit: x gives a batch of 4 things, expected x, (",
        ),
        ((x for x in [X]), TypeError, "fit: y is missing, expected targets"),
        ((x for x in [(X, Y[:3])]), ValueError, "fit: y has 3 samples, expected 20 as x"),
        ((x for x in [(X[..., :1], Y)]), ValueError, "x has shape (20, 5, 1), expected"),
    ],
)
def test_bad_batches(data, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make().fit(data, verbose=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": Y}, "fit: y came with a dataset as x, expected None"),
        ({"sample_weight": Y}, "fit: sample_weight came with a dataset as x, expected None"),
        ({"batch_size": 4}, "fit: batch_size=4 came with a dataset, expected None"),
        ({"validation_split": 0.5}, "fit: validation_split=0.5 came with a dataset"),
    ],
)
def test_arguments_that_are_for_arrays(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make().fit(Rows(), verbose=0, **options)


def test_weights_of_classes_and_of_samples_are_not_both_taken() -> None:
    weighted = [(X, np.ones(len(X)), np.ones(len(X)))]
    message = "fit: class_weight came with batches (x, y, sample_weight), expected one of the two"
    with pytest.raises(ValueError, match=re.escape(message)):
        make().fit(iter(weighted), class_weight={1: 2.0}, verbose=0)


def test_what_gives_batches() -> None:
    for value in (Rows(), once(), iter([])):
        assert is_source(value)
    for value in (X, [X], (X, Y), "abc", {"a": X}, 3, None):
        assert not is_source(value)


def test_unpacked() -> None:
    assert unpacked("here", 1) == (1, None, None)
    assert unpacked("here", [1, 2]) == (1, 2, None)
    assert unpacked("here", (1, 2, 3)) == (1, 2, 3)


def test_steps_are_known_where_there_is_a_length() -> None:
    assert SourceBatches("here", Rows(), lambda batch: (*batch, None)).steps == 3
    assert SourceBatches("here", once(), lambda batch: (*batch, None)).steps is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 2}, "PyDataset: workers=2, use_multiprocessing=False is not supported"),
        ({"use_multiprocessing": True}, "use_multiprocessing=True is not supported"),
        ({"max_queue_size": 2}, "PyDataset: max_queue_size=2 is not supported"),
    ],
)
def test_what_a_sequence_cannot_do(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        PyDataset(**options)
    with pytest.raises(NotImplementedError, match="PyDataset: __len__ is missing"):
        len(PyDataset())
    with pytest.raises(NotImplementedError, match="PyDataset: __getitem__ is missing"):
        PyDataset()[0]
