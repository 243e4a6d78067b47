"""Calls of LSTMs and GRUs: whole sequences, their backward passes, stacks and streams."""

import numpy as np

from core_module import _core


def recurrent(calls, gates):
    """Return sizes and the arguments that LSTM and GRU have alike."""
    T, B, I, H = calls.count(), calls.count(), calls.size(), calls.size()  # noqa: E741
    time_major = calls.flag()
    steps = (T, B) if time_major else (B, T)
    x = calls.given(*steps, I, strided=True)
    kernel = calls.given(I, gates * H)
    options = {
        "time_major": time_major,
        "go_backwards": calls.flag(),
        "return_sequences": calls.flag(),
        "save": calls.flag(),
        "zero_output_for_mask": calls.flag(),
        "m_x": calls.maybe(B, I),
        "recompute": calls.draws.often(0.3),
        "clip": calls.real(0.0, 0.0, 0.5),
    }
    if calls.flag():
        for name in ("mask", "reset"):
            options[name] = calls.maybe(*steps, dtype=np.bool_, strided=True)
    if calls.arrays.has_huge:  # without end, if nothing needs memory
        options |= {"save": True, "mask": None, "reset": None}
    return B, I, H, steps, x, kernel, options


def passes(calls, cache, gates):
    """Wait for a few backward passes over a cache, the only one to know the arrays of its call."""
    calls.arrays.forget()
    for _ in range(calls.draws.randrange(1, 4)):
        if calls.draws.often(0.3):
            calls.call(gates, cache)
        yield
    assert cache.nbytes >= 0
    assert cache.consumed in (True, False)


def zoneout(calls, steps, H):
    if not calls.draws.often(0.3):
        return None
    return calls.given(H) if calls.flag() else calls.given(*steps, H, strided=True)


def lstm(calls):
    B, I, H, steps, x, kernel, options = recurrent(calls, 4)  # noqa: E741
    P = calls.size() if calls.draws.often(0.2) else H
    projection = calls.given(H, P) if P != H else None
    if P == H:
        options |= {"z_h": zoneout(calls, steps, H), "peephole": calls.maybe(3, H)}
    cached = calls.call(
        _core.lstm_forward,
        x,
        kernel,
        calls.given(P, 4 * H),
        calls.maybe(4 * H),
        calls.maybe(B, P),
        calls.maybe(B, H),
        calls.activation(),
        calls.activation(),
        m_h=calls.maybe(B, P),
        z_c=zoneout(calls, steps, H),
        input_forget=calls.draws.often(0.2),
        projection=projection,
        **options,
    )
    if cached is None or cached[-1] is None:
        return
    cache = cached[-1]
    del x, kernel, projection, options, cached
    for _ in passes(calls, cache, _core.lstm_gates):
        calls.call(
            _core.lstm_backward,
            cache,
            calls.maybe(*steps, P, strided=True),
            calls.maybe(B, P),
            calls.maybe(B, H),
            calls.flag(),
            calls.result(I, 4 * H),
            calls.result(P, 4 * H),
            calls.result(4 * H) if calls.flag() else None,
            calls.result(3, H) if calls.flag() else None,
            calls.result(H, P) if calls.draws.often(0.9) else None,
        )


def gru(calls):
    B, I, H, steps, x, kernel, options = recurrent(calls, 3)  # noqa: E741
    reset_after = calls.flag()
    bias = (2, 3 * H) if reset_after else (3 * H,)
    cached = calls.call(
        _core.gru_forward,
        x,
        kernel,
        calls.given(H, 3 * H),
        calls.maybe(*bias),
        calls.maybe(B, H),
        calls.activation(),
        calls.activation(),
        reset_after=reset_after,
        m_h=calls.maybe(B, H),
        z_h=zoneout(calls, steps, H),
        **options,
    )
    if cached is None or cached[-1] is None:
        return
    cache = cached[-1]
    del x, kernel, options, cached
    for _ in passes(calls, cache, _core.gru_gates):
        calls.call(
            _core.gru_backward,
            cache,
            calls.maybe(*steps, H, strided=True),
            calls.maybe(B, H),
            calls.flag(),
            calls.result(I, 3 * H),
            calls.result(H, 3 * H),
            calls.result(*bias) if calls.flag() else None,
        )


def given_weights(calls, shapes):
    kernel, recurrent_kernel, bias = shapes
    return calls.given(*kernel), calls.given(*recurrent_kernel), calls.maybe(*bias)


