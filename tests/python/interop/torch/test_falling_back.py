"""What gatedcore leaves to PyTorch's own kernels: with the same results, and one warning."""

import warnings

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from gatedcore.interop.torch import falling_back
from interop.torch.beside_torch import pair, tensors

T, B, I, H = 4, 2, 3, 5  # noqa: E741  # the letters of the equations
BOTH = pytest.mark.parametrize("kind", ["LSTM", "GRU"])


@pytest.fixture(autouse=True)
def nothing_was_said_yet(monkeypatch):
    monkeypatch.setattr(falling_back, "_warned", set())


def assert_left_to_pytorch(call, theirs, ours, reason):
    with pytest.warns(UserWarning, match=f"PyTorch's own kernel serves this call, as {reason}"):
        mine = tensors(call(ours))
    for one, other in zip(mine, tensors(call(theirs)), strict=True):
        assert torch.equal(one, other)
    with warnings.catch_warnings():  # it is said once
        warnings.simplefilter("error")
        call(ours)


@BOTH
def test_autocast(kind):
    def call(module):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return module(x)

    x = torch.randn(T, B, I)
    assert_left_to_pytorch(call, *pair(kind, I, H), "autocast is on")


@BOTH
def test_other_dtypes(kind):
    theirs, ours = pair(kind, I, H, dtype=torch.bfloat16)
    x = torch.randn(T, B, I, dtype=torch.bfloat16)
    assert_left_to_pytorch(
        lambda m: m(x), theirs, ours, "its tensors have the dtype torch.bfloat16;"
    )


@BOTH
def test_other_devices(kind):
    x = torch.randn(T, B, I, device="meta")
    _, ours = pair(kind, I, H)
    ours.to("meta")
    with pytest.warns(UserWarning, match="a tensor is on the device meta"):
        output, _ = ours(x)
    assert output.device.type == "meta"
    assert output.shape == (T, B, H)


@BOTH
def test_transforms_of_functions(kind):
    x = torch.randn(T, B, I)
    assert_left_to_pytorch(
        lambda m: torch.func.grad(lambda x: m(x)[0].sum())(x), *pair(kind, I, H), "it is within"
    )


@BOTH
def test_vmap_which_pytorch_refuses(kind):
    x = torch.randn(6, T, B, I)
    for module in pair(kind, I, H):
        with pytest.raises(RuntimeError, match="Batching rule not implemented for aten::"):
            torch.func.vmap(lambda one, m=module: m(one)[0])(x)


@BOTH
@pytest.mark.filterwarnings("ignore:.*torch.jit.* is deprecated")
def test_forward_mode_differentiation(kind):
    x, tangent = torch.randn(2, T, B, I, dtype=torch.float64).unbind()

    def call(module):
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(x, tangent)
            return [t.clone() for t in torch.autograd.forward_ad.unpack_dual(module(dual)[0])]

    theirs, ours = pair(kind, I, H, dtype=torch.float64)
    assert_left_to_pytorch(call, theirs, ours, "forward-mode differentiation is on")


@BOTH
@pytest.mark.filterwarnings("ignore:.*torch.jit.* is deprecated")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # of torch.nn's own checks
def test_traced_modules_hold_pytorchs_operators(kind):
    _, ours = pair(kind, I, H)
    with pytest.warns(UserWarning, match="it is traced by torch.jit"):
        traced = torch.jit.trace(ours, torch.randn(T, B, I), check_trace=False)
    x = torch.randn(T + 2, B, I)
    torch.testing.assert_close(tensors(traced(x)), tensors(ours(x)))


@BOTH
def test_the_warning_points_at_the_line_that_called(kind, monkeypatch):
    x = torch.randn(T, B, I, dtype=torch.bfloat16)
    _, ours = pair(kind, I, H, dtype=torch.bfloat16)
    for call in (ours, ours.forward, torch.nn.Sequential(ours)):
        monkeypatch.setattr(falling_back, "_warned", set())
        with pytest.warns(UserWarning, match="PyTorch's own kernel") as caught:
            call(x)
        assert caught[0].filename == __file__


def test_a_wrong_call_warns_of_nothing():
    _, ours = pair("LSTM", I, H)
    with pytest.raises(ValueError, match="2D or 3D"):
        ours(torch.zeros(I))
    assert falling_back._warned == set()


def test_plain_calls_have_no_reason():
    assert falling_back.reason_to_fall_back((torch.zeros(1), torch.zeros(2))) is None
    assert "list" in falling_back.reason_to_fall_back((torch.zeros(1), [0.0]))
    sparse = torch.zeros(2, 2).to_sparse()
    assert "layout" in falling_back.reason_to_fall_back((sparse,))
    assert "dtypes" in falling_back.reason_to_fall_back(
        (torch.zeros(1), torch.zeros(1, dtype=torch.float64))
    )
