"""Calls of all else in the compiled module: dense layers, draws, one step, optimizers."""

import numpy as np

from core_module import _core


def dense(calls):
    M, I, O = calls.count(), calls.size(), calls.size()  # noqa: E741
    x = calls.given(M, I, strided=True)
    kernel = calls.given(I, O)
    activation = calls.activation()
    y = calls.call(_core.dense_forward, x, kernel, calls.maybe(O), activation)
    calls.call(
        _core.dense_backward,
        x,
        kernel,
        calls.given(M, O) if y is None or calls.flag() else y,
        calls.given(M, O),
        activation,
        calls.flag(),
        calls.result(I, O),
        calls.result(O) if calls.flag() else None,
    )


def activations(calls):
    shape = [calls.count() for _ in range(calls.draws.randrange(5))]
    y = calls.call(_core.activate, calls.given(*shape), calls.activation())
    after = calls.given(*shape) if y is None or calls.flag() else y
    calls.call(_core.activation_gradient, after, calls.given(*shape), calls.activation())


def embedding(calls):
    rows, columns, count = calls.count(), calls.count(), calls.count()
    tokens = calls.given(count, dtype=np.int32, below=rows)
    calls.call(_core.embedding_forward, tokens, calls.given(rows, columns))
    d_y = calls.given(count, columns)
    calls.call(_core.embedding_backward, tokens, d_y, calls.result(rows, columns))


def random_draws(calls):
    sizes = [calls.integer(0, 1, 3, 20) for _ in range(3)]
    first, rows = calls.integer(0, 1, 7), sizes[-2]
    common = {
        "rate": calls.real(0.0, 0.5, 0.999),
        "seed": calls.integer(0, 2**64 - 1),
        "stream": calls.integer(0, 2**64 - 1),
        "is_double": calls.flag(),
        "first_row": first,
        "all_rows": calls.integer(first + rows, first + rows + 1, rows),
    }
    if calls.flag():
        del common["first_row"], common["all_rows"]
    calls.call(_core.dropout_factors, *sizes[1:], **common)
    calls.call(_core.zoneout_draws, *sizes, **common)


def gate_order(calls, *counts):
    order = list(range(calls.draws.choice(counts)))
    calls.draws.shuffle(order)
    if calls.flawed():
        order[-1:] = [calls.integer(0, 7)] * calls.draws.randrange(3)
    return order


def row_steps(calls):
    blocks = gate_order(calls, 3, 4)
    G, B, I, H = len(blocks), calls.count(), calls.count(), calls.size()  # noqa: E741
    h_prev, c_prev = calls.maybe(B, H), calls.maybe(B, H)
    results = calls.call(
        _core.row_step_forward,
        blocks,
        calls.given(B, I),
        h_prev,
        c_prev,
        calls.given(G * H, I),
        calls.given(G * H, H),
        calls.maybe(G * H),
        calls.maybe(G * H),
        calls.flag(),
    )
    a_x, a_h = calls.given(B, G * H), calls.given(B, G * H)
    calls.call(_core.row_step_gates, blocks, a_x, a_h, h_prev, c_prev, calls.flag())
    _, c, gates = results or (None, None, None)
    calls.call(
        _core.row_step_backward,
        blocks,
        calls.given(B, 4 * H) if gates is None else gates,
        h_prev,
        c_prev,
        calls.maybe(B, H) if c is None else c,
        calls.maybe(B, H),
        calls.maybe(B, H),
    )


def gate_rows(calls):
    blocks = gate_order(calls, 1, 3, 4, 4, 6)
    G, F, H = len(blocks), calls.count(), calls.count()
    calls.call(_core.columns_from_rows, blocks, calls.given(G * H, F))
    calls.call(_core.rows_from_columns, blocks, calls.given(F, G * H))


def update_frame(calls, count):
    ends = sorted(calls.draws.randrange(count + 1) for _ in range(calls.draws.randrange(4)))
    ends.append(count)
    if calls.flawed():
        ends[calls.draws.randrange(len(ends))] = calls.integer(0, count + 1)
    return calls.call(
        _core.UpdateFrame,
        accumulated=calls.result(count) if calls.flag() else None,
        summed=calls.integer(1, 2, 5),
        clip=calls.draws.choice(["", "clipvalue", "clipnorm", "global_clipnorm"]),
        limit=calls.real(0.0, 1.0),
        ends=ends,
        decay=calls.real(0.0, 0.01),
        average=calls.result(count) if calls.flag() else None,
        average_share=calls.real(0.0, 0.1),
    )


def optimizers(calls):
    count = calls.draws.choice([0, 1, 7, 8, 9, 33, 100])
    step, vectors, optional, reals = calls.draws.choice(
        [
            (_core.adam_step, 2, 1, 4),
            (_core.sgd_step, 0, 1, 2),
            (_core.rmsprop_step, 1, 2, 4),
            (_core.nadam_step, 2, 0, 6),
            (_core.adagrad_step, 1, 0, 2),
        ]
    )
    frame = update_frame(calls, count) if calls.flag() else None
    parameters = calls.result(count)
    calls.call(
        step,
        parameters,
        calls.given(count),
        *(calls.result(count) for _ in range(vectors)),
        *(calls.result(count) if calls.flag() else None for _ in range(optional)),
        *(calls.real(0.001, 0.9) for _ in range(reals)),
        *([calls.flag()] if step is _core.sgd_step else []),
        frame=frame,
    )
    calls.call(_core.average_step, parameters, calls.result(count), calls.real(0.1))


def rest(calls):
    calls.call(_core.zeros, calls.integer(0, 3), calls.integer(0, 5000), calls.flag())
    calls.call(
        _core.read_all, calls.given(calls.count(), calls.size()), calls.draws.choice([0, 1, 2, -1])
    )
    calls.call(
        _core.multiply_add, calls.draws.choice([0, 1, 100, -1]), calls.real(0.5), calls.real(1.0)
    )
    assert calls.call(_core.info)["threads"] >= 1
