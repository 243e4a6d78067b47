"""Figures load matplotlib only when they are drawn, and leave its settings as they were."""

import subprocess
import sys

import pytest

from gatedcore.plot import plot_history, save_figure

plt = pytest.importorskip("matplotlib.pyplot")
plt.switch_backend("Agg")

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_save_makes_folders_writes_a_png_and_closes(tmp_path):
    figure = plot_history({"loss": [1.0]})
    path = tmp_path / "new" / "loss.png"
    save_figure(figure, path)
    assert path.read_bytes().startswith(PNG)
    assert not plt.fignum_exists(figure.number)


def test_global_style_stays_as_it_was():
    before = dict(plt.rcParams)
    plot_history({"loss": [1.0]})
    assert dict(plt.rcParams) == before


def test_without_matplotlib_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "gatedcore\[plot\]"'):
        plot_history({"loss": [1.0]})


def test_importing_the_package_does_not_import_matplotlib():
    program = "import sys, gatedcore, gatedcore.plot; print('matplotlib' in sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