def direction(calls, steps, B, I, H):  # noqa: E741
    """Return one direction of a stack, and the shapes of its weights and states."""
    options = {
        "zero_output_for_mask": calls.flag(),
        "recompute": calls.draws.often(0.3),
        "m_x": calls.maybe(B, I),
        "m_h": calls.maybe(B, H),
        "z_h": zoneout(calls, steps, H),
    }
    if calls.flag():
        weights = [(I, 4 * H), (H, 4 * H), (4 * H,)]
        arguments = [*given_weights(calls, weights), calls.maybe(B, H), calls.maybe(B, H)]
        options["z_c"] = zoneout(calls, steps, H)
        kind, states = _core.LSTMDirection, 2
    else:
        reset_after = calls.flag()
        weights = [(I, 3 * H), (H, 3 * H), (2, 3 * H) if reset_after else (3 * H,)]
        arguments = [*given_weights(calls, weights), calls.maybe(B, H)]
        options["reset_after"] = reset_after
        kind, states = _core.GRUDirection, 1
    names = {"activation": calls.activation(), "recurrent_activation": calls.activation()}
    return calls.call(kind, *arguments, **names, **options), weights, states


def stack(calls):
    T, B, features = calls.count(), calls.count(), calls.size()
    time_major = calls.flag()
    steps = (T, B) if time_major else (B, T)
    x = calls.given(*steps, features, strided=True)
    layers, shapes = [], []
    for _ in range(calls.draws.randrange(0 if calls.flawed() else 1, 4)):
        many = calls.draws.randrange(4) if calls.flawed() else calls.draws.randrange(1, 3)
        widths = [calls.size() for _ in range(many)]
        made = [direction(calls, steps, B, features, H) for H in widths]
        layers.append([direction for direction, _, _ in made])
        shapes.append(
            [(weights, states, H) for (_, weights, states), H in zip(made, widths, strict=True)]
        )
        features = sum(widths)
    huge = calls.arrays.has_huge
    results = calls.call(
        _core.stack_forward,
        x,
        layers,
        time_major,
        save=calls.flag() or huge,
        mask=None if huge else calls.maybe(*steps, dtype=np.bool_, strided=True),
        return_sequences=calls.flag() or huge,
    )
    if results is None or results[-1] is None:
        return
    cache = results[-1]
    del x, layers, results
    calls.arrays.forget()
    for _ in range(calls.draws.randrange(1, 3)):
        states = [
            [[calls.maybe(B, H) for _ in range(many)] for _, many, H in layer] for layer in shapes
        ]
        gradients = [
            [
                (calls.result(*k), calls.result(*r), calls.result(*b) if calls.flag() else None)
                for (k, r, b), _, _ in layer
            ]
            for layer in shapes
        ]
        if calls.flawed():
            calls.draws.choice([states, gradients]).pop()
        d_h = calls.maybe(*steps, features, strided=True)
        calls.call(
            _core.stack_backward,
            cache,
            d_h,
            states if calls.flag() else None,
            calls.flag(),
            gradients,
        )
    assert cache.nbytes >= 0


def stream(calls):
    B, features = calls.integer(1, 2, 5), calls.size()
    inputs = features
    is_double = calls.dtype is np.float64
    stream = calls.call(_core.Stream, B, features, is_double)
    if stream is None or not 0 < B < 100:
        return
    widths = []
    for _ in range(calls.draws.randrange(4)):
        H, kind = calls.size(), calls.draws.randrange(3)
        before = len(stream.get_states())
        if kind == 0:
            weights = given_weights(calls, [(features, 4 * H), (H, 4 * H), (4 * H,)])
            rates = calls.maybe(H), calls.maybe(H)
            names = calls.activation(), calls.activation()
            calls.call(stream.add_lstm, *weights, *names, *rates)
        elif kind == 1:
            after = calls.flag()
            bias = (2, 3 * H) if after else (3 * H,)
            weights = given_weights(calls, [(features, 3 * H), (H, 3 * H), bias])
            names = calls.activation(), calls.activation()
            calls.call(stream.add_gru, *weights, *names, after, calls.maybe(H))
        else:
            bias = calls.maybe(H)
            arguments = calls.given(features, H), bias, calls.activation()
            features = H if calls.call(stream.add_dense, *arguments) else features
        if kind < 2 and len(stream.get_states()) > before:
            widths.append([H] * (2 - kind))
            features = H
        calls.arrays.forget()
    for _ in range(calls.draws.randrange(4)):
        steps = (calls.count(),) if calls.flag() else ()
        x = calls.given(B, *steps, inputs, strided=True)
        out = calls.result(B, *steps, features) if calls.draws.often(0.3) else None
        y = calls.call(stream.run, x, out)
        if out is not None and y is not None and calls.flag():
            calls.call(stream.run, y, y)
        if calls.draws.often(0.3):
            calls.call(stream.reset)
        states = [[calls.given(B, H) for H in layer] for layer in widths]
        if calls.draws.often(0.3):
            calls.call(stream.set_states, states if calls.flag() else stream.get_states())
