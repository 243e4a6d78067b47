"""Keras's own tests of its recurrent layers: the same outcomes with the accelerator as without."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

keras = pytest.importorskip("keras")

from gatedcore.interop.keras import switch

FILES = [f"{name}_test.py" for name in ("lstm", "gru", "bidirectional", "rnn", "stacked_rnn_cells")]
FOLDER = Path(keras.__file__).parent / "src" / "layers" / "rnn"
HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.skipif(
        keras.config.backend() not in switch.BACKENDS, reason="not a backend that is served"
    ),
    pytest.mark.skipif(
        not all((FOLDER / name).exists() for name in FILES),
        reason=f"Keras {keras.__version__} comes without its tests",
    ),
]


def report_of(tmp_path, state):
    """Run Keras's tests in a process of their own, the accelerator ``"on"`` or ``"off"``."""
    path = tmp_path / f"{state}.json"
    environment = os.environ | {
        "KERAS_BACKEND": keras.config.backend(),
        "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]),
        "GATEDCORE_KERAS": state,
        "GATEDCORE_KERAS_REPORT": str(path),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "gatedcore_keras_plugin"]
    command += ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(FOLDER)]
    run = subprocess.run(
        [*command, *(str(FOLDER / name) for name in FILES)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert path.exists(), run.stdout[-3000:] + run.stderr[-3000:]
    return json.loads(path.read_text())


def test_outcomes_are_the_same_and_calls_are_served(tmp_path):
    off, on = (report_of(tmp_path, state) for state in ("off", "on"))
    assert on["outcomes"] == off["outcomes"]
    assert list(off["outcomes"].values()).count("passed") >= 40
    assert off["stats"]["backend"] is None
    assert on["stats"]["backend"] == keras.config.backend()
    assert on["stats"]["served"] >= 40
    assert (on["stats"]["backward_runs"] > 0) is (keras.config.backend() != "numpy")
    known = ("layer ", "recurrent_dropout in training", "use_cudnn=False", "dtype float16")
    assert [r for r in on["stats"]["reasons"] if not r.startswith(known)] == []
