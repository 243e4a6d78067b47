"""The accelerator on and off, and that Keras's layers return the same with it as without."""

import itertools

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import gatedcore.keras
from gatedcore.interop.keras import switch
from interop.keras.layer_runs import BACKEND, HAS_GRADIENTS, gradients_of, outputs_of

pytestmark = [
    pytest.mark.skipif(
        BACKEND not in switch.BACKENDS, reason=f"Keras runs on {BACKEND}; set KERAS_BACKEND"
    ),
    # Keras's own variables; NumPy wants another signature of them.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]

B, T, I, H = 4, 6, 3, 5  # noqa: E741  # the letters of the equations
# Both sum products of float32 in orders of their own; outputs lie in [-1, 1], and the gradients
# here below 30: some twenty units in the last place.
TOLERANCE = 3e-6

MASKS = {
    "right": np.arange(T) < np.array([6, 4, 3, 1])[:, None],
    "left": np.arange(T) >= np.array([0, 2, 3, 5])[:, None],
    "holes": np.array([[1, 0, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0], [1, 1, 0, 1, 1, 0], [1] * T], bool),
    "rows without a step": np.array([[1] * T, [0] * T, [1, 1, 0, 0, 0, 0], [0] * T], bool),
}
# Whether this version asks for both directions in one call.
FUSES = hasattr(keras.src.backend, "bidirectional_lstm")
CELLS = {
    "lstm": (keras.layers.LSTM, {}),
    "gru": (keras.layers.GRU, {}),
    "gru before": (keras.layers.GRU, {"reset_after": False}),
}


@pytest.fixture(autouse=True)
def _off_afterwards():
    yield
    gatedcore.keras.disable()


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(B, T, I)).astype("float32")


def built(kind, x, **arguments):
    """Return a layer with weights that are drawn anew each time and the same each time."""
    layer_class, more = CELLS[kind]
    layer = layer_class(H, **more, **arguments)
    layer.build(x.shape)
    draw_weights(layer)
    return layer


def draw_weights(layer):
    rng = np.random.default_rng(2)
    layer.set_weights([rng.normal(scale=0.5, size=w.shape) for w in layer.get_weights()])


def states_of(layer):
    rng = np.random.default_rng(3)
    return [rng.normal(size=(B, H)).astype("float32") for _ in range(len(layer.state_size))]


def assert_same(found, expected):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        scale = max(1.0, np.abs(b).max(initial=0.0))
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE * scale)


def compare(layer, x, states=None, served=1, **call):
    """Compare outputs and gradients without and with the accelerator; return its counts."""
    given = {"initial_state": states} if states else {}
    expected = outputs_of(layer, x, **call, **given)
    gradients = gradients_of(layer, x, states, **call) if HAS_GRADIENTS else []
    with gatedcore.keras.accelerated():
        found = outputs_of(layer, x, **call, **given)
        stats = gatedcore.keras.stats()
        assert_same(found, expected)
        if HAS_GRADIENTS:
            assert_same(gradients_of(layer, x, states, **call), gradients)
            if served:
                assert gatedcore.keras.stats().backward_runs > 0
    assert stats.served == served, stats
    return stats


MASKED_CASES = list(
    itertools.product(CELLS, MASKS, (False, True), (False, True), (False, True), (False, True))
)


