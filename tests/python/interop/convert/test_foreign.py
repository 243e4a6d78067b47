"""What foreign files may cost."""

import pytest

from gatedcore.archive import SavedFileError
from gatedcore.interop.convert.foreign import FACTOR, SLACK, Budget, budget_of


def test_a_budget_follows_from_the_size_and_is_used_up():
    budget = Budget("from_x", "model.x", 1000)
    budget.take("weights", FACTOR * 1000)
    budget.take("weights", SLACK)
    with pytest.raises(
        SavedFileError, match=r"from_x: model\.x claims 1 bytes of weights, expected at most 0 in a"
    ):
        budget.take("weights", 1)


@pytest.mark.parametrize("count", [-1, 1 << 60])
def test_impossible_sizes_are_refused(count):
    with pytest.raises(SavedFileError, match="made to fill the memory"):
        Budget("from_x", "model.x", 1000).take("weights", count)


def test_a_budget_is_that_of_a_file(tmp_path):
    path = tmp_path / "model.x"
    path.write_bytes(b"12345")
    assert budget_of("from_x", str(path)).size == 5
    with pytest.raises(SavedFileError, match="is a folder, expected a file"):
        budget_of("from_x", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        budget_of("from_x", str(tmp_path / "absent"))
