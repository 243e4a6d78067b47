import numpy as np
import pytest

import gatedcore as gk

RNG = np.random.default_rng(0)


def model(dtype: str = "float32") -> gk.Sequential:
    return gk.Sequential(
        [
            gk.LSTM(9, return_sequences=True, input_shape=(None, 3), dtype=dtype, seed=1),
            gk.GRU(5, return_sequences=True, seed=2),
            gk.Dense(2, activation="tanh", seed=3),
        ]
    )


def inputs(batch: int, steps: int = 61) -> np.ndarray:
    return RNG.normal(size=(batch, steps, 3)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [1, 4])
def test_steps_have_the_bits_of_the_whole_sequence(batch, dtype):
    m, x = model(dtype), inputs(batch)
    expected = m.predict(x, verbose=0)
    stream = m.stream(batch)
    one_by_one = np.stack([stream.step(x[:, t]) for t in range(x.shape[1])], axis=1)
    np.testing.assert_array_equal(one_by_one, expected)
    stream.reset()
    blocks = [stream.steps(x[:, :7]), stream.steps(x[:, 7:])]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), expected)
    assert one_by_one.dtype == dtype


def test_a_model_that_returns_its_last_output_streams_the_output_of_every_prefix():
    m = gk.Sequential([gk.GRU(4, input_shape=(None, 3), reset_after=False), gk.Dense(1)])
    x, stream = inputs(2, 5), m.stream(2)
    for t in range(5):
        np.testing.assert_array_equal(stream.step(x[:, t]), m.predict(x[:, : t + 1], verbose=0))


@pytest.mark.parametrize(
    "layer", [gk.LSTM(6), gk.GRU(6), gk.GRU(6, reset_after=False, activation="relu"), gk.Dense(6)]
)
def test_a_layer_streams_alone(layer):
    x = inputs(1)
    layer.build((None, None, 3))
    out = layer.stream().steps(x)
    last = layer(x)
    np.testing.assert_array_equal(out if last.ndim == 3 else out[:, -1], last)


def test_out_takes_the_result_and_may_be_the_input():
    layer = gk.LSTM(3)
    layer.build((None, None, 3))
    x, stream = inputs(1, 2), layer.stream()
    first = stream.step(x[:, 0])
    stream.reset()
    row = x[:, 0].copy()
    assert stream.step(row, out=row) is row
    np.testing.assert_array_equal(row, first)
    stream.reset()
    block = np.empty((1, 2, 3), np.float32)
    assert stream.steps(x, out=block) is block
    np.testing.assert_array_equal(block[:, 0], first)


def test_states_are_saved_and_set(tmp_path):
    m, x = model(), inputs(2)
    stream = m.stream(2)
    expected = stream.steps(x)[:, 30:]
    stream.reset()
    stream.steps(x[:, :30])
    states = stream.get_states()
    assert {k.split("/")[1] for k in states} == {"h", "c"}
    assert [v.shape for v in states.values()] == [(2, 9), (2, 9), (2, 5)]
    np.savez(tmp_path / "states.npz", **states)
    other = m.stream(2)
    with np.load(tmp_path / "states.npz") as saved:
        other.set_states(dict(saved))
    np.testing.assert_array_equal(other.steps(x[:, 30:]), expected)


def test_a_stream_keeps_the_weights_of_its_time():
    m, x = model(), inputs(1)
    stream = m.stream()
    expected = stream.steps(x)
    m.set_weights([np.zeros_like(w) for w in m.get_weights()])
    stream.reset()
    np.testing.assert_array_equal(stream.steps(x), expected)


def test_inputs_of_other_kinds_are_converted():
    m, x = model(), inputs(1)
    stream = m.stream()
    expected = stream.steps(x)
    for other in (
        x.astype(np.float64),
        x.tolist(),
        np.asfortranarray(x),
        np.repeat(x, 2, axis=2)[:, :, ::2],
        x.astype(">f4"),
    ):
        stream.reset()
        np.testing.assert_array_equal(stream.steps(other), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, x: s.step(x), r"step: x has shape \(2, 4, 3\), expected \(batch, features\)"),
        (lambda s, x: s.steps(x[:, 0]), r"steps: x has shape \(2, 3\), expected \(batch, steps"),
        (
            lambda s, x: s.step(x[:1, 0]),
            r"\.stream\.step: x has shape \(1, 3\), expected \(B, I\) = \(2, 3\)",
        ),
        (lambda s, x: s.step(x[:, 0, :2]), r"x has shape \(2, 2\), expected \(B, I\) = \(2, 3\)"),
        (lambda s, x: s.step(x[:, 0], np.empty((2, 3), np.float32)), r"out has shape \(2, 3\)"),
        (lambda s, x: s.steps(x, x[:, :, :2]), "out "),
        (lambda s, x: s.set_states({}), r"states is \[\], expected a dict with"),
        (
            lambda s, x: s.set_states({k: np.zeros((1, 2)) for k in s.get_states()}),
            r"h has shape \(1, 2\), expected \(batch, units\) = \(2, 9\)",
        ),
    ],
)
def test_what_does_not_suit_is_an_error_and_changes_no_state(call, message):
    stream, x = model().stream(2), inputs(2, 4)
    stream.steps(x)
    before = stream.get_states()
    with pytest.raises(ValueError, match=message):
        call(stream, x)
    for name, state in stream.get_states().items():
        np.testing.assert_array_equal(state, before[name])


def test_out_that_overlaps_several_steps_is_an_error():
    layer = gk.LSTM(3)
    layer.build((None, None, 3))
    memory = np.zeros((1, 100, 3), np.float32)
    with pytest.raises(ValueError, match="out shares memory with x"):
        layer.stream().steps(memory[:, :90], out=memory[:, 10:])


def test_wrong_types_are_errors():
    m = model()
    with pytest.raises(TypeError, match="batch is 'two', expected an integer"):
        m.stream("two")
    with pytest.raises(ValueError, match="batch is 0, expected an integer of at least 1"):
        m.stream(0)
    with pytest.raises(TypeError, match="out has type list, expected an ndarray of float32"):
        m.stream().step(np.zeros((1, 3), np.float32), out=[0.0, 0.0])
    with pytest.raises(TypeError, match="out has dtype float64, expected float32"):
        m.stream().step(np.zeros((1, 3), np.float32), out=np.zeros((1, 2)))
    cell = gk.LSTMCell(3)
    cell.build((None, 3))
    with pytest.raises(TypeError, match="a cell is one step and takes its states"):
        cell.stream()


def test_what_cannot_stream_says_so():
    with pytest.raises(ValueError, match="layer has no weights yet, expected a built one"):
        gk.LSTM(3).stream()
    with pytest.raises(ValueError, match="model has no weights yet, expected a built one"):
        gk.Sequential([gk.LSTM(3)]).stream()
    backwards = gk.GRU(3, go_backwards=True)
    backwards.build((None, None, 3))
    with pytest.raises(ValueError, match="go_backwards=True, expected one that runs forward"):
        backwards.stream()
