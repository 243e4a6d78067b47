"""A pytest plugin (``-p gatedcore_keras_plugin``) that runs others' tests with the accelerator on.

It writes the outcome of every test, and what ``stats`` counted, to the JSON file that
``GATEDCORE_KERAS_REPORT`` names. With ``GATEDCORE_KERAS=off`` the accelerator stays off.
"""

import dataclasses
import json
import os
from pathlib import Path

import gatedcore.keras

OUTCOMES: dict[str, str] = {}


def pytest_configure(config):
    if os.environ["GATEDCORE_KERAS"] == "on":
        gatedcore.keras.enable()


def pytest_runtest_logreport(report):
    # Setup and teardown count where they go wrong or the test is skipped.
    if report.when == "call" or not report.passed:
        OUTCOMES[report.nodeid] = report.outcome


def pytest_sessionfinish(session, exitstatus):
    stats = dataclasses.asdict(gatedcore.keras.stats())
    gatedcore.keras.disable()
    path = Path(os.environ["GATEDCORE_KERAS_REPORT"])
    path.write_text(json.dumps({"outcomes": OUTCOMES, "stats": stats}))