@pytest.mark.parametrize(
    ("kind", "mask", "backwards", "sequences", "zero", "with_states"),
    # JAX compiles every one of these anew: there a share of them that has all values of each.
    MASKED_CASES[::7] if BACKEND == "jax" else MASKED_CASES,
)
def test_masks(x, kind, mask, backwards, sequences, zero, with_states):
    layer = built(
        kind,
        x,
        go_backwards=backwards,
        return_sequences=sequences,
        return_state=True,
        zero_output_for_mask=zero,
    )
    stats = compare(layer, x, states_of(layer) if with_states else None, mask=MASKS[mask])
    assert stats.passed_on == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"return_sequences": True},
        {"go_backwards": True, "return_sequences": True},
        {"return_state": True},
        {"use_bias": False},
        {"unroll": True, "return_sequences": True},
        {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
        {"activation": "softsign", "recurrent_activation": "sigmoid"},
        {"activation": "elu"},
        {"activation": None},
        {"dtype": "float64"} if BACKEND != "jax" else {"dtype": "float32"},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", CELLS)
def test_arguments(x, kind, arguments):
    layer = built(kind, x, **arguments)
    assert compare(layer, x).passed_on == 0
    assert compare(layer, x, states_of(layer)).passed_on == 0


@pytest.mark.parametrize("mask", [None, "holes", "rows without a step"])
@pytest.mark.parametrize("kind", CELLS)
def test_a_layer_over_a_cell(x, kind, mask):
    _, more = CELLS[kind]
    cell_class = keras.layers.LSTMCell if kind == "lstm" else keras.layers.GRUCell
    cell = cell_class(H, recurrent_dropout=0.5, dropout=0.5, **more)  # which act in training alone
    for how in ({"return_sequences": True}, {"return_state": True, "go_backwards": True}):
        layer = keras.layers.RNN(cell, zero_output_for_mask=mask == "holes", **how)
        layer.build(x.shape)
        draw_weights(layer)
        call = {} if mask is None else {"mask": MASKS[mask]}
        assert compare(layer, x, states_of(layer), **call).passed_on == 0


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", CELLS)
def test_masks_of_unrolled_layers(x, kind, backwards, zero):
    if backwards and BACKEND == "torch":
        pytest.skip("Keras itself fails: it flips a list of masks")
    layer = built(
        kind,
        x,
        unroll=True,
        go_backwards=backwards,
        return_sequences=True,
        zero_output_for_mask=zero,
    )
    passed_on = zero and backwards and BACKEND == "tensorflow"
    for mask in ("left", "holes"):
        compare(layer, x, states_of(layer), served=0 if passed_on else 1, mask=MASKS[mask])


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", CELLS)
def test_bidirectional(x, kind, sequences, masked):
    layer_class, more = CELLS[kind]
    inner = layer_class(H, return_sequences=sequences, **more)
    layer = keras.layers.Bidirectional(inner, merge_mode="sum")
    layer.build(x.shape)
    draw_weights(layer)
    call = {"mask": MASKS["holes"]} if masked else {}
    fused = FUSES and not masked and kind != "gru before"
    compare(layer, x, served=1 if fused else 2, **call)


def test_bidirectional_with_states(x):
    inner = keras.layers.LSTM(H, return_state=True, return_sequences=True)
    layer = keras.layers.Bidirectional(inner)
    layer.build(x.shape)
    compare(layer, x, states_of(inner) + states_of(inner), served=1 if FUSES else 2)


def test_bidirectional_around_a_layer_that_goes_backwards(x):
    turned = keras.layers.GRU(H, return_sequences=True, go_backwards=True)
    other = keras.layers.GRU(H, return_sequences=True)
    layer = keras.layers.Bidirectional(turned, backward_layer=other)
    layer.build(x.shape)
    compare(layer, x, served=2)


@pytest.mark.skipif(BACKEND == "jax", reason="JAX has no float64 by default")
def test_bidirectional_around_layers_of_another_dtype(x):
    # One call for both would cast their weights to the float32 of the wrapper.
    inner = keras.layers.LSTM(H, return_sequences=True, dtype="float64")
    layer = keras.layers.Bidirectional(inner)
    layer.build(x.shape)
    draw_weights(layer)
    compare(layer, x, served=2)


@pytest.mark.parametrize("kind", CELLS)
def test_a_stateful_layer(x, kind):
    layer = built(kind, x, stateful=True)

    def three_calls():
        layer.reset_state()
        return [outputs_of(layer, x)[0] for _ in range(3)]

    expected = three_calls()
    with gatedcore.keras.accelerated():
        assert_same(three_calls(), expected)
        assert gatedcore.keras.stats().served == 3


def test_dropout_draws_what_keras_draws(x):
    def outputs():
        keras.utils.set_random_seed(7)
        layer = built("lstm", x, dropout=0.5, return_sequences=True)
        return outputs_of(layer, x, training=True)

    expected = outputs()
    with gatedcore.keras.accelerated():
        assert_same(outputs(), expected)
        assert gatedcore.keras.stats().served == 1


@pytest.mark.skipif(not HAS_GRADIENTS, reason="NumPy has no gradients")
def test_fit(x):
    y = np.random.default_rng(4).normal(size=(B, 1)).astype("float32")

    def trained():
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [
                keras.Input((T, I)),
                keras.layers.Masking(),
                keras.layers.LSTM(H, return_sequences=True),
                keras.layers.Bidirectional(keras.layers.GRU(H)),
                keras.layers.Dense(1),
            ]
        )
        model.compile("adam", "mse")
        losses = model.fit(x, y, batch_size=2, epochs=5, shuffle=False, verbose=0).history["loss"]
        return [np.array(losses), model.predict(x, verbose=0)]

    expected = trained()
    gatedcore.keras.enable()
    assert_same(trained(), expected)
    stats = gatedcore.keras.stats()
    assert stats.served > 0
    assert stats.passed_on == 0
    assert stats.backward_runs == 3 * 2 * 5  # three directions, two batches, five epochs
    assert stats.forward_runs >= stats.backward_runs


