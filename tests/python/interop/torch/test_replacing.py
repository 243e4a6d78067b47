"""accelerate and restore: what they change in a model, and what they leave."""

import copy
import io

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

import gatedcore as gk
from interop.torch.beside_torch import assert_same, everything

T, B, I, H = 5, 4, 3, 7  # noqa: E741  # the letters of the equations


class OwnLSTM(torch.nn.LSTM):
    pass


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.LSTM(I, H, 2, bidirectional=True)
        self.decoder = torch.nn.Sequential(torch.nn.GRU(2 * H, H))
        self.head = torch.nn.Linear(H, 1)

    def forward(self, x, hx=None):
        return self.head(self.decoder(self.encoder(x)[0])[0])


def test_modules_of_a_model_are_replaced_and_given_back():
    model = Model()
    x = torch.randn(T, B, I)
    wanted = everything(model, x)
    parameters = dict(model.named_parameters())
    report = gk.torch.accelerate(model)
    assert report.replaced == ("encoder", "decoder.0")
    assert report.left_alone == {}
    assert type(model.encoder) is gk.torch.LSTM
    assert type(model.decoder[0]) is gk.torch.GRU
    assert all(p is parameters[name] for name, p in model.named_parameters())
    assert_same(everything(model, x), wanted)
    assert gk.torch.restore(model) == report.replaced
    assert type(model.encoder) is torch.nn.LSTM
    assert type(model.decoder[0]) is torch.nn.GRU
    assert "_gatedcore_replaced" not in vars(model.encoder)
    assert_same(everything(model, x), wanted)


def test_a_module_itself():
    module = torch.nn.GRU(I, H)
    report = gk.torch.accelerate(module)
    assert report.replaced == ("",)
    assert str(report) == "replaced 1: the model itself"
    assert type(module) is gk.torch.GRU


def test_a_second_time_there_is_nothing_to_do():
    model = Model()
    gk.torch.accelerate(model)
    assert gk.torch.accelerate(model) == ((), {})
    gk.torch.restore(model)
    assert gk.torch.restore(model) == ()


def test_modules_made_as_ours_stay_ours():
    model = torch.nn.Sequential(gk.torch.LSTM(I, H))
    assert gk.torch.accelerate(model).replaced == ()
    assert gk.torch.restore(model) == ()
    assert type(model[0]) is gk.torch.LSTM


def test_modules_parametrized_later_are_ours_until_that_is_removed():
    model = torch.nn.Sequential(torch.nn.LSTM(I, H))
    gk.torch.accelerate(model)
    torch.nn.utils.parametrizations.weight_norm(model[0], "weight_hh_l0")
    assert gk.torch.accelerate(model) == ((), {})
    with pytest.warns(UserWarning, match="restore: 0 stays on gatedcore's kernels"):
        assert gk.torch.restore(model) == ()
    torch.nn.utils.parametrize.remove_parametrizations(model[0], "weight_hh_l0")
    assert gk.torch.restore(model) == ("0",)
    assert type(model[0]) is torch.nn.LSTM


def test_what_is_left_alone_has_its_reason():
    patched = torch.nn.LSTM(I, H)
    patched.forward = lambda x: x
    model = torch.nn.ModuleDict(
        {
            "own": OwnLSTM(I, H),
            "plain": torch.nn.RNN(I, H),
            "halves": torch.nn.GRU(I, H, dtype=torch.bfloat16),
            "patched": patched,
            "dense": torch.nn.Linear(I, H),
            "served": torch.nn.GRU(I, H),
            "projected": torch.nn.LSTM(I, H, proj_size=2),
        }
    )
    classes = {name: type(module) for name, module in model.items()}
    report = gk.torch.accelerate(model)
    assert report.replaced == ("served", "projected")
    assert {n: type(module) for n, module in model.items() if n not in report.replaced} == {
        n: kind for n, kind in classes.items() if n not in report.replaced
    }
    for name, reason in {
        "own": "OwnLSTM, expected one of torch.nn's",
        "plain": "torch.nn.modules.rnn.RNN, expected one of torch.nn's",
        "halves": "its dtype is torch.bfloat16",
        "patched": "its forward method was replaced",
    }.items():
        assert reason in report.left_alone[name]
        assert f"left alone {name}: " in str(report)
    assert set(report.left_alone) == {"own", "plain", "halves", "patched"}


@pytest.mark.filterwarnings("ignore:.*torch.jit.* is deprecated")
def test_scripted_modules_are_left_alone():
    model = torch.nn.Sequential(torch.jit.script(Model()), torch.nn.GRU(I, H))
    report = gk.torch.accelerate(model)
    assert report.replaced == ("1",)
    assert set(report.left_alone) == {"0.encoder", "0.decoder.0"}
    assert "it is scripted or traced by torch.jit" in report.left_alone["0.encoder"]


def test_copies_and_files_of_accelerated_models():
    model = Model()
    gk.torch.accelerate(model)
    x = torch.randn(T, B, I)
    wanted = model(x)
    file = io.BytesIO()
    torch.save(model.encoder, file)
    file.seek(0)
    assert type(torch.load(file, weights_only=False)) is gk.torch.LSTM
    copied = copy.deepcopy(model)
    torch.testing.assert_close(copied(x), wanted, rtol=0, atol=0)
    assert gk.torch.restore(copied) == ("encoder", "decoder.0")
    fresh = Model()
    fresh.load_state_dict(model.state_dict())
    torch.testing.assert_close(fresh(x), wanted)


def test_hooks_and_optimizers_do_not_notice():
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    calls = []
    model.encoder.register_forward_hook(lambda *_: calls.append("forward"))
    model.encoder.weight_ih_l0.register_hook(lambda d: calls.append("gradient"))
    gk.torch.accelerate(model)
    before = model.encoder.weight_ih_l0.detach().clone()
    model(torch.randn(T, B, I)).sum().backward()
    optimizer.step()
    assert calls == ["forward", "gradient"]
    assert not torch.equal(model.encoder.weight_ih_l0, before)


@pytest.mark.parametrize("function", [gk.torch.accelerate, gk.torch.restore])
def test_what_is_no_module(function):
    with pytest.raises(TypeError, match=r"model has type type, expected torch\.nn\.Module"):
        function(torch.nn.LSTM)
