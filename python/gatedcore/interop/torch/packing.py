"""The steps of a ``PackedSequence`` among those of a padded batch, and the way back."""

import numpy as np
import numpy.typing as npt
import torch

from gatedcore.arrays import Array


class PackedSteps:
    """Where the rows of packed data stand in a padded batch (T, B, F).

    Parameters
    ----------
    batch_sizes : tensor of int64, (T,)
        How many sequences each step has, never more than the one before it.
    rows : int
        Rows of packed data.

    Attributes
    ----------
    mask : ndarray of bool, (T, B)
        True at the steps that are packed.
    rows : ndarray of int64, (N,)
        Where the packed rows stand in (T * B, F).

    Raises
    ------
    ValueError
        If these are no sizes, or not those of so many rows.
    """

    def __init__(self, batch_sizes: torch.Tensor, rows: int) -> None:
        sizes = batch_sizes.numpy()
        falling = sizes.ndim == 1 and sizes.size > 0 and sizes.dtype == np.int64
        if not falling or sizes[-1] < 1 or np.any(np.diff(sizes) > 0) or sizes.sum() != rows:
            raise ValueError(
                f"PackedSequence: batch_sizes is {batch_sizes}, expected positive whole numbers "
                f"that do not rise and whose sum is {rows}; make it with pack_padded_sequence"
            )
        self.mask = np.arange(sizes[0]) < sizes[:, None]
        self.rows = np.flatnonzero(self.mask)

    def spread(self, packed: Array) -> Array:
        """Return (T, B, F) from (N, F); what is not packed is left as memory happens to be."""
        padded = np.empty((self.mask.size, packed.shape[1]), packed.dtype)
        padded[self.rows] = packed
        return padded.reshape(*self.mask.shape, -1)

    def spread_flags(self, packed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return (T, B) from (N,), false at what is not packed."""
        flags = np.zeros(self.mask.size, bool)
        flags[self.rows] = packed
        return flags.reshape(self.mask.shape)

    def gather(self, padded: Array) -> Array:
        """Return (N, F) from (T, B, F)."""
        return padded.reshape(self.mask.size, -1)[self.rows]
