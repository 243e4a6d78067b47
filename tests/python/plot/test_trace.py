"""Gates and states over time and units."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.plot import plot_trace

plt = pytest.importorskip("matplotlib.pyplot")
plt.switch_backend("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def panels(figure):
    """Axes with a heading, by it; colour bars have none."""
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_title(loc="left")}


@pytest.mark.parametrize(
    ("layer", "headings"),
    [
        (gk.LSTM, ["i   input gate", "f   forget gate", "g   candidate", "o   output gate"]),
        (gk.GRU, ["z   update gate", "r   reset gate", "n   candidate"]),
    ],
)
def test_trace_draws_every_gate_and_state(layer, headings):
    x = np.random.default_rng(0).normal(size=(3, 12, 2)).astype(np.float32)
    trace = layer(5, seed=1).trace(x)
    drawn = panels(trace.plot(sample=2))
    headings = ["x   input", *headings, *(["c   cell state"] if layer is gk.LSTM else [])]
    assert [heading for heading in drawn if "   " in heading] == [*headings, "h   hidden state"]
    for name, values in trace.arrays().items():
        (axes,) = [drawn[heading] for heading in drawn if heading.startswith(f"{name}   ")]
        (image,) = axes.get_images()
        np.testing.assert_array_equal(image.get_array(), values[2].T)  # units over time steps
    for name in ("i", "f", "o", "z", "r"):
        images = [drawn[h].get_images()[0] for h in drawn if h.startswith(f"{name}   ")]
        assert all(image.get_clim() == (0.0, 1.0) for image in images)


def test_trace_counts_shut_and_open_gates():
    x = np.zeros((1, 10, 1), np.float32)
    layer = gk.GRU(4, seed=0)
    layer.build(x.shape)
    kernel, recurrent, bias = layer.get_weights()
    bias[0, :4] = [-9.0, 9.0, 9.0, 0.0]  # update gates: one shut, two open, one at a half
    layer.set_weights([kernel, np.zeros_like(recurrent), bias])
    assert "25% shut, 50% open" in panels(layer.trace(x).plot())


def test_trace_of_many_features_draws_the_input_as_a_map():
    figure = gk.LSTM(3, seed=0).trace(np.ones((1, 4, 9), np.float32)).plot()
    (image,) = panels(figure)["x   input"].get_images()
    assert image.get_array().shape == (9, 4)


def test_trace_with_infinite_values_is_drawn():
    trace = gk.LSTM(3, seed=0).trace(np.ones((1, 4, 1), np.float32))
    trace.c[0, 0, 0] = np.inf
    trace.h[...] = np.nan
    trace.plot()


@pytest.mark.parametrize(("sample", "steps"), [(2, 4), (-3, 4), (0, 0)])
def test_trace_without_that_sample_is_an_error(sample, steps):
    trace = gk.GRU(3, seed=0).trace(np.zeros((2, steps, 1), np.float32))
    with pytest.raises(ValueError, match=f"sample is {sample} and the trace holds 2 samples"):
        plot_trace(trace, sample)
    with pytest.raises(TypeError, match="plot_trace: sample is '0', expected an integer"):
        plot_trace(trace, "0")


def test_tokens_stand_at_the_time_axis():
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    trace = gk.LSTM(5, seed=1).trace(x)
    words = ["not", "a", "bad", "film"]
    figure = trace.plot(sample=1, names=("f", "h"), tokens=words)
    drawn = panels(figure)
    assert [heading for heading in drawn if "   " in heading] == [
        "x   input", "f   forget gate", "h   hidden state"
    ]  # fmt: skip
    axes = drawn["h   hidden state"]
    assert [label.get_text() for label in axes.get_xticklabels()] == words
    assert axes.get_xticks().tolist() == [0, 1, 2, 3]
    assert axes.get_xlabel() == ""


def test_long_texts_widen_the_figure():
    trace = gk.GRU(2, seed=1).trace(np.zeros((1, 60, 1), np.float32))
    wide, plain = trace.plot(tokens=["w"] * 60), trace.plot()
    assert wide.get_figwidth() > plain.get_figwidth() == 9.5


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"tokens": ["a"] * 3},
            "tokens is 3 words, expected a list of one for each of the 4 steps",
        ),
        ({"tokens": "abcd"}, "tokens is one text, expected a list of one for each of the 4 steps"),
        ({"names": ["f", "q"]}, "names holds 'q', expected some of i, f, g, o, c, h"),
        ({"names": []}, "names is empty, expected some of i, f, g, o, c, h"),
    ],
)
def test_tokens_and_names_that_do_not_fit(options, text):
    trace = gk.LSTM(3, seed=0).trace(np.zeros((1, 4, 1), np.float32))
    with pytest.raises(ValueError, match=f"plot_trace: {text}"):
        plot_trace(trace, **options)
