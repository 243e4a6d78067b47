"""PyTorch's own samples of calls, right and wrong, for the modules that ours stand in for."""

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")
pytest.importorskip("expecttest", reason="PyTorch's own samples need it")

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that a package for its own tests is not there
    from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

import gatedcore as gk

KINDS = ("LSTM", "GRU", "LSTMCell", "GRUCell")
INFOS = {kind: next(m for m in module_db if m.name == f"nn.{kind}") for kind in KINDS}
# Beside torch.nn's own modules in float32, whose sums run in another order.
CLOSE = {"rtol": 1e-5, "atol": 2e-6}


def samples(kind, dtype=torch.float32, *, wanted=False, training=True):
    info = INFOS[kind]
    return list(info.module_inputs_func(info, "cpu", dtype, wanted, training))


def error_samples(kind):
    info = INFOS[kind]
    return list(info.module_error_inputs_func(info, "cpu", torch.float32, False, True))


def modules_of(kind, sample, dtype=torch.float32):
    given = sample.constructor_input
    options = {"device": "cpu", "dtype": dtype, **given.kwargs}
    theirs = getattr(torch.nn, kind)(*given.args, **options)
    ours = getattr(gk.torch, kind)(*given.args, **options)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def leaves(value):
    return [t for t in torch.utils._pytree.tree_leaves(value) if isinstance(t, torch.Tensor)]


def copies(value, *, wanted):
    def copy(t):
        return t.detach().clone().requires_grad_(wanted and t.is_floating_point())

    return torch.utils._pytree.tree_map_only(torch.Tensor, copy, value)


# With projections PyTorch warns of itself; ours leave them to it.
@pytest.mark.filterwarnings("ignore:LSTM with projections", "ignore:gatedcore.torch.LSTM")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("kind", "index"), [(kind, i) for kind in KINDS for i in range(len(samples(kind)))]
)
def test_samples(kind, index, dtype, training):
    sample = samples(kind, dtype, training=training)[index]
    given = sample.forward_input
    found = []
    for module in modules_of(kind, sample, dtype):
        module.train(training)
        args, kwargs = copies((given.args, given.kwargs), wanted=not packed(given))
        results = leaves(module(*args, **kwargs))
        sum(
            (r * torch.linspace(-1, 1, r.numel()).reshape(r.shape)).sum() for r in results
        ).backward()
        gradients = [t.grad for t in leaves((args, kwargs)) if t.is_leaf and t.requires_grad]
        found.append([*results, *gradients, *(p.grad for p in module.parameters())])
    assert len(found[0]) == len(found[1])
    tolerance = CLOSE if dtype == torch.float32 else {"rtol": 1e-11, "atol": 1e-12}
    for wanted, mine in zip(*found, strict=True):
        if isinstance(wanted, torch.Tensor) and wanted.is_floating_point():
            torch.testing.assert_close(mine, wanted, **tolerance)


def weighed(result):
    return (result * torch.linspace(-1, 1, result.numel()).reshape(result.shape)).sum()


def packed(given):
    return any(isinstance(a, torch.nn.utils.rnn.PackedSequence) for a in given.args)


@pytest.mark.parametrize(
    ("kind", "index"), [(kind, i) for kind in KINDS for i in range(len(error_samples(kind)))]
)
def test_error_samples(kind, index):
    sample = error_samples(kind)[index]
    given = sample.module_error_input
    make = getattr(gk.torch, kind)
    if sample.error_on == ModuleErrorEnum.CONSTRUCTION_ERROR:
        with pytest.raises(sample.error_type, match=sample.error_regex):
            make(*given.constructor_input.args, **given.constructor_input.kwargs)
        return
    module = make(*given.constructor_input.args, **given.constructor_input.kwargs)
    with pytest.raises(sample.error_type, match=sample.error_regex):
        module(*given.forward_input.args, **given.forward_input.kwargs)


def test_there_are_samples():
    assert [len(samples(kind)) > 1 for kind in KINDS] == [True] * 4
    assert [len(error_samples(kind)) > 1 for kind in KINDS] == [True] * 4
