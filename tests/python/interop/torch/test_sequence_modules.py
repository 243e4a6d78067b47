"""LSTM and GRU beside torch.nn's: results, gradients, sequences of all kinds, what users do."""

import pytest

torch = pytest.importorskip("torch", reason="the bridge to PyTorch needs it")

from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence

from interop.torch.beside_torch import (
    assert_same,
    assert_same_error,
    copies,
    everything,
    pair,
    states,
    tensors,
)

T, B, I, H = 5, 4, 3, 7  # noqa: E741  # the letters of the equations
BOTH = pytest.mark.parametrize("kind", ["LSTM", "GRU"])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def randn(*shape, dtype=torch.float32, seed=3):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@BOTH
@DTYPES
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True), (3, False)])
@pytest.mark.parametrize("given", [False, True])
def test_agrees_with_pytorch(kind, dtype, bias, batch_first, layers, bidirectional, given):
    theirs, ours = pair(
        kind, I, H, layers, bias, batch_first, bidirectional=bidirectional, dtype=dtype
    )
    x = randn(T, B, I, dtype=dtype)
    x = x.transpose(0, 1) if batch_first else x
    hx = states(kind, layers * (1 + bidirectional), B, H, dtype=dtype) if given else None
    assert_same(everything(ours, x, hx), everything(theirs, x, hx))


@BOTH
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_a_lone_sequence_has_no_batch_axis(kind, batch_first, given):
    theirs, ours = pair(kind, I, H, 2, batch_first=batch_first, bidirectional=True)
    x = randn(T, I)
    hx = states(kind, 4, H) if given else None
    assert_same(everything(ours, x, hx), everything(theirs, x, hx))


@BOTH
@DTYPES
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True)])
@pytest.mark.parametrize("lengths", [[5, 3, 3, 1], [1, 5, 2, 4], [5, 5, 5, 5]])
@pytest.mark.parametrize("given", [False, True])
def test_packed_sequences(kind, dtype, layers, bidirectional, lengths, given):
    theirs, ours = pair(kind, I, H, layers, bidirectional=bidirectional, dtype=dtype)
    hx = states(kind, layers * (1 + bidirectional), B, H, dtype=dtype) if given else None

    def pack(x):
        return pack_padded_sequence(x, lengths, enforce_sorted=lengths[0] == 5)

    x = randn(T, B, I, dtype=dtype)
    assert_same(everything(ours, x, hx, pack), everything(theirs, x, hx, pack))
    packed = pack(x)
    output, _ = ours(packed)
    assert type(output) is type(packed)
    for name in ("batch_sizes", "sorted_indices", "unsorted_indices"):
        assert getattr(output, name) is getattr(packed, name)


@BOTH
def test_dropout_between_layers_draws_as_pytorch_does(kind):
    theirs, ours = pair(kind, I, H, 3, dropout=0.5)
    x = randn(T, B, I)
    found = []
    for module in (ours, theirs):
        torch.manual_seed(5)
        found.append(everything(module, x, states(kind, 3, B, H)))
    assert_same(*found)
    torch.manual_seed(6)
    assert not torch.equal(tensors(ours(x))[0], found[0][0])
    assert_same(everything(ours.eval(), x), everything(theirs.eval(), x))


@BOTH
def test_dropout_between_layers_of_packed_steps(kind):
    theirs, ours = pair(kind, I, H, 2, dropout=0.5, bidirectional=True)
    found = []
    for module in (ours, theirs):
        torch.manual_seed(5)
        found.append(
            everything(
                module, randn(T, B, I), None, lambda x: pack_padded_sequence(x, [5, 4, 2, 2])
            )
        )
    assert_same(*found)


@BOTH
@pytest.mark.parametrize(
    "view",
    [
        lambda: randn(I, B, T).permute(2, 1, 0),
        lambda: randn(1, 1, I).expand(T, B, I),
        lambda: randn(2 * T, B, 2 * I)[::2, :, ::2],
        lambda: randn(2 * T, B, I)[::2],
    ],
)
def test_inputs_of_any_strides(kind, view):
    theirs, ours = pair(kind, I, H)
    x = view()
    with torch.no_grad():
        assert_same(tensors(ours(x)), tensors(theirs(x)))
    x = x.detach()
    x.requires_grad_()
    ours(x)[0].sum().backward()  # the gradient that arrives is one number, expanded
    mine, x.grad = x.grad, None
    theirs(x)[0].sum().backward()
    assert_same([mine], [x.grad])


