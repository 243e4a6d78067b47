"""Training on several processes and machines: ``comm = gk.distributed.init()``.

``model.fit(..., distributed=comm)`` then gives every rank the model that one process would have
trained. Ranks are started by ``mpiexec``, Slurm or ``torchrun``.
"""

from gatedcore.distributed.communicator import Communicator, SelfCommunicator
from gatedcore.distributed.cost import predict
from gatedcore.distributed.gloo import TorchCommunicator
from gatedcore.distributed.mpi import MPICommunicator
from gatedcore.distributed.sharding import shard
from gatedcore.distributed.start import init

__all__ = [
    "Communicator",
    "MPICommunicator",
    "SelfCommunicator",
    "TorchCommunicator",
    "init",
    "predict",
    "shard",
]
