"""What evaluate and predict make of what batches gave."""

import numpy as np
import pytest

from gatedcore.columns import Columns
from gatedcore.results import as_asked, joined


def test_batches_are_joined() -> None:
    parts = [np.ones((2, 3)), np.zeros((1, 3))]
    np.testing.assert_array_equal(joined("predict", parts), np.concatenate(parts))
    both = joined("predict", [Columns([part, part[:, :1]]) for part in parts])
    assert both.shape == ((3, 3), (3, 1))
    with pytest.raises(ValueError, match="predict: batches have outputs of shapes"):
        joined("predict", [np.ones((2, 3)), np.ones((2, 4))])


def test_figures_come_as_they_were_asked_for() -> None:
    assert as_asked({"loss": 1.0}, False) == 1.0
    assert as_asked({"loss": 1.0, "mae": 2.0}, False) == [1.0, 2.0]
    assert as_asked({"loss": 1.0}, True) == {"loss": 1.0}
