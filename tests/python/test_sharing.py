"""What fit's arguments about several ranks refuse."""

import re
from functools import partial

import numpy as np
import pytest

import forked_ranks
import gatedcore as gk
from shared_training import X, Y, checked, on_ranks, plain, row, through_time, train

SELF = gk.distributed.SelfCommunicator()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accumulate": 0}, "fit: accumulate is 0, expected an integer of at least 1"),
        ({"accumulate": 1.5}, "fit: accumulate is 1.5, expected an integer"),
        ({"average_every": 0}, "fit: average_every is 0"),
        ({"reduction": "tree"}, "fit: reduction is 'tree'"),
        ({"distributed": "mpi"}, "fit: distributed has type str"),
        ({"average_every": 2, "accumulate": 2}, "average_every=2 came with accumulate=2"),
        ({"average_every": 2, "reduction": "ordered"}, "came with reduction='ordered'"),
        ({"accumulate": 2, "tbptt": 2}, "accumulate=2 came with tbptt=2"),
        ({"reduction": "ordered", "tbptt": 2}, "reduction='ordered' came with tbptt=2"),
    ],
)
def test_arguments_that_are_refused(options: dict, message: str) -> None:
    model, data, _ = through_time()
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        model.fit(*data, verbose=0, **options)
    assert not model.built
    with pytest.raises(TypeError, match="evaluate: distributed has type int"):
        model.evaluate(*data, distributed=3)


def test_one_rank_is_one_process() -> None:
    alone = train(None, plain)
    for options in ({}, {"average_every": 2}):
        model, data, _ = plain()
        gk.set_random_seed(1)
        model, data, _ = plain()
        model.fit(*data, 8, 6, verbose=0, validation_data=data, distributed=SELF, **options)
        np.testing.assert_allclose(
            np.concatenate([w.ravel() for w in model.get_weights()]),
            np.concatenate([w.ravel() for w in alone[0]]),
            atol=1e-6,
        )


class StopsAfterTwo(gk.Callback):
    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.model.stop_training = batch == 1


@pytest.mark.parametrize("options", [{}, {"reduction": "ordered"}, {"average_every": 1}])
def test_one_rank_stops_as_soon_as_one_process(options: dict) -> None:
    model, data, _ = plain()
    model.fit(*data, 4, verbose=0, callbacks=[StopsAfterTwo()], distributed=SELF, **options)
    assert model.optimizer.iterations == 2


def test_stateful_layers_are_refused_where_ranks_divide_their_rows() -> None:
    def stateful() -> tuple:
        return row(gk.LSTM(4, stateful=True), gk.Dense(2)), (X[:24], Y[:24]), {"shuffle": False}

    for options in ({}, {"reduction": "ordered"}):
        with pytest.raises(ValueError, match=r"lstm\w* is stateful, expected layers that begin"):
            on_ranks(2, stateful, **options)
    assert len(on_ranks(1, stateful)) == 1


class Counted(gk.metrics.Metric):
    """A metric without get_state."""

    def reset_state(self) -> None:
        self.count = 0

    def update_state(self, y_true: object, y_pred: object, sample_weight: object = None) -> None:
        self.count += 1

    def result(self) -> float:
        return float(self.count)


def test_a_metric_that_cannot_be_told_to_others_is_refused() -> None:
    def counted() -> tuple:
        return row(gk.LSTM(4), gk.Dense(2), metrics=[Counted()]), (X, Y), {}

    with pytest.raises(NotImplementedError, match="get_state is missing, expected it to resume"):
        on_ranks(2, counted)


def generators(comm: gk.distributed.Communicator, sharded: bool, **options: object) -> tuple:
    """Train on batches of a generator: of rank 0 five, of the others seven, or six of all."""

    def batches() -> object:
        count = 6 if sharded else 5 if comm.rank == 0 else 7
        for k in range(count):
            part = slice(4 * k % 24, 4 * k % 24 + 4)
            yield X[part] + (0 if sharded else comm.rank), Y[part]

    class Source:
        def __iter__(self) -> object:
            return batches()

    gk.set_random_seed(2)
    model, _, _ = plain()
    source = gk.distributed.shard(Source(), comm) if sharded else Source()
    history = model.fit(source, epochs=2, verbose=0, distributed=comm, **options)
    seen = model.evaluate(source, distributed=comm)
    return model.get_weights(), history.history, seen, model.optimizer.iterations


def test_own_generators_end_with_the_first_that_ends() -> None:
    results = checked(forked_ranks.run(3, partial(generators, sharded=False)))
    assert [steps for *_, steps in results] == [10] * 3
    gk.set_random_seed(2)
    model, _, _ = plain()

    def batches() -> object:
        for k in range(5):
            part = slice(4 * k % 24, 4 * k % 24 + 4)
            yield np.concatenate([X[part] + r for r in range(3)]), np.concatenate([Y[part]] * 3)

    for _ in range(2):
        model.fit(batches(), epochs=1, verbose=0)
    for weights, _, _, _ in results:
        for a, b in zip(weights, model.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_generator_of_all_ranks() -> None:
    alone = generators(SELF, True)
    for result in checked(forked_ranks.run(3, partial(generators, sharded=True))):
        for a, b in zip(result[0], alone[0], strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
        np.testing.assert_allclose(result[2], alone[2], rtol=1e-5)
        assert result[3] == alone[3] == 12


def of_two_outputs(comm: gk.distributed.Communicator) -> int:
    """Return the steps of a run over generators of which rank 1's ends within a step."""
    x = gk.Input((6, 3))
    model = gk.Model(x, [gk.Dense(2)(gk.LSTM(3)(x)), gk.Dense(2)(gk.GRU(3)(x))])
    model.compile("adam", "mse")
    count = 5 if comm.rank == 1 else 8

    class Source:
        def __iter__(self) -> object:
            return ((X[k : k + 4], [Y[k : k + 4], Y[k + 1 : k + 5]]) for k in range(count))

    model.fit(Source(), epochs=2, verbose=0, distributed=comm, accumulate=3)
    return model.optimizer.iterations


def test_own_generators_of_several_outputs_end_within_a_step() -> None:
    assert checked(forked_ranks.run(3, of_two_outputs)) == [4, 4, 4]


def test_own_generators_in_other_kinds_of_steps() -> None:
    for options in ({"accumulate": 2}, {"average_every": 2}):
        results = checked(forked_ranks.run(3, partial(generators, sharded=False, **options)))
        assert len({steps for *_, steps in results}) == 1
        for result in results[1:]:
            assert result[1:] == results[0][1:]
            for a, b in zip(result[0], results[0][0], strict=True):
                np.testing.assert_array_equal(a, b)
    ordered = partial(generators, sharded=False, reduction="ordered")
    with pytest.raises(ValueError, match="came with a source of batches for each rank"):
        checked(forked_ranks.run(2, ordered))
