"""What several ranks train together is what one process trains."""

import signal
from functools import partial

import numpy as np
import pytest

import forked_ranks
import gatedcore as gk
from shared_training import (
    CASES,
    YES,
    Case,
    X,
    Y,
    assert_alike,
    checked,
    dropout,
    furthest,
    on_ranks,
    plain,
    row,
    several_outputs,
    train,
)

# Sums of float32 in another order: a few roundings of 6e-8 in each gradient, which steps of Adam
# and clipping pass on. A wrong divisor, mask or draw is off by 1e-3 and more.
CLOSE = 1e-6


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_ranks_come_to_what_one_process_does(case: Case) -> None:
    weights, logs, seen = train(None, case)
    results = on_ranks(3, case)
    assert_alike(results)
    assert furthest(weights, results[0][0]) < CLOSE
    for name, values in logs.items():
        np.testing.assert_allclose(results[0][1][name], values, rtol=2e-6, atol=1e-7, err_msg=name)
    np.testing.assert_allclose(results[0][2], seen, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_after_a_hundred_steps(size: int) -> None:
    expected = train(None, dropout, epochs=25)
    results = on_ranks(size, dropout, epochs=25)
    assert_alike(results)
    assert furthest(expected[0], results[0][0]) < CLOSE


def test_runs_on_as_many_ranks_have_the_same_bits() -> None:
    assert_alike([*on_ranks(4, dropout), *on_ranks(4, dropout)])


def test_ranks_without_rows_take_part() -> None:
    expected = train(None, dropout, batch_size=2)
    results = on_ranks(4, dropout, batch_size=2)
    assert_alike(results)
    assert furthest(expected[0], results[0][0]) < CLOSE
    several = on_ranks(4, several_outputs, batch_size=2)
    assert furthest(train(None, several_outputs, batch_size=2)[0], several[0][0]) < CLOSE


def test_accumulated_batches_make_the_step_of_one_large_batch() -> None:
    expected = train(None, plain, batch_size=24, shuffle=False)
    for results in (
        on_ranks(2, plain, accumulate=3, shuffle=False),
        [train(None, plain, accumulate=3, shuffle=False)],
    ):
        assert furthest(expected[0], results[0][0]) < CLOSE
        np.testing.assert_allclose(results[0][1]["loss"], expected[1]["loss"], rtol=0.2)


def counted_sums(comm: forked_ranks.ForkedCommunicator, accumulate: int) -> list[int]:
    class Sums(gk.Callback):
        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            seen.append(comm.sums)

    seen: list[int] = []
    train(comm, plain, epochs=1, accumulate=accumulate, callbacks=[Sums()])
    return np.diff(seen).tolist()


def test_a_step_is_one_sum() -> None:
    assert forked_ranks.run(2, partial(counted_sums, accumulate=1)) == [[1, 1, 1]] * 2
    assert forked_ranks.run(2, partial(counted_sums, accumulate=2)) == [[1, 0, 1]] * 2


# Errors and ends.


def failing(comm: gk.distributed.Communicator, case: Case, **options: object) -> list:
    """Return the error of a run whose rank 1 has no finite targets, and the steps it took."""
    gk.set_random_seed(5)
    model, (x, y), _ = case()
    model.build([one.shape for one in x] if isinstance(x, list) else x.shape)
    if comm.rank == 1:
        y = [y[0], np.full_like(y[1], np.nan)] if isinstance(y, list) else np.full_like(y, np.nan)
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(ValueError, match="loss is nan") as error:
        model.fit(x, y, 8, epochs=2, verbose=0, distributed=comm, **options)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    return [type(error.value).__name__, str(error.value), model.optimizer.iterations]


@pytest.mark.parametrize("case", [plain, several_outputs], ids=lambda case: case.__name__)
@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_loss_that_is_not_finite_on_one_rank_raises_on_all(case: Case, accumulate: int) -> None:
    told = checked(forked_ranks.run(3, partial(failing, case=case, accumulate=accumulate)))
    assert told[0] == told[1] == told[2]
    assert "(on rank 1 of 3)" in told[0][1]
    assert told[0][2] == 0


class Bad(gk.Callback):
    """Does something on one rank in the middle of a run."""

    def __init__(self, comm: gk.distributed.Communicator, what: str) -> None:
        super().__init__()
        self.comm, self.what, self.batches = comm, what, 0

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.batches += 1
        if self.comm.rank == 1 and self.batches == 6:
            if self.what == "stop":
                self.model.stop_training = True
            else:
                signal.raise_signal(signal.SIGINT)


def ending(comm: gk.distributed.Communicator, what: str, **options: object) -> tuple:
    model, (x, y), _ = plain()
    callback = Bad(comm, what)
    told = None
    try:
        model.fit(x, y, 8, epochs=9, verbose=0, callbacks=[callback], distributed=comm, **options)
    except KeyboardInterrupt:
        told = "interrupted"
    return callback.batches, told, len(model.history.epoch), model.optimizer.iterations


@pytest.mark.parametrize(("what", "told"), [("stop", None), ("interrupt", "interrupted")])
@pytest.mark.parametrize("every", [1, 3])
def test_one_rank_ends_the_run_on_all_at_the_same_step(what: str, told: str | None, every) -> None:
    results = checked(forked_ranks.run(3, partial(ending, what=what, accumulate=every)))
    epochs = 2 if what == "stop" else 1
    # Epochs of four batches; with three for a step the next one comes with batch 3 of the second.
    batches = 6 if every == 1 else 7
    assert results == [(batches, told, epochs, {1: 6, 3: 3}[every])] * 3


def stopped_after_an_epoch(comm: gk.distributed.Communicator) -> int:
    class Stop(gk.Callback):
        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            self.model.stop_training = comm.rank == 1 and epoch == 2

    model, data, _ = plain()
    history = model.fit(*data, 8, 9, verbose=0, callbacks=[Stop()], distributed=comm)
    return len(history.epoch)


def test_one_rank_ends_the_run_on_all_after_the_same_epoch() -> None:
    assert checked(forked_ranks.run(3, stopped_after_an_epoch)) == [3, 3, 3]


def test_epochs_of_some_batches() -> None:
    options = {"steps_per_epoch": 2, "validation_steps": 2, "initial_epoch": 1}
    weights, logs, _ = train(None, dropout, **options)
    results = on_ranks(3, dropout, **options)
    assert_alike(results)
    assert furthest(weights, results[0][0]) < CLOSE
    np.testing.assert_allclose(results[0][1]["val_loss"], logs["val_loss"], rtol=2e-6)


def decided(comm: gk.distributed.Communicator | None) -> tuple:
    """Return what callbacks made of a run whose validation gets worse."""
    gk.set_random_seed(1)
    model = row(gk.LSTM(16), gk.Dense(2), optimizer=gk.Adam(0.1))
    callbacks = [
        gk.callbacks.EarlyStopping(patience=6, restore_best_weights=True),
        gk.callbacks.ReduceLROnPlateau(factor=0.5, patience=2, min_delta=1e-3),
        gk.callbacks.TerminateOnNaN(),
    ]
    history = model.fit(
        X, Y, 8, 40, 0, callbacks, validation_split=0.3, distributed=comm, shuffle=False
    )
    return model.get_weights(), history.history, model.optimizer.learning_rate


def test_callbacks_decide_alike_on_the_figures_of_all() -> None:
    weights, logs, rate = decided(None)
    assert 6 < len(logs["loss"]) < 40
    assert rate < 0.1
    results = checked(forked_ranks.run(3, decided))
    assert_alike(results)
    assert len(results[0][1]["loss"]) == len(logs["loss"])
    assert results[0][2] == rate
    # Steps of 0.1 carry roundings further than those of 0.001 above.
    assert furthest(weights, results[0][0]) < 1e-4


def not_finite_in_validation(comm: gk.distributed.Communicator) -> str:
    model, (x, y), _ = plain()
    wrong = np.full_like(y, np.nan) if comm.rank == 1 else y
    with pytest.raises(ValueError, match="validation: loss of batch 0 is nan") as error:
        model.fit(x, y, 8, validation_data=(x, wrong), verbose=0, distributed=comm)
    with pytest.raises(ValueError, match="evaluate: loss of batch 0 is nan"):
        model.evaluate(x, wrong, distributed=comm)
    return str(error.value)


def test_a_validation_that_is_not_finite_on_one_rank_raises_on_all() -> None:
    told = checked(forked_ranks.run(3, not_finite_in_validation))
    assert told[0] == told[1] == told[2]
    assert told[0].endswith("(on rank 1 of 3)")


def raising_in_a_metric(comm: gk.distributed.Communicator) -> tuple[str, int]:
    model = row(gk.LSTM(4), gk.Dense(1, "sigmoid"), metrics=["auc"])
    targets = YES.copy()
    targets[6] += 0.5 if comm.rank == 2 else 0.0  # a row of its own in the first batch
    with pytest.raises(ValueError, match=r"y_true holds .*expected 0 and 1") as error:
        model.fit(X, targets, 8, verbose=0, shuffle=False, distributed=comm)
    return str(error.value), model.optimizer.iterations


def test_a_metric_that_raises_on_one_rank_raises_on_all_before_the_step() -> None:
    told = checked(forked_ranks.run(3, raising_in_a_metric))
    assert told[0] == told[1] == told[2]
    assert told[0][1] == 0
