"""Loss and metrics over the rows of several ranks."""

from functools import partial

import numpy as np
import pytest

import forked_ranks
import gatedcore as gk
from gatedcore.batches import ArrayBatches
from gatedcore.distributed import Communicator, SelfCommunicator
from gatedcore.objective import Objective
from gatedcore.shared_batches import SharedBatches
from gatedcore.shared_means import SharedMeans
from gatedcore.team import Team
from shared_training import checked

RNG = np.random.default_rng(0)
TRUE = (RNG.random(size=(11, 3)) < 0.5).astype(np.float64)
SAID = RNG.random(size=(11, 3))
WEIGHTS = RNG.random(11)
F1 = gk.metrics.F1Score(average="macro", threshold=0.5)
METRICS = ["mae", "auc", F1, gk.metrics.R2Score(), "precision"]


def objective() -> Objective:
    loss = gk.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    return Objective("sgd", loss, METRICS, ["mse", gk.metrics.R2Score()])


def counted(comm: Communicator | None, ordered: bool = False, cut: int = 0) -> tuple:
    """Return logs of 11 samples in batches of 4; with ``cut`` going on from a state within."""
    whole = ArrayBatches(SAID, TRUE, 4, weights=WEIGHTS)
    chosen = objective()
    feed, means = whole, chosen.means()
    if comm is not None:
        team = Team(comm, ordered=ordered)
        feed = SharedBatches(whole, team)
        means = SharedMeans(chosen, team, feed)
    for step, batch in enumerate(feed.weighted()):
        if cut and step == cut:
            state = means.get_state()
            means = SharedMeans(chosen, team, feed)
            means.set_state(state)
        for counting, (said, true, weights) in means.pieces(batch):
            loss = chosen.loss_of(true, said, weights)[0]
            counting.add(loss, true, said, weights, penalty=0.25)
    return means.logs(), means.total_logs()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_figures_are_those_of_all_samples(size: int) -> None:
    expected, _ = counted(None)
    results = checked(forked_ranks.run(size, counted))
    for _, total in results:
        assert total == results[0][1]
        assert list(total) == list(expected)
        # Sums of a few float64 in another order.
        np.testing.assert_allclose(list(total.values()), list(expected.values()), rtol=1e-12)


def test_while_batches_come_figures_are_of_own_rows() -> None:
    (first, total), (second, _), *_, (none, _) = checked(forked_ranks.run(5, counted))
    assert first["loss"] != second["loss"] != total["loss"]
    assert none == {}  # of batches of four the last of five ranks has no row


def test_ordered_figures_have_the_same_bits_on_any_number_of_ranks() -> None:
    alone = counted(SelfCommunicator(), True)[1]
    for size in (2, 4, 8):
        for _, total in checked(forked_ranks.run(size, partial(counted, ordered=True))):
            assert total == alone


def test_they_go_on_from_a_state() -> None:
    expected, _ = counted(None)
    for _, total in checked(forked_ranks.run(2, partial(counted, cut=2))):
        np.testing.assert_allclose(list(total.values()), list(expected.values()), rtol=1e-12)


def raising(comm: Communicator) -> str:
    feed = SharedBatches(ArrayBatches(SAID, TRUE, 4), Team(comm))
    means = SharedMeans(objective(), Team(comm), feed)

    def fail() -> None:
        with means.alike():
            if comm.rank == 1:
                raise ValueError("bad")

    with pytest.raises(ValueError, match="bad") as raised:
        fail()
    return str(raised.value)


def test_an_error_within_is_raised_on_all() -> None:
    assert forked_ranks.run(2, raising) == ["bad (on rank 1 of 2)"] * 2
