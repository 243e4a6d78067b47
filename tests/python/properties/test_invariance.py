"""What may not matter to a result: threads, strides, layouts, how rows and steps are divided."""

import numpy as np
import pytest

pytest.importorskip("hypothesis", reason="hypothesis is not installed")

from hypothesis import assume, given
from hypothesis import strategies as st

import gatedcore as gk
from problems import assert_close
from properties.recurrent_runs import Results, different, every_property, layers


@pytest.fixture
def set_threads():
    """Give the number of threads back to what it was."""
    before = gk.ops.get_num_threads()
    yield gk.ops.set_num_threads
    gk.ops.set_num_threads(before)


@every_property
@given(layer=layers(), threads=st.integers(2, 9))
def test_any_number_of_threads(layer, threads, set_threads):
    set_threads(1)
    expected = layer.run(layer.problem())
    set_threads(threads)
    assert not different(layer.run(layer.problem()), expected)


@st.composite
def strided(draw):
    """Return a function that puts a (B, T, F) array into memory with other strides."""
    order = draw(st.sampled_from([(0, 1, 2), (1, 0, 2)]))
    gaps = draw(st.tuples(*[st.integers(0, 3)] * 3))
    signs = draw(st.tuples(*[st.sampled_from([1, -1])] * 2))
    shift = draw(st.integers(0, 5))

    def place(array):
        moved = np.transpose(array, order)
        shape = [n + gap for n, gap in zip(moved.shape, gaps, strict=True)]
        memory = np.full(shift + int(np.prod(shape)), np.nan, array.dtype)
        view = memory[shift:].reshape(shape)[tuple(slice(n) for n in moved.shape)]
        view = np.transpose(view, order)[:: signs[0], :: signs[1]]
        view[...] = array
        return view

    return place


@every_property
@given(layer=layers(), place=strided(), place_d=strided())
def test_any_strides(layer, place, place_d):
    p = layer.problem()
    moved = p._replace(x=place(p.x), d_h=place_d(p.d_h))
    assert not different(layer.run(moved), layer.run(p))


@st.composite
def overlapping(draw):
    """Return a function that lays a (B, T, F) array over the numbers of another.

    Its rows and steps lie 0 to F + 2 numbers apart, forward or back: they repeat or overlap.
    """
    apart = draw(st.tuples(*[st.integers(-40, 40)] * 2))

    def place(array):
        steps = [n and int(np.sign(n)) * (abs(n) % (array.shape[2] + 3)) for n in apart]
        reach = [(n - 1) * step for n, step in zip(array.shape, steps, strict=False)]
        start = -sum(min(0, n) for n in reach)
        memory = np.resize(array.ravel(), start + sum(max(0, n) for n in reach) + array.shape[2])
        strides = [step * array.itemsize for step in (*steps, 1)]
        return np.lib.stride_tricks.as_strided(memory[start:], array.shape, strides)

    return place


@every_property
@given(layer=layers(least_rows=1, least_steps=1), place=overlapping(), place_d=overlapping())
def test_strides_that_are_zero_or_overlap(layer, place, place_d):
    p = layer.problem()
    shared = p._replace(x=place(p.x), d_h=place_d(p.d_h))
    copied = p._replace(x=shared.x.copy(), d_h=shared.d_h.copy())
    assert not different(layer.run(shared), layer.run(copied))


@every_property
@given(layer=layers())
def test_either_layout(layer):
    p = layer.problem()
    turned = p._replace(x=np.swapaxes(p.x, 0, 1).copy(), d_h=np.swapaxes(p.d_h, 0, 1).copy())
    found = layer.run(turned, time_major=True)
    found = found._replace(h=np.swapaxes(found.h, 0, 1), d_x=np.swapaxes(found.d_x, 0, 1))
    assert not different(found, layer.run(p))


@every_property
@given(layer=layers())
def test_gates_computed_anew(layer):
    p = layer.problem()
    assert not different(layer.run(p, recompute=True), layer.run(p))


def rows_of(p, rows):
    """Return the problem of some of its rows."""
    each = ("x", "h0", "c0", "d_h", "d_h_last", "d_c_last")
    return p._replace(**{name: getattr(p, name)[rows] for name in each})


def added(parts, join):
    """Return the results of parts: gradients of weights are added, the others joined."""
    summed = ("d_kernel", "d_recurrent_kernel", "d_bias")
    columns = zip(Results._fields, zip(*parts, strict=True), strict=True)
    return Results(
        *(
            None if values[0] is None else sum(values) if name in summed else join(name, values)
            for name, values in columns
        )
    )


def assert_same(found, expected, but_for=("d_kernel", "d_recurrent_kernel", "d_bias")):
    """Assert that results have the same bits, but for some that are sums in another order."""
    assert set(different(found, expected)) <= set(but_for)
    for name in but_for:
        if getattr(expected, name) is not None:
            assert_close(getattr(found, name), getattr(expected, name))


