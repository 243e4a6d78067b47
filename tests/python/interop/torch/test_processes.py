"""Other processes and threads: DataLoader workers, DistributedDataParallel, PyTorch's threads."""

import os
import subprocess
import sys
import threading

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

import gatedcore as gk
from gatedcore import _core
from gatedcore.interop.torch.core_calls import thread_limit

T, B, I, H = 4, 6, 3, 5  # noqa: E741  # the letters of the equations


class Encoded(torch.utils.data.Dataset):
    """Samples that a worker encodes with a module of the parent process."""

    def __init__(self, module):
        self.module, self.x = module, torch.randn(8, T, I)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        with torch.no_grad():
            return self.module(self.x[index])[0]


# Forking where threads run is what DataLoader does.
@pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead to deadlocks")
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_workers_of_a_data_loader(kind):
    data = Encoded(getattr(gk.torch, kind)(I, H))
    wanted = torch.stack([data[i] for i in range(len(data))])  # our threads run before the fork
    loader = torch.utils.data.DataLoader(
        data, batch_size=4, num_workers=2, multiprocessing_context="fork"
    )
    torch.testing.assert_close(torch.cat(list(loader)), wanted, rtol=0, atol=0)


WORKER = """
import os, sys
import torch
import torch.distributed as dist
import gatedcore as gk

rank, path = int(sys.argv[1]), sys.argv[2]
os.environ["GLOO_SOCKET_IFNAME"] = "lo"
dist.init_process_group("gloo", init_method="file://" + path, rank=rank, world_size=2)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 5, 2)
        self.gru = torch.nn.GRU(5, 4)
        self.cell = torch.nn.GRUCell(4, 4)

    def forward(self, x):
        return self.cell(self.gru(self.lstm(x)[0])[0][-1]).sum()


torch.manual_seed(0)
plain, model = Model(), Model()
model.load_state_dict(plain.state_dict())
assert len(gk.torch.accelerate(model).replaced) == 3
x = torch.randn(4, 6, 3)
plain(x).backward()
parallel = torch.nn.parallel.DistributedDataParallel(model)
for _ in range(2):  # the second pass finds buckets that were rebuilt
    model.zero_grad()
    (2 * parallel(x[:, 3 * rank : 3 * rank + 3])).backward()
for (name, p), q in zip(model.named_parameters(), plain.parameters(), strict=True):
    torch.testing.assert_close(p.grad, q.grad, rtol=1e-5, atol=1e-6, msg=name)
dist.destroy_process_group()
print("same gradients", flush=True)
os._exit(0)  # one exit of a hundred aborts in PyTorch's own threads, without gatedcore too
"""


def test_distributed_data_parallel(tmp_path):
    environment = {**os.environ, "GATEDCORE_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(rank), str(tmp_path / "meeting")],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for worker in workers:
            out, err = worker.communicate(timeout=300)
            # gloo of some versions says before that it is connected.
            assert (worker.returncode, out.splitlines()[-1:]) == (0, ["same gradients"]), err
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def test_calls_use_no_more_threads_than_pytorch():
    kept, kept_ours = torch.get_num_threads(), gk.get_num_threads()
    try:
        gk.set_num_threads(4)
        torch.set_num_threads(2)
        with thread_limit():
            assert _core.get_num_threads() == 2
        assert _core.get_num_threads() == 4
        torch.set_num_threads(8)
        with thread_limit():
            assert _core.get_num_threads() == 4
    finally:
        torch.set_num_threads(kept)
        gk.set_num_threads(kept_ours)


@pytest.mark.parametrize("kind", ["LSTM", "GRUCell"])
def test_modules_called_from_several_threads(kind):
    module = getattr(gk.torch, kind)(I, H)
    x = torch.randn(T, B, I) if kind == "LSTM" else torch.randn(B, I)

    def gradients():
        leaf = x.clone().requires_grad_()
        result = module(leaf)
        (result if isinstance(result, torch.Tensor) else result[0]).sum().backward(inputs=[leaf])
        return leaf.grad

    wanted, found = gradients(), []
    threads = [
        threading.Thread(target=lambda: found.extend(gradients() for _ in range(20)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert all(torch.equal(d, wanted) for d in found)
