"""bench/python/contest/cases.py: what is typed becomes rows, each once, or an error that helps."""

import re

import pytest

from contest.cases import (
    DENSE,
    KINDS,
    OPTIONS,
    Case,
    CaseError,
    groups,
    has_threads,
    parse_kinds,
    parse_shape,
    select,
)


def test_a_shape_is_run_forward_and_in_training():
    assert parse_shape("lstm:100x32x64x65") == [
        Case("infer", "lstm", 100, 32, 64, 65),
        Case("train", "lstm", 100, 32, 64, 65),
    ]


def test_a_single_sequence_is_run_step_by_step_too():
    assert [case.kind for case in parse_shape("gru:7x1x2x3")] == ["infer", "train", "step"]


def test_an_option_has_its_kinds():
    for option, kinds in OPTIONS.items():
        cases = parse_shape(f"gru:10x2x3x4+{option}")
        assert tuple(case.kind for case in cases) == kinds
        assert {case.option for case in cases} == {option}


def test_every_row_can_be_typed():
    for group in groups().values():
        for case in group:
            assert case in parse_shape(case.shape)
            assert case.name == f"{case.kind} {case.shape}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tense", "case 'tense' is no group and no shape, expected one of dense, odd"),
        ("lstm:1x2x3", "is no group and no shape"),
        ("rnn:1x2x3x4", "has the cell 'rnn', expected one of lstm, gru"),
        ("lstm:1x0x3x4", "has a size of 0"),
        ("lstm:1x2x3x4+dropout", "has the option 'dropout', expected one of lengths"),
        ("lstm:1x2x3x4+reset_before", "use gru"),
    ],
)
def test_a_mistake_is_named(text, message):
    with pytest.raises(CaseError, match=re.escape(message)):
        select(text, KINDS)


def test_kinds():
    assert parse_kinds("train,step") == ("train", "step")
    with pytest.raises(CaseError, match="kind 'inference' is unknown, expected some of infer"):
        parse_kinds("inference")


def test_a_case_is_selected_once():
    chosen = select("lstm:100x32x64x64,dense,lstm:100x32x64x64", ("infer",))
    assert len(chosen) == len(set(chosen)) == 2 * len(DENSE)
    assert all(case.kind == "infer" for case in chosen)
    assert set(select("all", KINDS)) == {case for group in groups().values() for case in group}


def test_operations_and_bytes():
    case = Case("infer", "lstm", 2, 3, 5, 7)
    assert case.operations == 2 * 2 * 3 * (5 + 7) * 4 * 7
    assert Case("train", "gru", 2, 3, 5, 7).operations == 3 * 2 * 2 * 3 * (5 + 7) * 3 * 7
    assert case.recurrent_bytes == 4 * 7 * 4 * 7
    twice = Case("infer", "lstm", 2, 3, 5, 7, "bidirectional")
    assert twice.operations == 2 * case.operations
    stacked = Case("infer", "lstm", 2, 3, 7, 7, "two_layers")
    assert stacked.operations == 2 * Case("infer", "lstm", 2, 3, 7, 7).operations


def test_steps_and_options_run_on_one_thread_and_stacks_on_two():
    assert has_threads(Case("infer", "lstm", 100, 32, 64, 64), 2)
    assert not has_threads(Case("step", "lstm", 1, 1, 64, 64), 2)
    assert not has_threads(Case("infer", "lstm", 100, 32, 65, 65), 2)
    assert not has_threads(Case("infer", "lstm", 100, 32, 128, 128, "mask"), 2)
    assert not has_threads(Case("infer", "lstm", 100, 1, 128, 128, "two_layers"), 1)
    assert has_threads(Case("infer", "lstm", 100, 1, 128, 128, "two_layers"), 2)
