"""Packed steps among those of a padded batch."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from torch.nn.utils.rnn import pack_padded_sequence

from gatedcore.interop.torch.packing import PackedSteps

LENGTHS = [4, 4, 2, 1]
X = np.arange(1, 4 * 4 * 3 + 1, dtype=np.float32).reshape(4, 4, 3)


def test_there_and_back():
    packed = pack_padded_sequence(torch.from_numpy(X), LENGTHS)
    steps = PackedSteps(packed.batch_sizes, len(packed.data))
    assert np.array_equal(steps.mask.sum(axis=0), LENGTHS)
    assert np.array_equal(steps.gather(X), packed.data.numpy())
    padded = steps.spread(packed.data.numpy())
    assert padded.shape == X.shape
    assert np.array_equal(padded[steps.mask], X[steps.mask])


@pytest.mark.parametrize(
    "sizes", [[4, 3, 2], [3, 4, 2, 2], [4, 3, 2, 2, 0], [], [12, -1], [[11]], [4.0, 3.0, 2.0, 2.0]]
)
def test_sizes_that_cannot_be(sizes):
    with pytest.raises(ValueError, match="batch_sizes"):
        PackedSteps(torch.tensor(sizes), 11)


def test_flags_are_false_where_nothing_is_packed():
    steps = PackedSteps(torch.tensor([3, 1]), 4)
    flags = steps.spread_flags(np.ones(4, bool))
    assert flags.tolist() == [[True, True, True], [True, False, False]]
