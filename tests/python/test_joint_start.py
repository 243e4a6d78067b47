"""Ranks that begin together."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import forked_ranks
import gatedcore as gk
from gatedcore.distributed import Communicator, agreement
from gatedcore.random import library_generator
from shared_training import X, Y, checked


def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the same data, as a source of a rank alone."""
    yield X[:8], Y[:8]


def refused(comm: Communicator, differ: str) -> str:
    """Return the error of a run whose last rank is different."""
    last = comm.rank == comm.size - 1
    gk.set_random_seed(2 if last and differ == "random seed" else 1)
    x, y, options = X, Y, {}
    units, optimizer, loss, layer = 4, gk.Adam(0.01), "mse", gk.GRU
    if last:
        units = 5 if differ == "units" else units
        optimizer = gk.Adam(0.02) if differ == "learning rate" else optimizer
        loss = "mae" if differ == "loss" else loss
        layer = gk.LSTM if differ == "layer" else layer
        x, y = (X[:20], Y[:20]) if differ == "samples" else (x, y)
        options = {"epochs": 3} if differ == "epochs" else {}
        options |= {"batch_size": 9} if differ == "batch_size" else {}
        options |= {"accumulate": 2} if differ == "accumulate" else {}
        y = Y + (np.arange(27) == 26)[:, None] if differ == "values" else y
        options |= {"sample_weight": np.arange(27.0)} if differ == "weights" else {}
        options |= {"validation_freq": [2]} if differ == "validation_freq" else {}
        stop = [gk.Callback(), gk.EarlyStopping("loss")]
        options |= {"callbacks": stop} if differ == "callbacks" else {}
        x, y = (batches(), None) if differ == "source" else (x, y)
    if differ == "version" and last:  # a rank is a process of its own
        agreement.__version__ = "0.0.1"
    seed = 8 if differ == "seed" and last else 7
    model = gk.Sequential([layer(units, seed=seed), gk.Dense(2)])
    model.compile(optimizer, loss)
    given: dict[str, Any] = {"batch_size": 8, "epochs": 2, "verbose": 0, **options}
    if y is None:
        del given["batch_size"]
    with pytest.raises(ValueError, match="fit: on rank 2 of 3 the ") as error:
        model.fit(x, y, **given, distributed=comm)
    assert not model.built
    assert not model.optimizer.slots
    return str(error.value)


@pytest.mark.parametrize(
    ("differ", "told"),
    [
        ("units", "model[0][1].units is 5 where it is 4"),
        ("seed", "model[0][1].seed is 8 where it is 7"),
        ("layer", 'model[0][0] is "LSTM" where it is "GRU"'),
        ("learning rate", "optimizer[1].learning_rate is 0.02 where it is 0.01"),
        ("loss", "loss and metrics[0]"),
        ("random seed", "seed of set_random_seed is 2 where it is 1"),
        ("samples", "x.samples is 20 where it is 27"),
        ("batch_size", "x.batch_size is 9 where it is 8"),
        ("values", "x.mean size of a few samples.y[7] is "),
        ("weights", "x.mean size of a few samples.weights is [0.0"),
        ("epochs", "arguments.epochs is 3 where it is 2"),
        ("accumulate", "arguments.accumulate is 2 where it is 1"),
        ("version", 'version of gatedcore is "0.0.1" where it is'),
        ("source", "x.samples is null where it is 27"),
        ("validation_freq", 'arguments.validation_freq is "[2]" where it is "1"'),
        ("callbacks", 'arguments.callbacks is ["EarlyStopping"] where it is []'),
    ],
)
def test_ranks_that_differ_are_refused_on_all(differ: str, told: str) -> None:
    errors = checked(forked_ranks.run(3, partial(refused, differ=differ)))
    assert errors[0] == errors[1] == errors[2]
    if differ == "batch_size":
        told = "x.batches is 3 where it is 4" if "batches" in errors[0] else told
    assert told in errors[0]


def begun(comm: Communicator) -> list[Any]:
    """Return what a rank has after no step: one that was trained alone before, differently."""
    gk.set_random_seed(1)
    library_generator().random(comm.rank)
    own = np.random.default_rng(comm.rank)
    model = gk.Sequential([gk.LSTM(4, seed=own), gk.Dropout(0.3, seed=7), gk.Dense(2)])
    model.compile(gk.Adam(0.01), "mse")
    model.fit(X, Y, epochs=1 + comm.rank, verbose=0)
    model.optimizer.learning_rate = 0.01

    class Look(gk.Callback):
        def on_train_begin(self, logs: dict | None = None) -> None:
            state = model.optimizer.get_state()
            slots = {name: slot.tolist() for name, slot in state.pop("slots").items()}
            weights = [weight.tolist() for weight in model.get_weights()]
            draws = [layer._draws for layer in model.layers]
            generators = [library_generator().random(), own.random()]
            seen.extend([weights, state, slots, draws, generators])

    seen: list[Any] = []
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[Look()], distributed=comm)
    return seen


def test_all_begin_with_the_numbers_of_rank_0() -> None:
    results = checked(forked_ranks.run(3, begun))
    assert results[0] == results[1] == results[2]
    assert results[0][1]["iterations"] == 1


def after_another_model(comm: Communicator) -> int:
    """Return how many steps are done where a rank has made layers before, so that names differ."""
    if comm.rank == 1:
        gk.Bidirectional(gk.GRU(4))
    model = gk.Sequential([gk.Bidirectional(gk.GRU(4)), gk.Dense(2)])
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=1, batch_size=9, verbose=0, distributed=comm)
    return int(model.optimizer.iterations)


def test_names_may_differ() -> None:
    assert checked(forked_ranks.run(2, after_another_model)) == [3, 3]
