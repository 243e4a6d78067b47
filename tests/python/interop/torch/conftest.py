"""The same draws for every test of the bridge to PyTorch, in whatever order the tests run."""

import pytest


@pytest.fixture(autouse=True)
def same_draws():
    # Tolerances are of rounding, which some draws of thousands of sums in float32 exceed.
    pytest.importorskip("torch", reason="the bridge to PyTorch needs it").manual_seed(0)
