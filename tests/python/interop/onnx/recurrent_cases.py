"""Random nodes of LSTM, GRU and RNN, over every attribute that they have."""

import numpy as np

from interop.onnx.models import one_node

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
FUNCTIONS = {"LSTM": 3, "GRU": 2, "RNN": 1}
WITH_ALPHA = ("Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu")
WITH_BETA = ("Affine", "ScaledTanh", "HardSigmoid")
NAMES = (*WITH_ALPHA, "Tanh", "Sigmoid", "Relu", "Softsign", "Softplus")


def random_node(operator, seed, layout=0, dtype=np.float32):
    """Return the attributes and the inputs by name of a node; an input that is None is left out."""
    rng = np.random.default_rng([seed, GATES[operator]])
    direction = str(rng.choice(["forward", "reverse", "bidirectional"]))
    D = 2 if direction == "bidirectional" else 1
    T, B, I, H = (int(rng.integers(1, most)) for most in (7, 5, 5, 9))  # noqa: E741
    rows = GATES[operator] * H

    def normal(*shape):
        return (0.7 * rng.normal(size=shape)).astype(dtype)

    def maybe(share, *shape):
        return normal(*shape) if rng.random() < share else None

    state = (D, B, H)
    inputs = {"X": normal(T, B, I), "W": normal(D, rows, I), "R": normal(D, rows, H)}
    inputs["B"] = maybe(0.7, D, 2 * rows)
    lengths = rng.integers(0, T + 1, B).astype(np.int32)
    inputs["sequence_lens"] = lengths if rng.random() < 0.5 else None
    inputs["initial_h"] = maybe(0.5, *state)
    attributes = {"hidden_size": H, "direction": direction}
    if operator == "LSTM":
        inputs["initial_c"] = maybe(0.5, *state)
        inputs["P"] = maybe(0.4, D, 3 * H)
        attributes["input_forget"] = int(rng.random() < 0.3)
    if operator == "GRU":
        attributes["linear_before_reset"] = int(rng.integers(2))
    if rng.random() < 0.3:
        attributes["clip"] = float(rng.uniform(0.2, 1.5))
    if rng.random() < 0.5:
        attributes |= random_functions(rng, FUNCTIONS[operator] * D)
    if layout:
        attributes["layout"] = 1
        for name in ("X", "initial_h", "initial_c"):
            if inputs.get(name) is not None:
                inputs[name] = np.ascontiguousarray(inputs[name].swapaxes(0, 1))
    return attributes, inputs


def random_functions(rng, count):
    """Return attributes that name so many activations, with all their options."""
    names = [str(rng.choice(NAMES)) for _ in range(count)]
    attributes = {"activations": names}
    for option, which in (("alpha", WITH_ALPHA), ("beta", WITH_BETA)):
        values = [float(rng.uniform(0.1, 0.9)) for name in names if name in which]
        if values:
            attributes[f"activation_{option}"] = values
    return attributes


def model_of_node(operator, attributes, inputs, dtype=np.float32):
    """Return a model of such a node with all its outputs."""
    outputs = ("Y", "Y_h", "Y_c")[: 3 if operator == "LSTM" else 2]
    return one_node(operator, inputs, outputs, dtype, opset=14, **attributes)


def given(inputs):
    """Return the inputs that are there."""
    return {name: array for name, array in inputs.items() if array is not None}
