"""Single modules of PyTorch as layers."""

import numpy as np
import pytest

from gatedcore.interop.convert.torch_modules import as_array, kind_of, layers_of, trained

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn

X = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32) * 2

MODULES = [
    nn.Linear(3, 2),
    nn.Linear(3, 2, bias=False),
    nn.LayerNorm(3),
    nn.LayerNorm(3, eps=0.1, bias=False),
    nn.LayerNorm(3, elementwise_affine=False),
    nn.Dropout(0.3),
    nn.ELU(0.5),
    nn.Flatten(),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.Hardsigmoid(),
    nn.Hardswish(),
    nn.Hardtanh(),
    nn.LeakyReLU(0.3),
    nn.LogSigmoid(),
    nn.LogSoftmax(-1),
    nn.Mish(),
    nn.ReLU(),
    nn.ReLU6(),
    nn.SELU(),
    nn.SiLU(),
    nn.Sigmoid(),
    nn.Softmax(-1),
    nn.Softplus(),
    nn.Softsign(),
    nn.Tanh(),
]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_layer_computes_what_the_module_does(module):
    (layer,) = layers_of(module.eval(), "one", True)
    assert layer.name == "one"
    with torch.no_grad():
        expected = module(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(layer(X), expected, rtol=1e-5, atol=1e-6)


def test_rows_of_an_embedding():
    module = nn.Embedding(5, 3)
    (layer,) = layers_of(module, None, True)
    np.testing.assert_array_equal(layer([[0, 4]]), module.weight.detach().numpy()[[[0, 4]]])
    with pytest.warns(UserWarning, match="padding_idx=0 of an nn.Embedding keeps a row from"):
        layers_of(nn.Embedding(5, 3, padding_idx=0), None, True)


def test_what_changes_nothing_is_no_layer():
    assert layers_of(nn.Identity(), None, True) == []


def test_frozen_modules_are_frozen_layers():
    module = nn.Linear(3, 2).requires_grad_(False)
    assert not layers_of(module, None, True)[0].trainable
    module.weight.requires_grad_(True)
    with pytest.raises(ValueError, match="only bias are frozen, expected all or none"):
        trained(module)


def test_a_class_of_ones_own_counts_by_its_forward():
    class Named(nn.Linear):
        pass

    class Changed(nn.Linear):
        def forward(self, x):
            return super().forward(x) + 1

    assert kind_of(Named(3, 2)) == "Linear"
    assert kind_of(Changed(3, 2)) == "Changed"
    accelerated = pytest.importorskip("gatedcore.torch")
    assert kind_of(accelerated.LSTM(3, 2)) == "LSTM"


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Conv1d(3, 2, 1), "a Conv1d has no counterpart, expected one of .*LSTM"),
        (nn.Softmax(1), "dim=1, expected -1"),
        (nn.LayerNorm((2, 3)), r"normalized_shape=\(2, 3\), expected one number"),
        (nn.Flatten(2), "start_dim=2, end_dim=-1, expected 1, -1"),
        (nn.Softplus(2), "beta=2, expected 1"),
        (nn.Hardtanh(0, 1), "min_val=0, max_val=1, expected -1, 1"),
        (nn.Embedding(5, 3, max_norm=1.0), r"max_norm=1\.0 has no counterpart"),
        (nn.LSTM(3, 2, proj_size=1), "weight_hr_l0 projects the state"),
        (
            nn.Linear(3, 2, dtype=torch.complex64),
            "weight holds complex64, expected float32, float64, float16 or bfloat16",
        ),
    ],
    ids=str,
)
def test_what_has_no_counterpart_is_named(module, message):
    with pytest.raises(ValueError, match=message):
        layers_of(module, None, True)


def test_arrays_of_numbers():
    assert as_array("a", np.ones(2)).dtype == np.float64
    third = np.array([1 / 3], np.float16)
    for half in (third, torch.tensor(third), torch.tensor(third).bfloat16()):
        array = as_array("a", half)
        assert array.dtype == np.float32
        assert array == half
    with pytest.raises(ValueError, match="a holds int64, expected float32 or float64"):
        as_array("a", np.ones(2, np.int64))
    with pytest.raises(ValueError, match="a is a list, expected a tensor or an array"):
        as_array("a", [1.0])
    with pytest.raises(ValueError, match="a is on the device meta, expected one with memory"):
        as_array("a", torch.ones(2, device="meta"))