@every_property
@given(layer=layers(least_rows=1), cut=st.integers(0, 40))
def test_any_split_of_the_batch(layer, cut):
    p = layer.problem()
    cut %= layer.B
    parts = [layer.run(rows_of(p, rows)) for rows in (slice(cut), slice(cut, None))]
    assert_same(added(parts, lambda _, values: np.concatenate(values)), layer.run(p))


@every_property
@given(layer=layers(most_steps=20, least_steps=1), cut=st.integers(0, 20))
def test_a_sequence_in_two_calls(layer, cut):
    p = layer.problem()
    cut %= layer.T
    nothing = np.zeros_like(p.h0)
    first = p._replace(x=p.x[:, :cut], d_h=p.d_h[:, :cut], d_h_last=nothing, d_c_last=nothing)
    before = layer.run(first)
    middle = {"h0": before.h_last, "c0": p.c0 if before.c_last is None else before.c_last}
    second = layer.run(p._replace(x=p.x[:, cut:], d_h=p.d_h[:, cut:], **middle))
    arriving = {"d_h_last": second.d_h0}
    if second.d_c0 is not None:
        arriving["d_c_last"] = second.d_c0
    first = layer.run(first._replace(**arriving))

    def join(name, values):
        if name in ("h", "d_x"):
            return np.concatenate(values, axis=1)
        return values[1] if name in ("h_last", "c_last") else values[0]

    assert_same(added([first, second], join), layer.run(p))


@every_property
@given(layer=layers(), data=st.data())
def test_steps_that_do_not_count(layer, data):
    # Padding before, behind and in holes, another number of steps in each row.
    p = layer.problem()
    assume(layer.B * layer.T < 200)
    counts = data.draw(
        st.lists(st.booleans(), min_size=layer.B * layer.T, max_size=layer.B * layer.T)
    )
    mask = np.array(counts, bool).reshape(layer.B, layer.T)
    junk = p._replace(x=np.where(mask[..., None], p.x, layer.dtype(1e30)))
    found = layer.run(junk, mask=mask, zero_output_for_mask=True)
    kernels = []
    for b in range(layer.B):
        row = rows_of(p, slice(b, b + 1))
        alone = layer.run(row._replace(x=row.x[:, mask[b]], d_h=row.d_h[:, mask[b]]))
        assert found.h[b, mask[b]].tobytes() == alone.h[0].tobytes()
        assert found.d_x[b, mask[b]].tobytes() == alone.d_x[0].tobytes()
        for name in ("c_last", "d_h0", "d_c0"):
            if getattr(found, name) is not None:
                assert getattr(found, name)[b].tobytes() == getattr(alone, name)[0].tobytes()
        kernels.append(alone)
    assert not found.h[~mask].any()
    assert not found.d_x[~mask].any()
    if kernels:
        for name in ("d_kernel", "d_recurrent_kernel", "d_bias"):
            assert_close(getattr(found, name), sum(getattr(one, name) for one in kernels))


@every_property
@given(layer=layers())
def test_from_the_last_step_to_the_first(layer):
    p = layer.problem()
    found = layer.run(p, go_backwards=True)
    reversed_copy = layer.run(p._replace(x=p.x[:, ::-1].copy()))
    assert not different(found._replace(d_x=found.d_x[:, ::-1]), reversed_copy)


@every_property
@given(layer=layers(), data=st.data())
def test_units_in_another_order(layer, data):
    p = layer.problem()
    order = np.array(data.draw(st.permutations(range(layer.H))))
    columns = np.concatenate([order + gate * layer.H for gate in range(layer.gates)])
    states = {name: getattr(p, name)[:, order] for name in ("h0", "c0", "d_h_last", "d_c_last")}
    weights = {
        "kernel": p.kernel[:, columns],
        "recurrent_kernel": p.recurrent_kernel[order][:, columns],
        "bias": p.bias[..., columns],
    }
    found = layer.run(p._replace(**states, **weights, d_h=p.d_h[..., order]))
    expected = layer.run(p)
    turned = {
        "h": expected.h[..., order],
        "h_last": expected.h_last[:, order],
        "d_kernel": expected.d_kernel[:, columns],
        "d_recurrent_kernel": expected.d_recurrent_kernel[order][:, columns],
        "d_bias": expected.d_bias[..., columns],
        "d_h0": expected.d_h0[:, order],
    }
    if layer.cell == "lstm":
        turned |= {"c_last": expected.c_last[:, order], "d_c0": expected.d_c0[:, order]}
    for one, other in zip(found, expected._replace(**turned), strict=True):
        if one is not None:
            assert_close(one, other)


@every_property
@given(rows=st.integers(1, 30), size=st.integers(1, 40), units=st.integers(1, 20))
def test_any_batch_size_of_predict(rows, size, units):
    gru = gk.GRU(units, return_sequences=True, input_shape=(None, 3), seed=units)
    model = gk.Sequential([gru, gk.Bidirectional(gk.LSTM(3, seed=1)), gk.Dense(2, seed=2)])
    x = np.random.default_rng(rows).normal(size=(rows, 6, 3)).astype(np.float32)
    expected = model.predict(x, batch_size=rows, verbose=0)
    assert model.predict(x, batch_size=size, verbose=0).tobytes() == expected.tobytes()
