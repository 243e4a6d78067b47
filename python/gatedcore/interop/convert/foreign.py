"""What a foreign file may cost: a budget of bytes that follows from its size, and its errors."""

from __future__ import annotations

import os

from gatedcore.archive import SavedFileError

# What a file of so many bytes may become in memory. Writers of weights do not compress, or hardly:
# random numbers have nothing to compress. More is a small file made to fill the memory.
FACTOR = 8
SLACK = 1 << 20  # of small files, whose text may well be compressed


class Budget:
    """The bytes that may still be read from one file.

    Parameters
    ----------
    where : str
        Public function, for errors.
    path : str
        The file, for errors.
    size : int
        Bytes that it holds.
    """

    def __init__(self, where: str, path: str, size: int) -> None:
        self.where = where
        self.path = path
        self.size = size
        self.left = FACTOR * size + SLACK

    def take(self, what: str, count: int) -> None:
        """Count bytes that are about to be read.

        Raises
        ------
        SavedFileError
            If there are more than such a file can have.
        """
        self.fits(what, count)
        self.left -= count

    def fits(self, what: str, count: int) -> None:
        """Raise if so many bytes are more than such a file can have.

        Raises
        ------
        SavedFileError
            If they are.
        """
        if not 0 <= count <= self.left:
            raise self.error(
                f"claims {count} bytes of {what}",
                f"at most {max(self.left, 0)} in a file of {self.size}",
                "it is damaged, or made to fill the memory: take another copy of it",
            )

    def error(self, what: str, expected: str, advice: str) -> SavedFileError:
        """Return the error that says what the file is, holds or lacks."""
        return SavedFileError(f"{self.where}: {self.path} {what}, expected {expected}; {advice}")

    def damaged(self, cause: BaseException | str, expected: str) -> SavedFileError:
        """Return the error for a file that cannot be read to its end."""
        return self.error(
            f"is damaged or no such file ({cause})", expected, "take another copy, or save it again"
        )


def budget_of(where: str, path: str) -> Budget:
    """Return the budget of a file.

    Raises
    ------
    OSError
        If there is none.
    SavedFileError
        If it is a folder.
    """
    size = os.stat(path).st_size
    budget = Budget(where, path, size)
    if os.path.isdir(path):
        raise budget.error("is a folder", "a file", "save the model to one file")
    return budget
