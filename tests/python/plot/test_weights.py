"""Histograms of parameters."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.plot import plot_weights

plt = pytest.importorskip("matplotlib.pyplot")
plt.switch_backend("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def panels(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_title(loc="left")}


def model():
    return gk.Sequential(
        [gk.LSTM(5, return_sequences=True, input_shape=(None, 2)), gk.GRU(3), gk.Dense(1)],
        name="mine",
    )


def test_a_panel_for_each_parameter():
    figure = plot_weights(model())
    assert list(panels(figure)) == [
        "kernel (2, 20)", "recurrent_kernel (5, 20)", "bias (20,)",
        "kernel (5, 9)", "recurrent_kernel (3, 9)", "bias (2, 9)",
        "kernel (3, 1)", "bias (1,)",
    ]  # fmt: skip
    assert figure.texts[0].get_text() == "mine: 254 parameters"


def test_a_graph_has_those_of_its_layers():
    x = gk.Input((None, 2))
    graph = gk.Model(x, gk.Dense(1)(gk.GRU(3)(x)), name="graph")
    figure = plot_weights(graph)
    assert len(panels(figure)) == 5
    assert figure.texts[0].get_text() == f"graph: {graph.count_params()} parameters"


def test_each_gate_has_its_own_outline():
    layer = model().layers[0]
    axes = panels(plot_weights(layer))["bias (20,)"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["i", "f", "g", "o"]
    corners = [patch.get_xy() for patch in axes.patches]
    i, f, _, _ = (corner[corner[:, 1].argmax(), 0] for corner in corners)
    assert f > 0.7  # in the last bin: the bias of the forget gate begins at 1
    assert abs(i) < 0.1


def test_every_value_is_counted():
    layer = gk.Dense(4, seed=0)
    layer.build((None, 8))
    axes = panels(plot_weights(layer))["kernel (8, 4)"]
    assert sum(patch.get_height() for patch in axes.patches) == 32


def test_infinite_values_are_left_out():
    layer = gk.Dense(4, seed=0)
    layer.build((None, 8))
    layer.parameters["kernel"][0, 0] = np.inf
    axes = panels(plot_weights(layer))["kernel (8, 4)"]
    assert sum(patch.get_height() for patch in axes.patches) == 31


def test_what_has_no_weights():
    with pytest.raises(ValueError, match="plot_weights: lazy has no weights yet, expected a built"):
        plot_weights(gk.Sequential([gk.GRU(3)], name="lazy"))
    with pytest.raises(TypeError, match="plot_weights: model has type ndarray, expected a model"):
        plot_weights(np.zeros(3))