@BOTH
@pytest.mark.parametrize("which", [0, 1])
def test_gradients_by_one_result_alone(kind, which):
    theirs, ours = pair(kind, I, H, 2, bidirectional=True)
    found = []
    for module in (ours, theirs):
        x = randn(T, B, I).requires_grad_()
        tensors(module(x)[which])[0].square().sum().backward()
        found.append([x.grad, *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
def test_frozen_parameters_and_inputs_without_gradient(kind):
    theirs, ours = pair(kind, I, H)
    found = []
    for module in (ours, theirs):
        module.weight_ih_l0.requires_grad_(False)
        module(randn(T, B, I))[0].sum().backward()
        assert module.weight_ih_l0.grad is None
        found.append([p.grad for p in module.parameters() if p.grad is not None])
    assert len(found[0]) == 3
    assert_same(*found)


@BOTH
def test_nothing_is_kept_where_no_gradient_is_wanted(kind):
    _, ours = pair(kind, I, H)
    with torch.no_grad():
        assert not ours(randn(T, B, I))[0].requires_grad
    with torch.inference_mode():
        assert ours(randn(T, B, I))[0].is_inference()
    ours.requires_grad_(False)
    assert ours(randn(T, B, I))[0].grad_fn is None


@BOTH
def test_backward_runs_twice_over_a_graph_that_is_retained(kind):
    theirs, ours = pair(kind, I, H, 2)
    found = []
    for module in (ours, theirs):
        x = randn(T, B, I).requires_grad_()
        loss = module(x)[0].square().sum()
        loss.backward(retain_graph=True)
        loss.backward()
        found.append([x.grad, *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
def test_a_result_may_be_written_to_before_backward(kind):
    # torch.nn's GRU allows it; backward of ours needs the states that stood there.
    _, ours = pair(kind, I, H)
    found = []
    for in_place in (False, True):
        ours.zero_grad()
        output, _ = ours(randn(T, B, I))
        output = output.relu_() if in_place else output.relu()
        output.sum().backward()
        found.append([p.grad for p in ours.parameters()])
    assert_same(*found)


@BOTH
@pytest.mark.parametrize("layers", [1, 2])
def test_last_states_may_be_written_to_before_backward(kind, layers):
    # An agent does so with the rows whose episodes are over.
    theirs, ours = pair(kind, I, H, layers)
    x = randn(T, B, I)
    found = []
    for module in (ours, theirs):
        module.zero_grad()
        output, last = module(x)
        for state in tensors(last):
            state[:, 0] = 0.0
        sum(t.square().sum() for t in (output, *tensors(last))).backward()
        found.append([output, *tensors(last), *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
def test_an_input_written_to_before_backward_is_an_error(kind):
    _, ours = pair(kind, I, H)
    x = randn(T, B, I)
    output, _ = ours(x)
    x.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


@BOTH
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_second_derivatives(kind, packed, given):
    theirs, ours = pair(kind, I, H, 2, bidirectional=True, dtype=torch.float64)
    found = []
    for module in (ours, theirs):
        x = randn(T, B, I, dtype=torch.float64).requires_grad_()
        hx = states(kind, 4, B, H, dtype=torch.float64) if given else None
        output = module(pack_padded_sequence(x, [5, 4, 2, 2]) if packed else x, hx)
        loss = sum(t.square().sum() for t in tensors(output))
        first = torch.autograd.grad(loss, [x, *module.parameters()], create_graph=True)
        sum(d.square().sum() for d in first).backward()
        found.append([*first, x.grad, *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
def test_checkpointing_computes_the_call_anew(kind):
    from torch.utils.checkpoint import checkpoint

    theirs, ours = pair(kind, I, H)
    found = []
    for module in (ours, theirs):
        x = randn(T, B, I).requires_grad_()
        checkpoint(lambda x, m=module: m(x)[0], x, use_reentrant=False).sum().backward()
        found.append([x.grad, *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
def test_saved_tensors_may_be_moved(kind):
    theirs, ours = pair(kind, I, H)
    found = []
    for module in (ours, theirs):
        x = randn(T, B, I).requires_grad_()
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
            output, _ = module(x)
        output.sum().backward()
        found.append([x.grad, *(p.grad for p in module.parameters())])
    assert_same(*found)


@BOTH
def test_copies_and_files_hold_the_same_module(kind):
    theirs, ours = pair(kind, I, H, 2, bidirectional=True)
    wanted = tensors(theirs(randn(T, B, I)))
    for module in copies(ours):
        assert type(module) is type(ours)
        assert_same(tensors(module(randn(T, B, I))), wanted)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())


@BOTH
def test_first_weights_are_those_of_pytorch(kind):
    found = []
    for module in pair(kind, I, H, 2, bidirectional=True):
        torch.manual_seed(7)
        module.reset_parameters()
        found.append(list(module.parameters()))
    for mine, wanted in zip(*found, strict=True):
        assert torch.equal(mine, wanted)


@BOTH
def test_it_looks_like_the_module_of_pytorch(kind):
    theirs, ours = pair(kind, I, H, 2, batch_first=True, dropout=0.25)
    assert repr(ours) == repr(theirs)
    assert isinstance(ours, type(theirs))


@BOTH
def test_parameters_given_from_outside(kind):
    theirs, ours = pair(kind, I, H)
    given = {name: 2 * p.detach() for name, p in theirs.named_parameters()}
    x = randn(T, B, I)
    mine = torch.func.functional_call(ours, given, (x,))
    assert_same(tensors(mine), tensors(torch.func.functional_call(theirs, given, (x,))))
    ours.weight_hh_l0 = torch.nn.Parameter(given["weight_hh_l0"])
    theirs.weight_hh_l0 = torch.nn.Parameter(given["weight_hh_l0"])
    assert_same(tensors(ours(x)), tensors(theirs(x)))


@BOTH
def test_batches_without_rows(kind):
    theirs, ours = pair(kind, I, H)
    x = torch.zeros(T, 0, I)
    for mine, wanted in zip(tensors(ours(x)), tensors(theirs(x)), strict=True):
        assert mine.shape == wanted.shape


@BOTH
@pytest.mark.parametrize(
    ("x", "hx"),
    [
        (torch.zeros(T, B, I + 1), None),
        (torch.zeros(I), None),
        (torch.zeros(1, T, B, I), None),
        (torch.zeros(0, B, I), None),
        (torch.zeros(T, B, I, dtype=torch.float64), None),
        (torch.zeros(T, B, I, dtype=torch.int64), None),
        (torch.zeros(T, B, I), (1, B + 1, H)),
        (torch.zeros(T, B, I), (2, B, H)),
        (torch.zeros(T, B, I), (1, B, H + 1)),
        (torch.zeros(T, B, I), (B, H)),
        (torch.zeros(T, I), (1, 1, H)),
        ([[1.0]], None),
    ],
)
def test_wrong_calls_raise_what_pytorch_raises(kind, x, hx):
    theirs, ours = pair(kind, I, H)
    hx = None if hx is None else states(kind, *hx)
    assert_same_error(ours, theirs, x, hx)


@BOTH
@pytest.mark.parametrize("number", [0, 1])
def test_tuples_of_too_few_states_are_pytorchs_to_refuse(kind, number):
    theirs, ours = pair(kind, I, H)
    hx = (torch.zeros(1, B, H),) * number
    assert_same_error(ours, theirs, torch.zeros(T, B, I), hx)


@BOTH
@pytest.mark.parametrize(
    ("features", "hx", "message"),
    [(I, (1, 3, H), "size"), (I + 1, None, "input_size"), (I, (1, 2, H + 1), "size")],
)
def test_wrong_packed_calls(kind, features, hx, message):
    _, ours = pair(kind, I, H)
    hx = None if hx is None else states(kind, *hx)
    packed = pack_sequence([torch.zeros(3, features), torch.zeros(2, features)])
    with pytest.raises(RuntimeError, match=message):
        ours(packed, hx)


@BOTH
def test_packed_data_that_contradicts_itself_is_an_error(kind):
    _, ours = pair(kind, I, H)
    good = pack_sequence([torch.zeros(3, I), torch.zeros(2, I)])
    for sizes in ([2, 2, 2], [1, 2, 2], [2, 3], [5, 0], [2, 4, -1]):
        bad = good._replace(batch_sizes=torch.tensor(sizes))
        with pytest.raises(ValueError, match="batch_sizes"):
            ours(bad)
