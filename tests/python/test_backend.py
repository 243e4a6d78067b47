from collections import Counter

import pytest

import gatedcore as gk
from gatedcore import backend
from gatedcore.layers import building


def test_names() -> None:
    assert gk.backend is backend
    assert backend.epsilon() == 1e-7
    assert backend.floatx() == gk.Dense(1).dtype.name
    assert backend.set_random_seed is gk.set_random_seed
    with pytest.raises(AttributeError, match=r"gatedcore.backend: mean is not supported, .* NumPy"):
        _ = backend.mean


def test_names_of_layers_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_names_given", Counter(building._names_given))
    assert backend.clear_session is gk.utils.clear_session
    gk.LSTM(1)
    backend.clear_session()
    assert (gk.LSTM(1).name, gk.LSTM(1).name) == ("lstm", "lstm_1")
    assert gk.Sequential().name == "sequential"
