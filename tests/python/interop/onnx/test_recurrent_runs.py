"""How recurrent nodes run: which way is taken, and that all ways agree."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx import load, recurrent_runs
from gatedcore.interop.onnx.recurrent_runs import Job
from interop.onnx.recurrent_cases import GATES, given, model_of_node

F = np.float32
CLOSE = 2e-6  # float32, states of size 1


def case(operator, direction, layout, lengths=True, **attributes):
    """Return a model of a node and its inputs; peepholes if ``P`` is among the attributes."""
    rng = np.random.default_rng(0)
    peepholes = attributes.pop("P", False)
    D, rows = 1 + (direction == "bidirectional"), 3 * GATES[operator]
    shape, states = ((4, 2, 5), (D, 2, 3)) if not layout else ((2, 4, 5), (2, D, 3))
    inputs = {
        "X": rng.normal(size=shape),
        "W": rng.normal(size=(D, rows, 5)),
        "R": rng.normal(size=(D, rows, 3)),
        "B": rng.normal(size=(D, 2 * rows)),
        "sequence_lens": np.array([4, 2]) if lengths else None,
        "initial_h": rng.normal(size=states),
        "initial_c": rng.normal(size=states) if operator == "LSTM" else None,
        "P": rng.normal(size=(D, 9)) if peepholes else None,
    }
    if operator != "LSTM":
        del inputs["initial_c"], inputs["P"]
    arrays = {
        name: array if array is None else array.astype(np.int32 if name == "sequence_lens" else F)
        for name, array in inputs.items()
    }
    every = {"hidden_size": 3, "direction": direction, "layout": layout, **attributes}
    return load(model_of_node(operator, every, arrays)), given(arrays)


ASKED = [
    ("LSTM", {}),
    ("LSTM", {"P": True}),
    ("LSTM", {"clip": 0.5}),
    ("LSTM", {"input_forget": 1}),
    ("LSTM", {"P": True, "clip": 0.7, "input_forget": 1}),
    ("GRU", {}),
    ("GRU", {"clip": 0.5, "linear_before_reset": 1}),
    ("GRU", {"clip": 0.5}),
]


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize(("operator", "attributes"), ASKED, ids=str)
def test_the_kernels_agree_with_the_plain_way(operator, attributes, direction, layout, monkeypatch):
    model, inputs = case(operator, direction, layout, **attributes)
    with monkeypatch.context() as patch:
        patch.setattr(recurrent_runs, "run_plain", None)  # an error if it is called
        found = model.run(inputs)
    monkeypatch.setattr(Job, "has_fused_functions", lambda self: False)
    for one, other in zip(found, model.run(inputs), strict=True):
        np.testing.assert_allclose(one, other, atol=CLOSE)


@pytest.mark.parametrize(
    ("operator", "activations"),
    [
        ("RNN", ["Tanh"]),
        ("GRU", ["Sigmoid", "Softplus"]),
        ("LSTM", ["HardSigmoid", "Tanh", "Tanh"]),
        ("LSTM", ["Sigmoid", "Tanh", "Relu"]),  # the kernels have one for both
    ],
)
def test_what_the_kernels_have_not_runs_plainly(operator, activations, monkeypatch):
    model, inputs = case(operator, "forward", 0, activations=activations)
    y, *_ = model.run(inputs)
    assert np.isfinite(y).all()
    monkeypatch.setattr(recurrent_runs, "run_plain", None)
    with pytest.raises(ValueError, match="'NoneType' object is not callable"):
        model.run(inputs)


@pytest.mark.parametrize("attributes", [{}, {"clip": 0.5}])
def test_without_lengths_all_steps_count(attributes):
    model, inputs = case("GRU", "reverse", 0, lengths=False, **attributes)
    y, h = model.run(inputs)
    np.testing.assert_array_equal(y[0], h)
    assert y.all()


@pytest.mark.parametrize("attributes", [{}, {"clip": 0.5}])
@pytest.mark.parametrize("operator", ["LSTM", "GRU", "RNN"])
def test_without_steps_states_are_the_first(operator, attributes):
    model, inputs = case(operator, "bidirectional", 0, lengths=False, **attributes)
    model.inputs[0] = model.inputs[0]._replace(shape=None)
    inputs["X"] = inputs["X"][:0]
    y, h, *_ = model.run(inputs)
    assert y.shape == (0, 2, 2, 3)
    np.testing.assert_array_equal(h, inputs["initial_h"])
