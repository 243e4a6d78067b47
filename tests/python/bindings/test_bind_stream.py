import threading

import numpy as np
import pytest

from gatedcore import _core

F32 = np.float32


def lstm_stream(batch: int = 1, features: int = 2, units: int = 3) -> _core.Stream:
    stream = _core.Stream(batch, features, False)
    stream.add_lstm(
        np.ones((features, 4 * units), F32), np.ones((units, 4 * units), F32), None, "tanh", "tanh"
    )
    return stream


def test_without_layers_the_output_is_the_input():
    x = np.arange(6, dtype=F32).reshape(1, 3, 2)
    np.testing.assert_array_equal(_core.Stream(1, 2, False).run(x, None), x)


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0), (-1, 1)])
def test_sizes_are_positive(sizes):
    with pytest.raises(ValueError, match="expected at least 1 each"):
        _core.Stream(*sizes, False)


def test_sizes_that_no_memory_holds_are_an_error():
    with pytest.raises(ValueError, match="expected what memory can hold"):
        _core.Stream(2**40, 2**30, False)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda s: s.add_lstm(np.ones((2, 4), F32), np.ones((1, 4), F32), None, "tanh", "tanh"),
            "kernel has shape",
        ),
        (
            lambda s: s.add_gru(
                np.ones((3, 3), F32), np.ones((2, 3), F32), None, "tanh", "tanh", True
            ),
            "recurrent_kernel has shape",
        ),
        (
            lambda s: s.add_gru(
                np.ones((3, 3), F32), np.ones((1, 3), F32), np.ones(3, F32), "tanh", "tanh", True
            ),
            r"bias has shape \(3,\), expected \(2, 3\*H\)",
        ),
        (lambda s: s.add_dense(np.ones((3, 2), F32), np.ones(3, F32), "tanh"), "bias has shape"),
        (lambda s: s.add_dense(np.ones((3, 2), F32), None, "gelu"), "activation is 'gelu'"),
        (lambda s: s.set_states([]), "states are not those of this stream"),
        (lambda s: s.set_states([[np.ones((1, 3), F32)]]), "states are not those of this stream"),
        (lambda s: s.set_states([[np.ones((1, 3), F32), np.ones((1, 4), F32)]]), "state has shape"),
    ],
)
def test_an_error_leaves_the_stream_as_it_was(call, message):
    stream, x = lstm_stream(), np.ones((1, 2), F32)
    before = stream.run(x, None)
    with pytest.raises(ValueError, match=message):
        call(stream)
    stream.reset()
    np.testing.assert_array_equal(stream.run(x, None), before)


def test_another_dtype_is_an_error():
    with pytest.raises(TypeError, match="x has dtype float64, expected float32"):
        lstm_stream().run(np.ones((1, 2)), None)


def test_a_second_thread_gets_an_error_not_the_states_of_the_first():
    stream = lstm_stream(batch=8, features=64, units=256)
    x = np.ones((8, 200, 64), F32)
    alone = stream.run(x, None)
    stream.reset()
    results, errors = [], []
    barrier = threading.Barrier(2)

    def run() -> None:
        barrier.wait()
        try:
            results.append(stream.run(x, None))
        except RuntimeError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Where they met, one got the error; where the second came later, it went on from the first.
    assert len(results) + len(errors) == 2
    assert all("stream is used by another thread" in error for error in errors)
    np.testing.assert_array_equal(results[0], alone)
