"""Functions in the places of a backend's: results as Keras has them, and what is passed on."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from gatedcore.interop.keras import layer_hooks
from gatedcore.interop.keras.backend_hooks import NAMES, hooks_for
from gatedcore.interop.keras.counts import counts
from gatedcore.interop.keras.recurrence import forward
from gatedcore.interop.keras.requests import NotServedError

B, T, I, H = 2, 4, 3, 5  # noqa: E741  # the letters of the equations


class Plain:
    """A backend whose tensors are NumPy's, whatever Keras runs on."""

    refuses = None

    def run(self, call, given):
        if self.refuses is not None:
            raise self.refuses
        return forward(call, given, save=False)[0]

    def flip(self, y):
        return y[:, ::-1]


@pytest.fixture(autouse=True)
def _no_counts():
    counts.clear()
    yield
    counts.clear()


@pytest.fixture
def plain():
    return Plain()


def hooks_of(plain, backend="numpy"):
    """Return hooks over functions that tell their names and what they were given."""

    def original(name):
        return lambda *args, **kwargs: (name, args, kwargs)

    return hooks_for(backend, plain, {name: original(name) for name in NAMES})


def arrays(*shapes):
    rng = np.random.default_rng(1)
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def lstm_arguments(prefix=""):
    kernel, recurrent, bias = arrays((I, 4 * H), (H, 4 * H), (4 * H,))
    return {
        f"{prefix}kernel": kernel, f"{prefix}recurrent_kernel": recurrent, f"{prefix}bias": bias,
    }  # fmt: skip


ACTIVATIONS = {
    "activation": keras.activations.tanh,
    "recurrent_activation": keras.activations.sigmoid,
}


@pytest.mark.parametrize("sequences", [False, True])
def test_results_have_the_shapes_that_keras_expects(plain, sequences):
    x, h, c = arrays((B, T, I), (B, H), (B, H))
    last, outputs, states = hooks_of(plain)["lstm"](
        x, h, c, None, **lstm_arguments(), **ACTIVATIONS, return_sequences=sequences
    )
    assert last.shape == (B, H)
    assert outputs.shape == (B, T if sequences else 1, H)
    assert [s.shape for s in states] == [(B, H)] * 2
    np.testing.assert_array_equal(last, outputs[:, -1])
    np.testing.assert_array_equal(last, states[0])
    assert counts.snapshot(None).served == 1


@pytest.mark.parametrize("reset_after", [False, True])
def test_a_gru_has_one_state(plain, reset_after):
    x, h, kernel, recurrent, bias = arrays(
        (B, T, I), (B, H), (I, 3 * H), (H, 3 * H), (2, 3 * H) if reset_after else (3 * H,)
    )
    last, _, states = hooks_of(plain)["gru"](
        x, h, None, kernel, recurrent, bias, **ACTIVATIONS, reset_after=reset_after
    )
    assert len(states) == 1
    np.testing.assert_array_equal(last, states[0])


@pytest.mark.parametrize("sequences", [False, True])
def test_a_fused_call_is_two_of_one_direction(plain, sequences):
    x, h, c = arrays((B, T, I), (B, H), (B, H))
    hooks = hooks_of(plain)
    fwd, bwd = hooks["bidirectional_lstm"](
        x, h, c, c, h, mask=None,
        **lstm_arguments("fwd_"), **lstm_arguments("bwd_"), **ACTIVATIONS,
        return_sequences=sequences, unroll=False,
    )  # fmt: skip
    manner = {**lstm_arguments(), **ACTIVATIONS, "return_sequences": sequences}
    alone = hooks["lstm"](x, h, c, None, **manner)
    turned = hooks["lstm"](x, c, h, None, **manner, go_backwards=True)
    for found, expected in zip(fwd, alone, strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(bwd[0], turned[0])
    np.testing.assert_array_equal(bwd[1], turned[1][:, ::-1])
    np.testing.assert_array_equal(bwd[2], turned[2])


def test_a_fused_gru(plain):
    x, h, kernel, recurrent, bias = arrays((B, T, I), (B, H), (I, 3 * H), (H, 3 * H), (2, 3 * H))
    weights = {
        f"{way}_{name}": array
        for way in ("fwd", "bwd")
        for name, array in (("kernel", kernel), ("recurrent_kernel", recurrent), ("bias", bias))
    }
    fwd, bwd = hooks_of(plain)["bidirectional_gru"](
        x, h, h, mask=None, **weights, **ACTIVATIONS, reset_after=True
    )
    assert [len(way[2]) for way in (fwd, bwd)] == [1, 1]
    assert np.abs(fwd[0] - bwd[0]).max() > 1e-3


def test_what_is_not_served_reaches_keras_as_it_was_and_is_counted(plain):
    x, h, c = arrays((B, T, I), (B, H), (B, H))
    plain.refuses = NotServedError("dtype float16")
    arguments = {**lstm_arguments(), **ACTIVATIONS}
    name, args, kwargs = hooks_of(plain)["lstm"](x, h, c, None, **arguments)
    assert name == "lstm"
    assert args[0] is x
    assert kwargs.keys() == arguments.keys()
    assert counts.snapshot(None).reasons == {"dtype float16": 1}
    assert counts.snapshot(None).served == 0


def test_a_question_of_shapes_is_not_counted(plain, monkeypatch):
    x, h, c = arrays((B, T, I), (B, H), (B, H))
    monkeypatch.setattr(layer_hooks, "in_symbolic_scope", lambda: True)
    for plain.refuses in (None, NotServedError("device meta")):
        hooks_of(plain)["lstm"](x, h, c, None, **lstm_arguments(), **ACTIVATIONS)
    assert counts.snapshot(None).served == 0
    assert counts.snapshot(None).passed_on == 0


def test_a_mask_of_another_form_is_passed_on(plain):
    x, h, c = arrays((B, T, I), (B, H), (B, H))
    mask = np.ones((B, T, 1), bool)
    hooks_of(plain)["lstm"](x, h, c, mask, **lstm_arguments(), **ACTIVATIONS)
    assert counts.snapshot(None).reasons == {"a mask of 3 axes": 1}


def test_an_export_is_passed_on(plain, monkeypatch):
    monkeypatch.setattr("gatedcore.interop.keras.backend_hooks.exporting", lambda: True)
    x, h, c = arrays((B, T, I), (B, H), (B, H))
    hooks_of(plain)["lstm"](x, h, c, None, **lstm_arguments(), **ACTIVATIONS)
    (reason,) = counts.snapshot(None).reasons
    assert "Model.export" in reason


def test_only_functions_that_keras_has_are_hooked(plain):
    assert list(hooks_for("numpy", plain, {"gru": len})) == ["gru"]
    assert not layer_hooks.exporting()
