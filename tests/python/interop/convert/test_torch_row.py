"""Modules in a row, recurrent ones among them."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn

X = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(0))


def row(*parts, last_only=()):
    from gatedcore.interop.convert.torch_row import Row

    return Row(parts, last_only).eval()


def test_outputs_go_on_without_the_states():
    gru, fc = nn.GRU(5, 4, batch_first=True), nn.Linear(4, 2)
    model = row(("gru", gru), ("fc", fc))
    assert torch.equal(model(X), fc(gru(X)[0]))
    names = [f"gru.{name}" for name in gru.state_dict()]
    assert list(model.state_dict()) == [*names, "fc.weight", "fc.bias"]


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_the_last_state_goes_on_where_it_is_asked_for(kind, bidirectional):
    module = kind(5, 4, 2, batch_first=True, bidirectional=bidirectional)
    y = row(("one", module), last_only=["one"])(X)
    output, _ = module(X)
    assert torch.equal(y[:, :4], output[:, -1, :4])
    assert y.shape == (3, 8 if bidirectional else 4)
    if bidirectional:
        assert torch.equal(y[:, 4:], output[:, 0, 4:])
