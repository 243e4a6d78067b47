"""cpp/bindings/saved_gates.hpp: a cache serves one backward pass; its gates come out in order."""

import threading

import numpy as np
import pytest

from bindings.calls import gru_arguments, lstm_arguments, lstm_cache, lstm_gradients
from gatedcore import _core


@pytest.mark.parametrize("units", [1, 3, 4, 7, 8, 9, 15, 16, 17, 33])
def test_gates_of_every_unit_whatever_the_width_of_vectors(units):
    # With recurrent weights of zero, a gate is a function of its own column of the kernel alone.
    x = np.ones((2, 3, 1), "f8")
    for gates, forward, copies in (
        (4, _core.lstm_forward, _core.lstm_gates),
        (3, _core.gru_forward, _core.gru_gates),
    ):
        kernel = np.linspace(-1, 1, gates * units).reshape(1, gates * units)
        arguments = lstm_arguments("f8") if gates == 4 else gru_arguments("f8")
        arguments |= {"x": x, "kernel": kernel, "bias": None, "h0": None}
        arguments |= {"recurrent_kernel": np.zeros((units, gates * units))}
        arguments |= {"activation": "linear", "recurrent_activation": "linear"}
        if gates == 4:
            arguments["c0"] = None
        cache = forward(**arguments)[-1]
        for gate, copy in enumerate(copies(cache)[:gates]):
            column = kernel[0, gate * units : (gate + 1) * units]
            np.testing.assert_array_equal(copy, np.broadcast_to(column, (2, 3, units)))


def test_gates_of_masked_calls_stand_at_their_steps_and_are_zero_elsewhere():
    mask = np.array([[True, False, True, True], [False] * 4, [True] * 4])
    for time_major in (False, True):
        for arguments, forward, copies in (
            (lstm_arguments(), _core.lstm_forward, _core.lstm_gates),
            (gru_arguments(), _core.gru_forward, _core.gru_gates),
        ):
            x, kept = arguments["x"], mask
            if time_major:
                x, kept = np.ascontiguousarray(x.swapaxes(0, 1)), kept.T
            given = arguments | {"x": x, "time_major": time_major}
            for gate in copies(forward(**given, mask=kept)[-1]):
                assert gate.shape[:2] == kept.shape
                np.testing.assert_array_equal(gate.any(axis=-1), kept)


def test_two_threads_cannot_both_consume_a_cache():
    outcomes: list[str] = []

    def consume(cache: _core.LSTMCache, ready: threading.Barrier) -> None:
        ready.wait()
        try:
            _core.lstm_backward(cache, **lstm_gradients())
            outcomes.append("done")
        except ValueError as error:
            outcomes.append(str(error))

    for _ in range(20):
        cache, ready = lstm_cache(), threading.Barrier(2)
        threads = [threading.Thread(target=consume, args=(cache, ready)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes.count("done") == 20
    assert sum("consumed" in outcome for outcome in outcomes) == 20
