"""Tables of which a step changes only the rows whose tokens are in the batch."""

import copy
from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import optimizers
from optimizer_kinds import MAKERS

RNG = np.random.default_rng(0)
TOKENS = RNG.integers(0, 20, size=(24, 5))
Y = RNG.normal(size=(24, 1)).astype(np.float32)
CLIPS = {
    "none": {},
    "clipvalue": {"clipvalue": 0.01},
    "clipnorm": {"clipnorm": 0.05},
    "global_clipnorm": {"global_clipnorm": 0.05},
}


def make(optimizer: Any, sparse: bool = True, rows: int = 30, **table: Any) -> gk.Sequential:
    model = gk.Sequential(
        [
            gk.Input((None,)),
            gk.Embedding(rows, 3, sparse=sparse, seed=1, **table),
            gk.GRU(4, seed=2),
            gk.Dense(1, seed=3),
        ]
    )
    model.compile(optimizer, "mse")
    return model


def fit(model: gk.Sequential, tokens: Any = TOKENS, **options: Any) -> gk.Sequential:
    options = {"batch_size": 4, "epochs": 2, "verbose": 0, "shuffle": False, **options}
    model.fit(tokens, Y[: len(tokens)], **options)
    return model


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("kind", ["sgd", "adagrad"])
def test_optimizers_that_leave_rows_without_gradients_alone_are_the_same(
    kind: str, clip: str
) -> None:
    sparse, dense = (fit(make(MAKERS[kind](**CLIPS[clip]), flag)) for flag in (True, False))
    # Norms are summed over fewer zeros, in another order.
    tolerance = {"rtol": 1e-6, "atol": 1e-7} if "norm" in clip else {"rtol": 0, "atol": 0}
    for a, b in zip(sparse.weights, dense.weights, strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("kind", MAKERS)
def test_one_batch_again_and_again_is_dense_training_of_its_rows(kind: str, clip: str) -> None:
    tokens = TOKENS[:4]
    sparse, dense = (
        fit(make(MAKERS[kind](**CLIPS[clip]), flag), tokens, epochs=4) for flag in (True, False)
    )
    for a, b in zip(sparse.weights, dense.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    table = sparse.layers[0].parameters["embeddings"]
    first = make("sgd").layers[0].parameters["embeddings"]
    rest = np.setdiff1d(np.arange(30), tokens)
    np.testing.assert_array_equal(table[rest], first[rest])


def test_adam_by_rows_step_by_step() -> None:
    """Each row has moments that only its own steps change; the number of the step is common."""
    rate, beta_1, beta_2, epsilon = 0.05, 0.9, 0.999, 1e-7
    model = make(gk.Adam(rate), dtype="float64")
    layer = model.layers[0]
    table = layer.parameters["embeddings"].copy()
    m, v = np.zeros_like(table), np.zeros_like(table)
    for t in range(1, 6):
        tokens = TOKENS[4 * t : 4 * t + 4, :2]
        model.train_on_batch(tokens, Y[:4])
        rows = np.unique(tokens)
        g = layer.gradients["embeddings"][rows]
        m[rows] = beta_1 * m[rows] + (1 - beta_1) * g
        v[rows] = beta_2 * v[rows] + (1 - beta_2) * g * g
        scale = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        table[rows] -= scale * m[rows] / (np.sqrt(v[rows]) + epsilon)
        np.testing.assert_allclose(layer.parameters["embeddings"], table, rtol=1e-12)
    slots = model.optimizer.get_state()["slots"]
    np.testing.assert_allclose(slots["m"][: table.size].reshape(table.shape), m, rtol=1e-12)


def test_it_is_another_optimizer_where_moments_live_on() -> None:
    sparse, dense = (fit(make("adam", flag)) for flag in (True, False))
    assert (sparse.weights[0] != dense.weights[0]).any()


def test_a_step_reads_and_writes_no_other_row() -> None:
    """What must not be touched is not a number, and would spread."""
    model = make("adam")
    model.train_on_batch(TOKENS[:4], Y[:4])
    rest = np.setdiff1d(np.arange(30), TOKENS[4:8])
    layer = model.layers[0]
    layer.parameters["embeddings"][rest] = np.nan
    layer.gradients["embeddings"][np.setdiff1d(rest, TOKENS[:4])] = np.nan
    for slot in model.optimizer.slots.values():
        slot[:90].reshape(30, 3)[rest] = np.nan
    model.train_on_batch(TOKENS[4:8], Y[4:8])
    assert np.isnan(layer.parameters["embeddings"][rest]).all()
    assert np.isfinite(layer.parameters["embeddings"][np.unique(TOKENS[4:8])]).all()
    assert all(np.isfinite(weight).all() for weight in model.weights[1:])


def test_gradients_that_are_not_finite_are_seen_and_forgotten() -> None:
    model = make("adam")
    model.train_on_batch(TOKENS[:4], Y[:4])
    before = model.get_weights()
    layer = model.layers[0]
    backward = layer.backward

    def wrong(d_y: Any, need_d_x: bool) -> None:
        backward(d_y * np.inf, need_d_x)

    layer.backward = wrong
    with pytest.raises(ValueError, match="gradient of embeddings of layer"):
        model.train_on_batch(TOKENS[4:8], Y[4:8])
    del layer.backward
    for a, b in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(a, b)
    model.train_on_batch(TOKENS[8:12], Y[8:12])
    assert all(np.isfinite(weight).all() for weight in model.weights)


def test_frozen_with_others_and_within_wrappers() -> None:
    frozen = make("adam")
    frozen.layers[0].trainable = False
    before = frozen.layers[0].get_weights()[0]
    fit(frozen)
    np.testing.assert_array_equal(frozen.weights[0], before)
    wrapped = gk.Sequential(
        [
            gk.TimeDistributed(gk.Embedding(30, 3, sparse=True, seed=1), input_shape=(5, 2)),
            gk.Reshape((5, 6)),
            gk.GRU(4, trainable=False),
            gk.Dense(1),
        ]
    )
    wrapped.compile("adam", "mse")
    tokens, before = np.stack([TOKENS[:4]] * 2, -1), wrapped.get_weights()
    wrapped.train_on_batch(tokens, Y[:4])
    changed = (wrapped.weights[0] != before[0]).any(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(changed), np.unique(tokens))
    np.testing.assert_array_equal(wrapped.weights[1], before[1])


def test_several_tables_and_chunks_of_time() -> None:
    model = gk.Sequential(
        [
            gk.Embedding(30, 3, sparse=True, mask_zero=True, seed=1),
            gk.GRU(4, return_sequences=True, seed=2),
            gk.Dense(1, seed=3),
        ]
    )
    model.compile("rmsprop", "mse")
    y = RNG.normal(size=(24, 5, 1))
    history = model.fit(TOKENS, y, epochs=3, tbptt=2, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_files_and_configs_keep_it(tmp_path: Any) -> None:
    model = fit(make("adam"))
    model.save(tmp_path / "model.safetensors")
    loaded = gk.load_model(tmp_path / "model.safetensors")
    assert loaded.layers[0].sparse
    for either in (model, loaded):
        fit(either)
    for a, b in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (optimizers.AdamW(), "weight_decay=0.004"),
        (gk.SGD(use_ema=True), "use_ema=True"),
        (gk.Adam(gradient_accumulation_steps=2), "gradient_accumulation_steps=2"),
    ],
)
def test_what_concerns_all_rows_is_refused(optimizer: Any, name: str) -> None:
    model = make(optimizer)
    with pytest.raises(ValueError, match=f"{name} came with an Embedding of sparse=True"):
        fit(model)
    assert model.optimizer.iterations == 0
    assert not model.optimizer.slots


def test_weight_decay_that_comes_later() -> None:
    model = make("adam")
    model.train_on_batch(TOKENS, Y)
    model.optimizer.weight_decay = 0.1
    with pytest.raises(ValueError, match=r"weight_decay=0.1 came with an Embedding of sparse=True"):
        model.train_on_batch(TOKENS, Y)


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="Embedding: sparse is 1, expected True or False"):
        gk.Embedding(3, 2, sparse=1)
    for rule in ({"embeddings_regularizer": "l2"}, {"embeddings_constraint": "unit_norm"}):
        with pytest.raises(ValueError, match="sparse=True came with a regularizer or a constraint"):
            gk.Embedding(3, 2, sparse=True, **rule)


