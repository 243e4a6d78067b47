"""oneDNN's RNN primitives, called directly: ``onednn_rnn.cpp``, compiled when first asked for."""

import ctypes
import hashlib
import os
import subprocess
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from contest.adapters import NotOfferedError, Prepared
from contest.problem import Problem

SOURCE = Path(__file__).with_name("onednn_rnn.cpp")


class OneDnn:
    """oneDNN in its own process; threads are those that OMP_NUM_THREADS names."""

    def __init__(self) -> None:
        library = ctypes.CDLL(str(_compiled()))
        pointer, size = ctypes.c_void_p, ctypes.c_long
        library.layer_error.restype = library.layer_library.restype = ctypes.c_char_p
        library.layer_new.restype = pointer
        library.layer_new.argtypes = [ctypes.c_int] * 2 + [size] * 4 + [pointer] * 5
        library.layer_run.argtypes = library.layer_delete.argtypes = [pointer]
        library.layer_run.restype = library.layer_delete.restype = None
        library.layer_results.argtypes = [pointer] * 6
        library.layer_results.restype = None
        self._library = library

    def versions(self) -> dict[str, str]:
        """Return oneDNN's version."""
        return {"onednn": self._library.layer_library().decode()}

    def prepare(self, problem: Problem, variant: str) -> Prepared:
        """Return a primitive's execution."""
        case, library = problem.case, self._library
        if case.option or case.kind == "step":
            raise NotOfferedError("timed on whole dense sequences")
        training, is_lstm = case.kind == "train", case.cell == "lstm"
        given = (problem.x, problem.kernel, problem.recurrent, _bias(problem), problem.d_h)
        shape = (case.T, case.B, case.I, case.H)
        layer = library.layer_new(is_lstm, training, *shape, *(a.ctypes.data for a in given))
        if not layer:
            raise RuntimeError(f"oneDNN: {library.layer_error().decode()}")

        def run() -> None:
            library.layer_run(layer)

        # It ends with the last user of run, and until then the arrays that it reads stay alive.
        weakref.finalize(run, _end, library, layer, given)

        def results() -> dict[str, np.ndarray]:
            run()
            d_bias = np.empty((4, case.H), np.float32)
            h = np.empty_like(problem.d_h)
            found = {
                "d_x": np.empty_like(problem.x),
                "d_kernel": np.empty_like(problem.kernel),
                "d_recurrent": np.empty_like(problem.recurrent),
            }
            arrays = (h, *found.values(), d_bias)
            library.layer_results(layer, *(a.ctypes.data for a in arrays))
            if not training:
                return {"h": h}
            if not is_lstm:  # of z and r both biases have one gradient
                d_bias = np.stack([d_bias[:3], d_bias[[0, 1, 3]]])
            return {"h": h, **found, "d_bias": d_bias.reshape(problem.bias.shape)}

        return Prepared(run, results)


def _end(library: Any, layer: int, arrays: object) -> None:
    library.layer_delete(layer)


def _bias(problem: Problem) -> np.ndarray:
    """Return (4, H): the gates, and of a GRU the bias inside the reset gate apart."""
    H = problem.case.H
    if problem.case.cell == "lstm":
        return problem.bias.reshape(4, H).copy()
    b_x, b_h = problem.bias.reshape(2, 3, H)
    return np.stack([b_x[0] + b_h[0], b_x[1] + b_h[1], b_x[2], b_h[2]])


def _compiled() -> Path:
    """Return the compiled source, from the user's cache if it is there.

    Raises
    ------
    ImportError
        If oneDNN's header or the compiler is absent, or of another oneDNN.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gatedcore-bench"
    name = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = cache / f"onednn_rnn-{name}.so"
    if library.exists():
        return library
    cache.mkdir(parents=True, exist_ok=True)
    fresh = library.with_suffix(f".{os.getpid()}")
    command = [
        "g++",
        "-std=c++17",
        "-O2",
        "-shared",
        "-fPIC",
        str(SOURCE),
        "-o",
        str(fresh),
        "-ldnnl",
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise ImportError("g++ is not installed") from None
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if "error" in line]
        reason = lines[0] if lines else error.stderr.strip()
        raise ImportError(f"{reason} (on Debian: apt-get install libdnnl-dev)") from None
    fresh.replace(library)
    return library


def adapter(library: str, threads: int) -> OneDnn:
    """Return the adapter."""
    return OneDnn()
