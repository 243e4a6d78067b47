"""The same bits on any number of ranks."""

import pytest

from shared_training import (
    CASES,
    Case,
    assert_alike,
    dropout,
    furthest,
    masked,
    on_ranks,
    plain,
    several_outputs,
    through_time,
    train,
)

NOT_ORDERED = [through_time, several_outputs]  # with a mask


@pytest.mark.parametrize(
    "case", [case for case in CASES if case not in NOT_ORDERED], ids=lambda case: case.__name__
)
def test_any_number_of_ranks_has_the_bits_of_one(case: Case) -> None:
    options = {"reduction": "ordered", "epochs": 2}
    alone = train(None, case, **options)
    for size in (1, 2, 4):
        weights, logs, _ = on_ranks(size, case, **options)[-1]
        assert_alike([(weights, logs, None), (*alone[:2], None)])
    assert furthest(train(None, case, epochs=2)[0], alone[0]) < 1e-6  # as in test_shared_step.py


def test_more_ranks_than_rows_and_several_batches_a_step() -> None:
    for options in ({"batch_size": 3}, {"batch_size": 4, "accumulate": 3}):
        alone = train(None, dropout, reduction="ordered", epochs=2, **options)
        eight = on_ranks(8, dropout, reduction="ordered", epochs=2, **options)[0]
        assert_alike([(*alone[:2], None), (*eight[:2], None)])


def test_fast_sums_have_other_bits() -> None:
    # Else the tests above could not tell an order from none.
    fast, ordered = train(None, masked)[0], train(None, masked, reduction="ordered")[0]
    assert any((a != b).any() for a, b in zip(fast, ordered, strict=True))


def test_several_outputs_whose_rows_do_not_count_alike_are_refused() -> None:
    with pytest.raises(ValueError, match="several outputs, of which one has a mask"):
        train(None, several_outputs, reduction="ordered")


def test_a_number_of_ranks_that_does_not_divide_the_chunks_is_refused() -> None:
    with pytest.raises(ValueError, match="reduction='ordered' came with 3 ranks"):
        on_ranks(3, plain, reduction="ordered")
