"""What must be alike on all ranks."""

import math

import pytest

import forked_ranks
from gatedcore.distributed.agreement import check_agreement

FACTS = {"length of the data": 100, "model": {"layers": [{"units": 8}, {"units": 1}]}}


def errors_of(facts_by_rank):
    outcomes = forked_ranks.run(
        len(facts_by_rank), lambda comm: check_agreement(comm, "fit", facts_by_rank[comm.rank])
    )
    return [None if outcome is None else str(outcome) for outcome in outcomes]


def test_ranks_that_agree_pass():
    assert errors_of([FACTS, dict(reversed(FACTS.items())), {**FACTS}]) == [None] * 3
    assert errors_of([{"rate": math.nan}] * 2) == [None] * 2


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"length of the data": 99}, "length of the data is 99 where it is 100"),
        (
            {"model": {"layers": [{"units": 8}, {"units": 2}]}},
            "model.layers[1].units is 2 where it is 1",
        ),
        (
            {"model": {"layers": [{"units": 8}]}},
            'model.layers is [{"units": 8}] where it is [{"units": 8}, {"units": 1}]',
        ),
        ({"seed": 3}, "seed is 3 where it is null"),
    ],
)
def test_a_difference_is_named_on_every_rank(changed, says):
    assert (
        errors_of([FACTS, FACTS, {**FACTS, **changed}])
        == [
            f"fit: on rank 2 of 3 the {says} on rank 0, expected the same on all ranks; "
            "start all with the same program, arguments and data"
        ]
        * 3
    )


def test_another_version_is_named_first():
    def program(comm):
        # The check's own entry, as an older release would have it.
        check_agreement(comm, "fit", {"version of gatedcore": f"0.{comm.rank}", "seed": comm.rank})

    errors = forked_ranks.run(2, program)
    assert 'the version of gatedcore is "0.1" where it is "0.0" on rank 0' in str(errors[1])
    assert str(errors[0]) == str(errors[1])


def test_long_values_are_cut_in_the_message():
    says = errors_of([{"words": "a" * 5000}, {"words": "b" * 5000}])[0]
    assert len(says) < 1000
    assert "..." in says
