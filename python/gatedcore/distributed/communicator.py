"""What data-parallel training asks of an engine: a rank among others, and sums over all of them."""

from abc import ABC, abstractmethod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Buffer = npt.NDArray[Any]
Op = Literal["sum", "max", "min"]

OPS = ("sum", "max", "min")
_DTYPES = frozenset(map(np.dtype, ("float32", "float64", "int32", "int64", "uint8")))


class Communicator(ABC):
    """The ranks of a job, each a process, as one of them sees them.

    Every method is called by all ranks, in the same order.

    Attributes
    ----------
    rank : int
        Number of this process, from 0 to ``size - 1``.
    size : int
        How many processes there are.
    """

    rank: int
    size: int

    @abstractmethod
    def allreduce_(self, array: Buffer, op: Op = "sum") -> None:
        """Replace an array by its sum, largest or smallest values over all ranks.

        Afterwards it holds the same bits on every rank.

        Parameters
        ----------
        array : ndarray, (N,)
            Contiguous and writable, of the same length and dtype on every rank: float32,
            float64, int32, int64 or uint8.
        op : {"sum", "max", "min"}
            What is made of the ranks' values.

        Raises
        ------
        TypeError, ValueError
            If the array or ``op`` is something else.
        RuntimeError
            If another rank is gone and the engine does not end the job by itself.
        """

    @abstractmethod
    def broadcast_(self, array: Buffer, root: int = 0) -> None:
        """Replace an array by the one of rank ``root``.

        Parameters
        ----------
        array : ndarray, (N,)
            As for ``allreduce_``.
        root : int
            Whose values all get.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As ``allreduce_``.
        """

    @abstractmethod
    def barrier(self) -> None:
        """Wait until every rank has come here.

        Raises
        ------
        RuntimeError
            As ``allreduce_``.
        """


class SelfCommunicator(Communicator):
    """One process that is all there is."""

    def __init__(self) -> None:
        self.rank, self.size = 0, 1

    def allreduce_(self, array: Buffer, op: Op = "sum") -> None:
        check_buffer("SelfCommunicator.allreduce_", array)
        check_op("SelfCommunicator.allreduce_", op)

    def broadcast_(self, array: Buffer, root: int = 0) -> None:
        check_buffer("SelfCommunicator.broadcast_", array)
        check_root("SelfCommunicator.broadcast_", root, self.size)

    def barrier(self) -> None:
        pass


def check_buffer(where: str, array: object) -> None:
    """Refuse what an engine cannot work on in place.

    Raises
    ------
    TypeError
        If it is no array, or of another dtype.
    ValueError
        If it is not flat, contiguous and writable.
    """
    if not isinstance(array, np.ndarray) or array.dtype not in _DTYPES:
        came = (
            f"dtype {array.dtype}"
            if isinstance(array, np.ndarray)
            else f"type {type(array).__name__}"
        )
        raise TypeError(
            f"{where}: array has {came}, expected an ndarray of float32, float64, int32, int64 or "
            "uint8; convert it first"
        )
    flags = array.flags
    if array.ndim != 1 or not (flags.c_contiguous and flags.writeable):
        came = f"shape {array.shape}, strides {array.strides}, writeable {flags.writeable}"
        raise ValueError(
            f"{where}: array has {came}, expected a flat, contiguous and writable one; "
            "pass a.reshape(-1) of a contiguous array of your own"
        )


def check_op(where: str, op: object) -> None:
    """Refuse an operation that no engine has.

    Raises
    ------
    ValueError
        If it is none of "sum", "max" and "min".
    """
    if op not in OPS:
        raise ValueError(f"{where}: op is {op!r}, expected 'sum', 'max' or 'min'; use one of these")


def check_root(where: str, root: object, size: int) -> None:
    """Refuse the number of a rank that is not there.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not isinstance(root, int) or not 0 <= root < size:
        raise ValueError(
            f"{where}: root is {root!r}, expected the number of a rank, from 0 to {size - 1}; "
            "pass one"
        )