def test_a_table_that_a_graph_calls_twice() -> None:
    def train(sparse: bool) -> gk.Model:
        left, right = gk.Input((5,)), gk.Input((5,))
        table = gk.Embedding(30, 3, sparse=sparse, seed=1)
        merged = gk.layers.Concatenate()([gk.GRU(2, seed=2)(table(x)) for x in (left, right)])
        model = gk.Model([left, right], gk.Dense(1, seed=3)(merged))
        model.compile("sgd", "mse")
        model.fit([TOKENS, TOKENS[::-1] // 2], Y, batch_size=4, shuffle=False, verbose=0)
        return model

    for a, b in zip(train(True).weights, train(False).weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_table_of_two_models_that_train_in_turn() -> None:
    def train(sparse: bool) -> list[gk.Model]:
        tokens, table = gk.Input((2,)), gk.Embedding(30, 3, sparse=sparse, seed=1)
        state = gk.GRU(4, seed=2)(table(tokens))
        models = [gk.Model(tokens, gk.Dense(1, seed=seed)(state)) for seed in (3, 4)]
        for model in models:
            model.compile("sgd", "mse")
        for model, row in zip([*models, models[0]], ([5, 6], [7, 8], [5, 9]), strict=True):
            model.train_on_batch(np.array([row]), np.ones((1, 1)))
        return models

    for one, other in zip(train(True), train(False), strict=True):
        for a, b in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_copy_of_a_table_trains_by_itself() -> None:
    def model_of(table: gk.Embedding) -> gk.Sequential:
        model = gk.Sequential([gk.Input((2,)), table, gk.GRU(2, seed=2), gk.Dense(1, seed=3)])
        model.compile("sgd", "mse")
        return model

    def train(sparse: bool) -> list[gk.Sequential]:
        table = gk.Embedding(30, 3, sparse=sparse, seed=1)
        table.build((None, 2))
        models = [model_of(table), model_of(copy.copy(table))]
        for model, row in zip([*models, models[0]], ([5, 6], [7, 8], [5, 9]), strict=True):
            model.train_on_batch(np.array([row]), np.ones((1, 1)))
        return models

    for one, other in zip(train(True), train(False), strict=True):
        for a, b in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(a, b)