def test_layers_made_before_and_kept_afterwards(x):
    layer = built("gru", x)
    expected = outputs_of(layer, x)
    gatedcore.keras.enable()
    assert_same(outputs_of(layer, x), expected)
    gatedcore.keras.disable()
    assert gatedcore.keras.stats().served == 1
    assert_same(outputs_of(layer, x), expected)
    assert gatedcore.keras.stats().served == 1
    assert gatedcore.keras.stats().backend is None


def test_everything_is_put_back():
    from keras.src import backend
    from keras.src.layers.rnn.bidirectional import Bidirectional

    owners = (backend, keras.layers.RNN, keras.layers.LSTM, keras.layers.GRU, Bidirectional)
    before = [dict(vars(owner)) for owner in owners]
    gatedcore.keras.enable()
    assert backend.lstm is not before[0]["lstm"]
    gatedcore.keras.enable()  # nothing more to do
    gatedcore.keras.disable()
    gatedcore.keras.disable()
    assert [dict(vars(owner)) for owner in owners] == before


def test_enable_counts_anew_and_a_second_one_does_not(x):
    layer = built("gru", x)
    gatedcore.keras.enable()
    outputs_of(layer, x)
    gatedcore.keras.enable()
    assert gatedcore.keras.stats().served == 1
    assert gatedcore.keras.stats().backend == BACKEND
    gatedcore.keras.disable()
    gatedcore.keras.enable()
    assert gatedcore.keras.stats().served == 0


def test_a_block_leaves_it_on_if_it_was_on():
    gatedcore.keras.enable()
    with gatedcore.keras.accelerated():
        pass
    assert gatedcore.keras.stats().backend == BACKEND
    gatedcore.keras.disable()
    with pytest.raises(KeyError), gatedcore.keras.accelerated():
        raise KeyError
    assert gatedcore.keras.stats().backend is None


def test_blocks_that_overlap_as_those_of_threads_do():
    first, second = gatedcore.keras.accelerated(), gatedcore.keras.accelerated()
    with first:
        second.__enter__()
    assert gatedcore.keras.stats().backend == BACKEND
    second.__exit__(None, None, None)
    assert gatedcore.keras.stats().backend is None


def test_disable_within_blocks_ends_them():
    with gatedcore.keras.accelerated(), gatedcore.keras.accelerated():
        gatedcore.keras.disable()
        assert gatedcore.keras.stats().backend is None
        gatedcore.keras.enable()
    assert gatedcore.keras.stats().backend == BACKEND


def test_a_block_that_was_ended_leaves_a_later_one_alone():
    first, second = gatedcore.keras.accelerated(), gatedcore.keras.accelerated()
    first.__enter__()
    gatedcore.keras.disable()
    with second:
        first.__exit__(None, None, None)
        assert gatedcore.keras.stats().backend == BACKEND
    assert gatedcore.keras.stats().backend is None


def test_another_backend_is_an_error(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "openvino")
    with pytest.raises(RuntimeError, match="Keras runs on openvino, expected one of torch"):
        gatedcore.keras.enable()


def test_a_keras_without_the_hooks_is_an_error_and_changes_nothing(monkeypatch):
    from keras.src import backend

    monkeypatch.delattr(keras.layers.RNN, "inner_loop")
    lstm = backend.lstm
    with pytest.raises(RuntimeError, match=f"Keras {keras.__version__} lacks .*inner_loop"):
        gatedcore.keras.enable()
    assert backend.lstm is lstm
    assert gatedcore.keras.stats().backend is None
