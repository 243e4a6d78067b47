"""Models of ours as modules of PyTorch: the same weights, the same outputs."""

import numpy as np
import pytest

import gatedcore as gk

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn

X = np.random.default_rng(0).standard_normal((3, 6, 5)).astype(np.float32)
TOKENS = np.random.default_rng(0).integers(0, 10, (3, 6))
L = gk.layers


def computed(module, x):
    with torch.no_grad():
        return module.eval()(torch.from_numpy(x)).numpy()


def randomised(model):
    rng = np.random.default_rng(1)
    model.set_weights([rng.standard_normal(w.shape) * 0.5 for w in model.get_weights()])
    return model


ACTIVATIONS = [
    "elu",
    "gelu",
    "gelu_tanh",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]
ROWS = {
    "lstm": lambda: [gk.LSTM(4)],
    "gru": lambda: [gk.GRU(4, return_sequences=True, use_bias=False), gk.Dense(2)],
    "rnn": lambda: [gk.SimpleRNN(4, activation="relu", return_sequences=True), gk.SimpleRNN(3)],
    "stack": lambda: [gk.LSTM(4, return_sequences=True), gk.Dropout(0.2), gk.LSTM(4)],
    "both": lambda: [
        gk.Bidirectional(gk.GRU(4, return_sequences=True)),
        gk.Bidirectional(gk.GRU(4)),
        gk.Dense(3, activation="softmax"),
    ],
    "dense": lambda: [gk.Dense(3, activation=name) for name in ACTIVATIONS],
    "activations": lambda: [gk.Activation(name) for name in ACTIVATIONS],
    "float64": lambda: [gk.GRU(4, dtype="float64"), gk.Dense(2, dtype="float64")],
    "others": lambda: [
        L.LayerNormalization(epsilon=0.01),
        L.LayerNormalization(center=False),
        L.ReLU(negative_slope=0.2),
        L.LeakyReLU(0.3),
        L.ELU(0.4),
        L.ReLU(max_value=6),
        L.ReLU(),
        L.Softmax(),
        gk.TimeDistributed(gk.Dense(4, activation="tanh")),
        gk.TimeDistributed(L.LayerNormalization()),
        L.Flatten(),
        gk.Dense(2),
    ],
}


@pytest.mark.parametrize("name", ROWS)
def test_outputs_agree_and_weights_come_back_exactly(name):
    ours = randomised(gk.Sequential([gk.Input((6, 5)), *ROWS[name]()]))
    x = X.astype(ours.dtype)
    theirs = gk.to_torch(ours)
    np.testing.assert_allclose(computed(theirs, x), ours.predict(x), rtol=1e-5, atol=1e-6)
    back = gk.from_torch(theirs, input_shape=(6, 5))
    for a, b in zip(back.get_weights(), ours.get_weights(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(back.predict(x), ours.predict(x))


def test_tokens():
    ours = randomised(gk.Sequential([gk.Embedding(10, 5, input_shape=(None,)), gk.LSTM(4)]))
    expected = ours.predict(TOKENS)
    np.testing.assert_allclose(computed(gk.to_torch(ours), TOKENS), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_torch_to_ours_and_back(kind):
    torch.manual_seed(0)
    module = kind(5, 4, 3, batch_first=True, bidirectional=True, dropout=0.3)
    (back,) = gk.to_torch(gk.from_torch(module)).children()
    assert str(back) == str(module)
    for name, tensor in module.state_dict().items():
        found = back.state_dict()[name]
        if kind is nn.GRU or name.startswith("weight"):
            assert torch.equal(found, tensor)
        elif name.startswith("bias_ih"):  # their sum is what counts
            assert torch.equal(found, tensor + module.state_dict()[name.replace("ih", "hh")])
        else:
            assert not found.any()


def test_a_graph_in_a_row_is_one():
    x = gk.Input((6, 5))
    ours = gk.Model(x, gk.Dense(2)(gk.LSTM(4)(x)))
    found = computed(gk.to_torch(ours), X)
    np.testing.assert_allclose(found, ours.predict(X), rtol=1e-5, atol=1e-6)


def test_frozen_layers_are_frozen_modules():
    ours = gk.Sequential([gk.LSTM(4, trainable=False, input_shape=(None, 5)), gk.Dense(1)])
    flags = {name: p.requires_grad for name, p in gk.to_torch(ours).named_parameters()}
    assert all(flag == name.startswith("dense") for name, flag in flags.items())
    ours.trainable = False
    assert not any(p.requires_grad for p in gk.to_torch(ours).parameters())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gk.GRU(3, reset_after=False, name="a"), r"layer 'a' \(GRU\): reset_after=False"),
        (lambda: gk.Masking(), r"\(Masking\): a Masking has no counterpart in PyTorch"),
        (lambda: gk.Dense(3, activation="exponential"), "activation 'exponential' has no counter"),
        (lambda: L.ReLU(threshold=0.1), "max_value, negative_slope or threshold has no"),
        (lambda: L.LayerNormalization(scale=False), "center=True with scale=False"),
        (
            lambda: gk.TimeDistributed(gk.Dropout(0.1)),
            "a Dropout for every step has no",
        ),
        (lambda: gk.Dropout(0.1, noise_shape=(None, 1, None)), "noise_shape="),
    ],
)
def test_what_pytorch_does_not_have_is_named(make, message):
    ours = gk.Sequential([gk.Input((6, 5)), make()])
    with pytest.raises(ValueError, match=message):
        gk.to_torch(ours)


def test_masks_have_no_counterpart():
    ours = gk.Sequential([gk.Embedding(10, 5, mask_zero=True, input_shape=(None,)), gk.LSTM(4)])
    with pytest.raises(ValueError, match="mask_zero=True, expected False"):
        gk.to_torch(ours)


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="model has type int, expected a Sequential or a Model"):
        gk.to_torch(3)
    with pytest.raises(ValueError, match="to_torch: model has no weights yet"):
        gk.to_torch(gk.Sequential([gk.LSTM(3)]))
