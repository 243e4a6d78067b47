"""What training on several machines will gain, before there are any."""

import math
from typing import NamedTuple

from gatedcore.checks import check_count, check_number


class Prediction(NamedTuple):
    """What a batch of one rank takes, and which share of it is work.

    Attributes
    ----------
    compute : float
        Seconds of work.
    allreduce : float
        Seconds in which ranks wait for the network.
    """

    compute: float
    allreduce: float

    @property
    def seconds(self) -> float:
        """Of both."""
        return self.compute + self.allreduce

    @property
    def efficiency(self) -> float:
        """Speed of a rank among others, as a share of its speed alone."""
        return self.compute / self.seconds


def predict(
    parameters: int,
    compute: float,
    ranks: int,
    gigabits: float = 1.0,
    latency: float = 5e-5,
    every: int = 1,
    algorithm: str = "ring",
    itemsize: int = 4,
) -> Prediction:
    """Return what a step takes on so many machines, each with as large a batch as one had alone.

    An allreduce of the flat gradient moves ``2 (N - 1) / N`` times its bytes through every link,
    and waits for ``2 (N - 1)`` messages in a ring, or ``2 log2 N`` where halves are exchanged;
    nothing overlaps with the work.

    Parameters
    ----------
    parameters : int
        What is added up: ``model.count_params()``; of an average of ``average_every`` also the
        optimizer's vectors, with Adam three times as many in all.
    compute : float
        Seconds that a machine takes for its part of a batch.
    ranks : int
        How many machines.
    gigabits : float
        Rate of a link in Gb/s, each way.
    latency : float
        Seconds from one program to the other for an empty message: two of the network's for gloo,
        three for MPI, which ask first whether the other is ready.
    every : int
        Batches between two allreduces: ``accumulate`` or ``average_every`` of ``fit``.
    algorithm : {"ring", "halving"}
        What the engine does: gloo has a ring, MPI halves and doubles above some kilobytes.
    itemsize : int
        Bytes of a parameter.

    Returns
    -------
    Prediction
        Of one of the ``every`` batches.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    R. Thakur, R. Rabenseifner, W. Gropp: Optimization of collective communication operations in
    MPICH. International Journal of High Performance Computing Applications 19 (2005).
    """
    where = "predict"
    parameters = check_count(where, "parameters", parameters)
    ranks = check_count(where, "ranks", ranks)
    every = check_count(where, "every", every)
    itemsize = check_count(where, "itemsize", itemsize)
    compute = check_number(where, "compute", compute, 0.0, open_start=True)
    gigabits = check_number(where, "gigabits", gigabits, 0.0, open_start=True)
    latency = check_number(where, "latency", latency, 0.0)
    if algorithm not in ("ring", "halving"):
        raise ValueError(
            f"{where}: algorithm is {algorithm!r}, expected 'ring' or 'halving'; use one of these"
        )
    moved = 2 * (ranks - 1) / ranks * parameters * itemsize
    messages = ranks - 1 if algorithm == "ring" else math.ceil(math.log2(ranks))
    return Prediction(compute, (8 * moved / (1e9 * gigabits) + 2 * messages * latency) / every)
