"""Modules of torch.nn and ours with the same parameters, and all that a call of either gives."""

import copy
import io
import pickle

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence

import gatedcore as gk

# Of sums in another order: float32 carries 24 bits, and gradients sum over all steps and rows.
TOLERANCES = {
    torch.float32: {"rtol": 1e-5, "atol": 2e-6},
    torch.float64: {"rtol": 1e-11, "atol": 1e-12},
}


def pair(kind, *arguments, **options):
    """Return a module of torch.nn and ours, with the same parameters."""
    theirs = getattr(torch.nn, kind)(*arguments, **options)
    ours = getattr(gk.torch, kind)(*arguments, **options)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def states(kind, *shape, dtype=torch.float32):
    """Return initial states for a module or cell of that kind, the same each time."""
    generator = torch.Generator().manual_seed(2)
    h, c = (torch.randn(shape, dtype=dtype, generator=generator) for _ in range(2))
    return (h, c) if kind.startswith("LSTM") else h


def copies(module):
    """Yield a module copied, pickled, and saved to a file, each read back."""
    yield copy.deepcopy(module)
    yield pickle.loads(pickle.dumps(module))  # our own bytes
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    yield torch.load(file, weights_only=False)


def tensors(value):
    """Return the tensors of an output or of states, in order."""
    if isinstance(value, PackedSequence):
        return [value.data]
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for part in value if part is not None for t in tensors(part)]


def everything(module, x, hx=None, make_input=lambda x: x, **options):
    """Return the outputs of a call, and its gradients by input, states and parameters.

    They come from a loss that weighs every element of every output anew.
    """
    module.zero_grad()
    x = x.clone().requires_grad_()
    if hx is not None:
        leaves = [t.clone().requires_grad_() for t in tensors(hx)]
        hx = leaves[0] if isinstance(hx, torch.Tensor) else tuple(leaves)
    outputs = tensors(module(make_input(x), hx, **options))
    generator = torch.Generator().manual_seed(1)
    loss = sum(
        (out * torch.randn(out.shape, dtype=out.dtype, generator=generator)).sum()
        for out in outputs
    )
    loss.backward()
    states = [] if hx is None else [t.grad for t in leaves]
    return [*outputs, x.grad, *states, *(p.grad for p in module.parameters())]


def assert_same(ours, theirs):
    """Compare what ``everything`` returned, each within the tolerance of its dtype."""
    assert len(ours) == len(theirs)
    for mine, wanted in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, wanted, **TOLERANCES[wanted.dtype])


def assert_same_error(ours, theirs, *arguments):
    """Compare what a wrong call raises, class and message."""
    errors = []
    for module in (ours, theirs):
        with pytest.raises(Exception) as caught:  # noqa: PT011  # any: it is compared
            module(*arguments)
        errors.append((caught.type, str(caught.value)))
    assert errors[0] == errors[1]
