import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.checks import (
    check_bool,
    check_count,
    check_list,
    check_name,
    check_number,
    check_rank,
    check_shape,
    fits,
    is_one_of,
    warn,
)


def test_count() -> None:
    assert check_count("here", "n", np.int32(3)) == 3
    assert check_count("here", "n", 0, least=0) == 0
    for wrong in (True, 1.0, "1", None):
        with pytest.raises(TypeError, match=r"here: n is .*, expected an integer of at least 1"):
            check_count("here", "n", wrong)
    with pytest.raises(ValueError, match="here: n is 0, expected an integer of at least 1"):
        check_count("here", "n", 0)


def test_number() -> None:
    assert check_number("here", "n", np.float32(0.5), 0.0, 1.0) == 0.5
    assert check_number("here", "n", 0, 0.0) == 0.0
    for wrong in (-0.1, 1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=re.escape("expected a number in [0, 1)")):
            check_number("here", "n", wrong, 0.0, 1.0)
    with pytest.raises(ValueError, match=re.escape("here: n is 0, expected a number in (0, inf)")):
        check_number("here", "n", 0.0, 0.0, open_start=True)
    for wrong in ("0.5", None, True):
        with pytest.raises(TypeError, match=r"here: n is .*, expected a number"):
            check_number("here", "n", wrong, 0.0)


def test_bool() -> None:
    assert check_bool("here", "flag", True) is True
    assert check_bool("here", "flag", np.bool_(False)) is False
    for wrong in (1, "True", None):
        with pytest.raises(TypeError, match=r"here: flag is .*, expected True or False"):
            check_bool("here", "flag", wrong)


def test_list() -> None:
    assert check_list("here", "x", (1, 2)) == check_list("here", "x", np.array([1, 2])) == [1, 2]
    for wrong in (1, "12", None):
        with pytest.raises(TypeError, match=r"here: x is .*, expected a list; pass one"):
            check_list("here", "x", wrong)


def test_rank_is_read_off_the_formula() -> None:
    check_rank("here", "x", np.ones((2, 3)), "(B, I)", "")
    check_rank("here", "x", np.ones(2), "(B,)", "")
    with pytest.raises(
        ValueError, match=re.escape("here: x has shape (2,), expected (B, I); do so")
    ):
        check_rank("here", "x", np.ones(2), "(B, I)", "do so")
    with pytest.raises(ValueError, match=re.escape("expected (B,)")):
        check_rank("here", "x", np.ones((2, 3)), "(B,)", "")


def test_shape() -> None:
    check_shape("here", "x", np.ones((2, 3)), (2, 3), "(B, I)", "")
    message = "here: x has shape (2, 3), expected (B, I) = (2, 4); do so"
    with pytest.raises(ValueError, match=re.escape(message)):
        check_shape("here", "x", np.ones((2, 3)), (2, 4), "(B, I)", "do so")


def test_fits() -> None:
    assert fits((2, 3), (None, 3))
    assert fits((None, 3), (2, 3))
    assert not fits((2, 3), (None, 4))
    assert not fits((2, 3), (None, 3, None))


def test_a_warning_stands_at_the_line_of_the_caller() -> None:
    with pytest.warns(UserWarning, match="here: something") as caught:
        warn("here: something")
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="has no effect") as caught:
        gk.layers.Bidirectional(gk.LSTM(2), batch_input_shape=(3, None, 2))
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "kind",
    [gk.losses.Huber, gk.metrics.AUC, gk.Sequential, gk.Adam, lambda name: gk.GRU(1, name=name)],
)
def test_names(kind) -> None:
    assert check_name("here", None) is None
    assert kind(name="mine").name == "mine"
    for wrong in (3, "", [1], b"x"):
        with pytest.raises(
            TypeError, match=r"name is .*, expected a string; pass one, or leave it"
        ):
            kind(name=wrong)


def test_choices() -> None:
    assert is_one_of("sum", ("sum", None))
    assert is_one_of(None, ("sum", None))
    for wrong in ("sun", 1, np.zeros(0), np.array(["sum"]), []):
        assert not is_one_of(wrong, ("sum", None))
    with pytest.raises(ValueError, match="Bidirectional: merge_mode is array"):
        gk.Bidirectional(gk.GRU(1), merge_mode=np.zeros(0))
