"""A pytest plugin (``-p gatedcore_keras_plugin``): tests run with gatedcore behind Keras's layers.

At the end it writes what ``stats`` counted to the file that ``GATEDCORE_KERAS_STATS`` names.
"""

import dataclasses
import json
import os
from pathlib import Path

import gatedcore.keras


def pytest_configure(config):
    gatedcore.keras.enable()


def pytest_sessionfinish(session, exitstatus):
    stats = gatedcore.keras.stats()
    gatedcore.keras.disable()
    path = os.environ["GATEDCORE_KERAS_STATS"]
    Path(path).write_text(json.dumps(dataclasses.asdict(stats)))
