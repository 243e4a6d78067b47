"""gatedcore.ops.stack_layers: every option of a layer in a stack, as of the layer alone."""

from itertools import product

import numpy as np
import pytest

from gatedcore import ops

B, T, I, H = 3, 7, 2, 4  # noqa: E741  # the equations' letters
DRAWN = {"dropout": 0.4, "recurrent_dropout": 0.3, "zoneout_h": 0.2}
OPTIONS = {
    "lstm drawn": ("lstm", {**DRAWN, "zoneout_c": 0.3, "seed": 5}),
    "gru drawn": ("gru", {**DRAWN, "seed": 5}),
    "gru, reset before, drawn": ("gru", {**DRAWN, "seed": 5, "reset_after": False}),
    "lstm recompute": ("lstm", {"recompute": True, "zoneout_c": 0.3, "seed": 5}),
    "gru recompute": ("gru", {"recompute": True, "dropout": 0.5, "seed": 5}),
    "zeros where masked": ("lstm", {"zero_output_for_mask": True}),
}


def alone(kind, x, weights, options, backwards, **shared):
    """Return h in the order of x, all gradients for ones, of a direction alone."""
    run, back = (ops.lstm, ops.lstm_backward) if kind == "lstm" else (ops.gru, ops.gru_backward)
    h, *_, cache = run(x, *weights, go_backwards=backwards, return_cache=True, **options, **shared)
    gradients = back(cache, np.ones_like(h))
    axis = 0 if shared["time_major"] else 1
    return np.flip(h, axis) if backwards else h, gradients


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("kind", "options"), OPTIONS.values(), ids=OPTIONS.keys())
def test_options_are_those_of_the_layer_alone(kind, options, training, time_major, masked):
    rng = np.random.default_rng(0)
    gates = 4 if kind == "lstm" else 3
    shapes = [(I, gates * H), (H, gates * H)]
    directions = [[rng.normal(size=s).astype("f4") for s in shapes] for _ in range(2)]
    axes = (T, B) if time_major else (B, T)
    x = rng.normal(size=(*axes, I)).astype("f4")
    mask = rng.random(axes) < 0.6 if masked else None
    shared = {"training": training, "time_major": time_major, "mask": mask}

    stacked = ops.StackedLSTM if kind == "lstm" else ops.StackedGRU
    layer = tuple(stacked(*weights, **options) for weights in directions)
    h, _, cache = ops.stack(x, [layer], return_cache=True, **shared)
    gradients = ops.stack_backward(cache, np.ones_like(h))
    runs = [alone(kind, x, w, options, k == 1, **shared) for k, w in enumerate(directions)]
    np.testing.assert_array_equal(h, np.concatenate([run[0] for run in runs], axis=2))
    np.testing.assert_array_equal(gradients.x, runs[0][1].x + runs[1][1].x)
    for own, (_, expected) in zip(gradients.layers[0], runs, strict=True):
        for actual, value in zip(own[1:], expected[1:], strict=True):
            if value is not None:
                np.testing.assert_array_equal(actual, value)


def test_recompute_saves_memory_and_asks_for_a_cache():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(I, 4 * H)), rng.normal(size=(H, 4 * H))
    x = np.ones((B, T, I))
    sizes = []
    for recompute, mask in product((False, True), (None, np.ones((B, T), bool))):
        layer = ops.StackedLSTM(*weights, recompute=recompute)
        sizes.append(ops.stack(x, [layer], mask=mask, return_cache=True)[2].nbytes)
    assert sizes[2] == 8 * B * T * 2 * H
    assert sizes[0] == 3 * sizes[2]
    assert sizes[3] < sizes[1]
    with pytest.raises(ValueError, match=r"layers\[0\]: recompute=True came without"):
        ops.stack(x, [layer])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"dropout": 1.0}, ValueError, r"layers\[0\]: dropout is 1,"),
        ({"zoneout_c": -1.0}, ValueError, r"layers\[0\]: zoneout_c is -1,"),
        ({"zero_output_for_mask": 2}, TypeError, r"layers\[0\]: zero_output_for_mask is"),
        ({"activation": "tan"}, ValueError, r"layers\[0\]: activation is 'tan'"),
    ],
)
def test_errors_name_the_layer(change, error, message):
    layer = ops.StackedLSTM(np.ones((I, 4 * H)), np.ones((H, 4 * H)), **change)
    with pytest.raises(error, match=f"stack: {message}"):
        ops.stack(np.ones((B, T, I)), [layer])


def test_a_mask_is_of_the_steps():
    layer = ops.StackedLSTM(np.ones((I, 4 * H)), np.ones((H, 4 * H)))
    with pytest.raises(ValueError, match="stack: mask has shape"):
        ops.stack(np.ones((B, T, I)), [layer], mask=np.ones((T, B), bool))
