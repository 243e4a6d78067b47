"""Curves over epochs."""

import pytest

import gatedcore as gk
from gatedcore.plot import plot_history

plt = pytest.importorskip("matplotlib.pyplot")
plt.switch_backend("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def history(**curves):
    made = gk.History()
    made.history = curves
    return made


def panels(figure):
    """Axes with a heading, by it; colour bars have none."""
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_title(loc="left")}


def test_history_has_a_panel_for_each_quantity():
    figure = plot_history(
        history(loss=[3.0, 2.0], mae=[1.0, 0.5], val_loss=[4.0, 3.0], val_mae=[2.0, 1.5])
    )
    assert list(panels(figure)) == ["loss", "mae"]
    for name, axes in panels(figure).items():
        training, validation = axes.get_lines()
        assert training.get_label() == "training"
        assert validation.get_label() == "validation"
        expected = {"loss": ([3.0, 2.0], [4.0, 3.0]), "mae": ([1.0, 0.5], [2.0, 1.5])}[name]
        assert list(training.get_xdata()) == [1, 2]
        assert (list(training.get_ydata()), list(validation.get_ydata())) == expected


def test_history_takes_the_dict_and_several_runs():
    curves = {"loss": [3.0, 2.0]}
    (single,) = panels(plot_history(curves)).values()
    assert [line.get_label() for line in single.get_lines()] == ["training"]
    both = plot_history({"LSTM": history(**curves), "GRU": curves})
    (compared,) = panels(both).values()
    assert [line.get_label() for line in compared.get_lines()] == ["LSTM", "GRU"]


@pytest.mark.parametrize(
    ("losses", "log", "scale"),
    [
        ([1.0, 0.5], None, "linear"),
        ([1.0, 1e-4], None, "log"),
        ([1.0, 0.0], None, "linear"),
        ([1.0, 1e-4], False, "linear"),
        ([1.0, 0.5], True, "log"),
    ],
)
def test_history_is_logarithmic_where_values_span_a_wide_range(losses, log, scale):
    (axes,) = plot_history(history(loss=losses), log=log).axes
    assert axes.get_yscale() == scale


@pytest.mark.parametrize("empty", [{}, {"loss": []}])
def test_history_without_an_epoch_is_an_error(empty):
    with pytest.raises(ValueError, match=r"history holds no epoch.*call fit first"):
        plot_history(history(**empty))


def test_history_of_something_else_is_an_error():
    with pytest.raises(TypeError, match="history is list, expected a History or a dict"):
        plot_history([1.0, 2.0])
