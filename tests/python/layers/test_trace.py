import numpy as np
import pytest

import gatedcore as gk

X = np.random.default_rng(0).normal(size=(2, 6, 1))


def test_arrays_by_name_in_order() -> None:
    trace = gk.LSTM(3, name="watched").trace(X)
    assert isinstance(trace, gk.layers.LSTMTrace)
    assert list(trace.arrays()) == ["i", "f", "g", "o", "c", "h"]
    assert trace.arrays()["f"] is trace.f
    assert repr(trace) == "<LSTMTrace of 'watched': i, f, g, o, c, h, 2x6x3>"


def test_gru_trace() -> None:
    trace = gk.GRU(3).trace(X)
    assert isinstance(trace, gk.layers.GRUTrace)
    assert list(trace.arrays()) == ["z", "r", "n", "h"]


@pytest.mark.parametrize("layer", [gk.LSTM(3), gk.GRU(3)])
def test_plot(layer) -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    matplotlib.use("Agg")
    figure = layer.trace(X).plot()
    assert len(figure.axes) >= len(layer.trace(X).names)
