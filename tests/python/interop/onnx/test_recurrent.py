"""LSTM, GRU and RNN: ONNX's own cases, random cases over every attribute, and what is refused."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx import Backend, load, recurrent_runs
from interop.onnx.models import one_node
from interop.onnx.node_cases import all_cases, as_arrays, assert_agrees, cases_of
from interop.onnx.recurrent_cases import given, model_of_node, random_node

OPERATORS = ("LSTM", "GRU", "RNN")
CASES = cases_of(*OPERATORS)
# Two ways to sum the same numbers in float32, over a few steps of states of size 1.
CLOSE = 5e-5
# Activations without bounds blow differences up as they do the states.
TAME = 50.0


def outputs_of(operator, attributes, inputs, dtype=np.float32):
    return load(model_of_node(operator, attributes, inputs, dtype)).run(given(inputs))


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=CLOSE, atol=CLOSE)


def test_onnx_has_the_cases_that_are_told_of():
    assert len(CASES) == len([c for c in all_cases() if c.name.startswith(
        ("test_lstm", "test_gru", "test_rnn", "test_simple_rnn"))]) == 18  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_onnx_cases(case):
    assert_agrees(case, Backend.prepare(case.model).run)


@pytest.mark.parametrize("seed", range(120))
@pytest.mark.parametrize("operator", OPERATORS)
def test_random_nodes_agree_with_onnx_runtime(operator, seed):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    attributes, inputs = random_node(operator, seed)
    model = model_of_node(operator, attributes, inputs)
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    expected = session.run(None, given(inputs))
    if not all(np.abs(one).max(initial=0) < TAME for one in expected):
        pytest.skip("states grow without bound, and differences with them")
    assert_close(load(model).run(given(inputs)), expected)


def test_most_random_nodes_are_compared():
    # The test above skips; this one counts that it seldom does.
    grown = 0
    for seed in range(120):
        for operator in OPERATORS:
            attributes, inputs = random_node(operator, seed)
            y = outputs_of(operator, attributes, inputs)
            grown += not all(np.abs(one).max(initial=0) < TAME for one in y)
    assert grown < 30


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("operator", OPERATORS)
def test_batch_first_is_the_other_layout_of_the_same(operator, seed):
    attributes, inputs = random_node(operator, seed)
    y, *states = outputs_of(operator, attributes, inputs)
    attributes, inputs = random_node(operator, seed, layout=1)
    assert attributes["layout"] == 1
    other, *other_states = outputs_of(operator, attributes, inputs)
    assert_close([other.transpose(1, 2, 0, 3)], [y])
    assert_close([state.swapaxes(0, 1) for state in other_states], states)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("operator", OPERATORS)
def test_float64_agrees_with_float32(operator, seed):
    attributes, inputs = random_node(operator, seed)
    expected = outputs_of(operator, attributes, inputs)
    if not all(np.abs(one).max(initial=0) < TAME for one in expected):
        pytest.skip("states grow without bound, and differences with them")
    wide = {
        name: array.astype(np.float64) if array.dtype == np.float32 else array
        for name, array in given(inputs).items()
    }
    found = outputs_of(operator, attributes, {**inputs, **wide}, np.float64)
    assert {one.dtype for one in found} == {np.dtype(np.float64)}
    assert_close([one.astype(np.float32) for one in found], expected)


def test_half_precision_is_computed_in_float32():
    attributes, inputs = random_node("LSTM", 0)
    half = {n: a.astype(np.float16) for n, a in given(inputs).items() if a.dtype == np.float32}
    found = outputs_of("LSTM", attributes, {**inputs, **half}, np.float16)
    rounded = {name: array.astype(np.float32) for name, array in half.items()}
    expected = outputs_of("LSTM", attributes, {**inputs, **rounded})
    assert {one.dtype for one in found} == {np.dtype(np.float16)}
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other.astype(np.float16))


@pytest.mark.parametrize("operator", ["LSTM", "GRU"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("layout", [0, 1])
def test_usual_attributes_run_on_the_kernels(operator, direction, layout, monkeypatch):
    def never(*_):
        raise AssertionError("step by step")

    monkeypatch.setattr(recurrent_runs, "run_plain", never)
    D, rows = 1 + (direction == "bidirectional"), {"LSTM": 12, "GRU": 9}[operator]
    inputs = {
        "X": np.ones((4, 2, 5), np.float32),
        "W": np.ones((D, rows, 5), np.float32),
        "R": np.ones((D, rows, 3), np.float32),
        "B": np.ones((D, 2 * rows), np.float32),
        "sequence_lens": np.array([4, 2] if not layout else [1, 2, 0, 2], np.int32),
        "initial_h": np.ones((D, 2, 3) if not layout else (4, D, 3), np.float32),
    }
    attributes = {"hidden_size": 3, "direction": direction, "layout": layout}
    outputs_of(operator, attributes, inputs)


@pytest.mark.parametrize("operator", OPERATORS)
def test_weights_may_be_computed_by_the_model(operator):
    # As above, but the weights are inputs; here they are constants, made ready as it is loaded.
    attributes, inputs = random_node(operator, 1)
    expected = outputs_of(operator, attributes, inputs)
    model = model_of_node(operator, attributes, inputs)
    for name in ("W", "R", "B", "P"):
        if inputs.get(name) is not None:
            tensor = onnx.numpy_helper.from_array(inputs[name], name)
            model.graph.initializer.append(tensor)
    loaded = load(model)
    assert not {"W", "R"} & set(loaded.input_names)
    left = {name: array for name, array in given(inputs).items() if name in loaded.input_names}
    for one, other in zip(loaded.run(left), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_steps_and_no_rows():
    for T, B in ((0, 2), (3, 0)):
        inputs = {
            "X": np.ones((T, B, 2), np.float32),
            "W": np.ones((1, 12, 2), np.float32),
            "R": np.ones((1, 12, 3), np.float32),
            "B": None,
            "sequence_lens": None,
            "initial_h": np.ones((1, B, 3), np.float32),
        }
        y, h, c = outputs_of("LSTM", {"hidden_size": 3}, inputs)
        assert (y.shape, h.shape, c.shape) == ((T, 1, B, 3), (1, B, 3), (1, B, 3))
        np.testing.assert_array_equal(h, inputs["initial_h"])


def nodes_inputs(**other):
    shapes = {"X": (3, 2, 2), "W": (1, 12, 2), "R": (1, 12, 3), "B": (1, 24)}
    lengths = {"sequence_lens": None, "initial_h": None, "initial_c": None, "P": None}
    plain = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    return {**plain, **lengths, **other}


F = np.float32


@pytest.mark.parametrize(
    ("attributes", "inputs", "message"),
    [
        ({"direction": "sideways"}, {}, "direction is 'sideways', expected one of forward"),
        ({"layout": 2}, {}, "layout is 2, expected 0 or 1"),
        ({"clip": -1.0}, {}, "clip is -1.0, expected a number above 0"),
        ({"hidden_size": 4}, {}, "with hidden_size=4"),
        ({"direction": "bidirectional"}, {}, r"expected \(2, 4\*H, I\)"),
        ({"activations": ["Tanh"]}, {}, "expected 3 for each of 1 directions"),
        ({"activations": ["Tanh", "Tanh", "Sine"]}, {}, "activation 'Sine', expected one of"),
        ({"activation_alpha": [0.1]}, {}, "1 values more than"),
        ({}, {"W": np.ones((1, 12, 4), F)}, "expected 4 features, as W has"),
        ({}, {"R": np.ones((1, 12, 4), F)}, "W, R and B have shapes"),
        ({}, {"B": np.ones((1, 12), F)}, "W, R and B have shapes"),
        ({}, {"B": np.ones((1, 24))}, "dtypes float32, .*float64.*, expected one"),
        ({}, {"P": np.ones((1, 12), F)}, r"P has shape \(1, 12\), expected \(1, 3\*H\)"),
        ({}, {"initial_h": np.ones((1, 3, 3), F)}, r"initial_h has shape .*expected \(1, 2, 3\)"),
        ({"layout": 1}, {"initial_c": np.ones((1, 3, 3), F)}, r"expected \(3, 1, 3\)"),
        ({}, {"sequence_lens": np.array([4, 1], np.int32)}, "of integers from 0 to 3"),
        ({}, {"sequence_lens": np.array([-1, 1], np.int32)}, "of integers from 0 to 3"),
        ({}, {"sequence_lens": np.array([1], np.int32)}, r"expected \(2,\)"),
        ({}, {"X": np.ones((3, 2), F)}, r"X has shape \(3, 2\)"),
    ],
)
def test_what_does_not_suit_is_named(attributes, inputs, message):
    every = nodes_inputs(**inputs)
    with pytest.raises(ValueError, match=message):
        outputs_of("LSTM", attributes, every)


def test_lengths_of_zero_give_zero_states_as_in_onnx_runtime():
    every = nodes_inputs(sequence_lens=np.array([0, 2], np.int32), initial_h=np.ones((1, 2, 3), F))
    y, h, c = outputs_of("LSTM", {}, every)
    assert not h[0, 0].any()
    assert not c[0, 0].any()
    assert not y[:, 0, 0].any()
    assert h[0, 1].all()


def test_results_that_are_too_large_are_not_made():
    inputs = nodes_inputs()
    model = load(model_of_node("LSTM", {"hidden_size": 3}, inputs), max_memory=100)
    with pytest.raises(ValueError, match="expected at most 100"):
        model(given(inputs))


def test_the_names_of_activations_may_have_any_case():
    inputs = nodes_inputs()
    usual = outputs_of("LSTM", {}, inputs)
    found = outputs_of("LSTM", {"activations": ["sigmoid", "TANH", "Tanh"]}, inputs)
    for one, other in zip(found, usual, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_lone_output_may_be_asked_for():
    inputs = given(nodes_inputs())
    node = onnx.helper.make_node("LSTM", list(inputs), ["", "", "c"], hidden_size=3)
    model = one_node("LSTM", inputs, ("c",))
    del model.graph.node[:]
    model.graph.node.append(node)
    assert load(model)(inputs).shape == (1, 2, 3)


def test_onnx_cases_take_dicts_too():
    case = CASES[0].values[0]
    inputs = as_arrays(case.data_sets[0][0])
    names = [value.name for value in case.model.graph.input]
    rep = Backend.prepare(case.model)
    by_name = rep.run(dict(zip(names, inputs, strict=True)))
    np.testing.assert_array_equal(by_name[0], rep.run(inputs)[0])
