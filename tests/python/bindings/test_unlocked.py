"""The end of a program while threads are in kernels, or come back from them."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
import numpy as np
import gatedcore as gk

kind, steps, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
x = np.ones((4, steps, 8), np.float32)
model = gk.Sequential([gk.LSTM(16), gk.Dense(1)])
model.compile("sgd", "mse")
model.predict(x)
stream = model.stream(batch=4)
call = {
    "predict": lambda: model.predict(x),
    "evaluate": lambda: model.evaluate(x, np.ones((4, 1))),
    "stream": lambda: stream.step(x[:, 0]),
}[kind]
call()
running = threading.Semaphore(0)


def work():
    running.release()
    while True:
        call()


for _ in range(threads):
    threading.Thread(target=work, daemon=True).start()
for _ in range(threads):
    running.acquire()
print("end", flush=True)
"""


@pytest.mark.parametrize(
    ("kind", "steps", "threads"),
    [
        ("predict", 5, 1),  # the daemon mostly waits for the GIL
        ("predict", 20000, 1),  # it mostly computes
        ("predict", 200, 4),
        ("evaluate", 200, 2),
        ("stream", 1, 1),
    ],
)
def test_a_program_ends_while_daemon_threads_compute(kind, steps, threads) -> None:
    command = [sys.executable, "-c", PROGRAM, kind, str(steps), str(threads)]
    for _ in range(3):
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (run.returncode, run.stdout, run.stderr) == (0, "end\n", "")


def test_a_program_ends_while_its_pool_is_parked_or_busy() -> None:
    code = """
import sys, threading, time
import numpy as np
import gatedcore as gk

gk.set_num_threads(3)
layer = gk.GRU(64)
x = np.ones((64, 50, 64), np.float32)
layer(x)  # the workers are there
if sys.argv[1] == "busy":
    long = np.ones((64, 20000, 64), np.float32)
    threading.Thread(target=layer, args=(long,), daemon=True).start()
    time.sleep(0.05)
print("end", flush=True)
"""
    for what in ("parked", "busy"):
        run = subprocess.run(
            [sys.executable, "-c", code, what], capture_output=True, text=True, timeout=120
        )
        assert (run.returncode, run.stdout, run.stderr) == (0, "end\n", ""), what
