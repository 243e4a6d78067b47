"""Training of models with several outputs."""

import numpy as np
import pytest

import gatedcore as gk

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 5, 3))
VALUES = RNG.normal(size=(12, 2))
CLASSES = RNG.integers(0, 4, size=12)


def model(loss_weights=(1.0, 0.25)):
    gk.set_random_seed(1)
    x = gk.Input((5, 3), dtype="float64")
    h = gk.LSTM(4)(x)
    both = gk.Model(x, [gk.Dense(2, name="value")(h), gk.Dense(4, "softmax", name="kind")(h)])
    both.compile(
        "adam",
        loss=["mse", "sparse_categorical_crossentropy"],
        metrics={"value": ["mae"], "kind": "accuracy"},
        loss_weights=loss_weights,
    )
    return both


def test_the_loss_is_the_weighted_sum_and_its_gradient_that_of_the_parts():
    both = model()
    objective = both._objective
    x, y = both.as_input("test", X), [VALUES, CLASSES]
    both._ready(objective, X.shape)
    outputs, mask = both.forward_masked(x, True)
    loss, d = objective.loss_of(y, outputs, None, mask)
    both._vector.gradients.fill(0.0)
    both.backward(d)
    found = both._vector.gradients.copy()
    expected, total = np.zeros_like(found), 0.0
    for k, share in enumerate((1.0, 0.25)):
        outputs, _ = both.forward_masked(x, True)
        part, d_part = objective.each[k].loss_of(y[k], outputs.arrays[k])
        zero = [np.zeros_like(array) for array in outputs]
        zero[k] = share * d_part
        both._vector.gradients.fill(0.0)
        both.backward(type(d)(zero))
        expected += both._vector.gradients
        total += share * part
    assert loss == pytest.approx(total, abs=1e-12)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_logs_have_the_loss_and_the_metrics_of_each_output():
    both = model()
    history = both.fit(X, [VALUES, CLASSES], epochs=30, verbose=0, validation_split=0.25).history
    names = ["loss", "value_loss", "kind_loss", "value_mae", "kind_accuracy"]
    assert list(history) == names + [f"val_{name}" for name in names]
    for loss, value, kind in zip(*(history[name] for name in names[:3]), strict=True):
        assert loss == pytest.approx(value + 0.25 * kind)
    assert history["loss"][-1] < history["loss"][0]
    logs = both.evaluate(X, {"value": VALUES, "kind": CLASSES}, return_dict=True)
    assert list(logs) == names == both.metrics_names
    assert logs["value_mae"] == pytest.approx(np.abs(both.predict(X)[0] - VALUES).mean())


def test_by_name_in_batches_and_from_a_file(tmp_path):
    both, other = model(), model({"value": 1, "kind": 0.25})
    both.train_on_batch(X, [VALUES, CLASSES])
    other.fit(iter([(X, {"kind": CLASSES, "value": VALUES})]), verbose=0)
    np.testing.assert_array_equal(both.predict(X)[1], other.predict(X)[1])
    both.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    y = (VALUES, CLASSES)
    assert again.train_on_batch(X, y, return_dict=True) == both.train_on_batch(
        X, y, return_dict=True
    )


def test_a_backup_keeps_the_means(tmp_path):
    class Crash(gk.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise RuntimeError("crash")

    options = {"epochs": 2, "batch_size": 4, "verbose": 0, "shuffle": False}
    expected = model().fit(X, [VALUES, CLASSES], **options).history
    backup = gk.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=1)
    with pytest.raises(RuntimeError, match="crash"):
        model().fit(X, [VALUES, CLASSES], **options, callbacks=[backup, Crash()])
    backup = gk.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=1)
    assert model().fit(X, [VALUES, CLASSES], **options, callbacks=[backup]).history == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": ["mse"]}, "loss is a list of 1, expected a list of 2 or a dict by the names"),
        ({"loss": {"value": "mse"}}, "loss of kind is missing, expected one for each output"),
        ({"loss": {"colour": "mse"}}, "loss has the key 'colour', expected names of outputs value"),
        ({"loss": "mse", "metrics": ["mae"]}, "metrics is a list of 1, expected a list of 2"),
        ({"loss": "mse", "loss_weights": ["a", 1]}, "loss_weights is 'a'"),
        ({"loss": "mse", "jit_compile": "xla"}, "jit_compile='xla' is not supported"),
    ],
)
def test_bad_choices(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        model().compile("adam", **arguments)


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (VALUES, {}, "y is a ndarray, expected a list of 2 or a dict by the names value, kind"),
        ([VALUES, CLASSES[:3]], {}, r"fit \(kind\): y has 3 samples, expected 12 as x"),
        ([VALUES[:, :1], CLASSES], {}, r"fit \(value\): y has shape \(12, 1\), expected"),
        (
            [VALUES, CLASSES],
            {"sample_weight": [np.ones(12)]},
            "fit: sample_weight is a list of 1, expected a list of 2 or a dict by the names value",
        ),
        (
            [VALUES, CLASSES],
            {"sample_weight": {"sort": np.ones(12)}},
            "fit: sample_weight has the key 'sort', expected names of outputs value, kind",
        ),
        (
            [VALUES, CLASSES],
            {"sample_weight": [None, np.ones(11)]},
            r"fit \(kind\): sample_weight has shape \(11,\), expected \(12,\)",
        ),
        ([VALUES, CLASSES], {"class_weight": {0: 1.0}}, "class_weight came to a model with"),
    ],
)
def test_bad_targets(y, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        model().fit(X, y, verbose=0, **options)


WEIGHTS = RNG.uniform(0.1, 2.0, size=(2, 12))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (list(WEIGHTS), WEIGHTS),
        ({"kind": WEIGHTS[1], "value": WEIGHTS[0]}, WEIGHTS),
        ([None, WEIGHTS[1]], [np.ones(12), WEIGHTS[1]]),
        ({"value": WEIGHTS[0]}, [WEIGHTS[0], np.ones(12)]),
        (WEIGHTS[0], [WEIGHTS[0]] * 2),
    ],
)
def test_weights_of_samples_for_each_output(given, expected):
    both = model()
    both.compile("adam", ["mse", "sparse_categorical_crossentropy"], weighted_metrics=["mae", None])
    values, kinds = both.predict(X)
    logs = both.evaluate(X, [VALUES, CLASSES], sample_weight=given, batch_size=5, return_dict=True)
    squares = ((values - VALUES) ** 2).mean(axis=1)
    entropies = -np.log(kinds[np.arange(12), CLASSES])
    assert logs["value_loss"] == pytest.approx((expected[0] * squares).mean())
    assert logs["kind_loss"] == pytest.approx((expected[1] * entropies).mean())
    errors = abs(values - VALUES).mean(axis=1)
    mae = (expected[0] * errors).sum() / np.sum(expected[0])
    assert logs["value_mae"] == pytest.approx(mae)
    source = ((X[k : k + 5], [VALUES[k : k + 5], CLASSES[k : k + 5]]) for k in (0, 5, 10))
    cut = [
        {n: w[k : k + 5] for n, w in zip(("value", "kind"), expected, strict=True)}
        for k in (0, 5, 10)
    ]
    again = both.evaluate(((*xy, w) for xy, w in zip(source, cut, strict=True)), return_dict=True)
    assert again == pytest.approx(logs)


def test_training_with_weights_is_training_on_what_counts():
    both, few = model(), model()
    counts = np.repeat([1.0, 0.0], 6)
    y = [VALUES, CLASSES]
    # The loss stays a mean over all samples: half of that over those that count.
    for one, rate in ((both, 0.5), (few, 0.25)):
        one.compile(gk.SGD(rate), ["mse", "sparse_categorical_crossentropy"])
    for _ in range(3):
        both.train_on_batch(X, y, sample_weight=counts)
        few.train_on_batch(X[:6], [of_one[:6] for of_one in y])
    for a, b in zip(both.get_weights(), few.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)  # sums of 12 or of 6
    before = {layer.name: layer.get_weights()[0] for layer in both.computing_layers}
    both.fit(X, y, sample_weight=[None, np.zeros(12)], verbose=0, validation_split=0.5)
    same = [n for n, w in before.items() if np.array_equal(both.get_layer(n).get_weights()[0], w)]
    assert same == ["kind"]


def test_loss_weights_are_for_several_outputs():
    x = gk.Input((3,))
    with pytest.raises(ValueError, match="loss_weights"):
        gk.Model(x, gk.Dense(1)(x)).compile("adam", "mse", loss_weights=[2.0])


def test_outputs_of_one_layer_need_names():
    x = gk.Input((5, 3))
    _, h, c = gk.LSTM(4, return_state=True)(x)
    with pytest.raises(ValueError, match=r"outputs have the names lstm.*, expected different ones"):
        gk.Model(x, [h, c]).compile("adam", "mse")
    named = gk.Model(x, {"h": h, "c": c})
    named.compile("adam", "mse")
    zeros = np.zeros((12, 4))
    history = named.fit(X, {"c": zeros, "h": zeros}, verbose=0).history
    assert list(history) == ["loss", "h_loss", "c_loss"]


@pytest.mark.parametrize(
    ("loss", "metrics"),
    [(["mse"], [["mae"]]), ({"value": "mse"}, {"value": ["mae"]}), (["mse"], ["mae"])],
)
def test_the_only_output_may_be_named_too(loss: object, metrics: object) -> None:
    x = gk.Input((5, 3))
    one = gk.Model(x, gk.Dense(2, name="value")(gk.LSTM(4)(x)))
    one.compile("adam", loss, metrics, weighted_metrics=metrics)
    logs = one.evaluate(X, VALUES, return_dict=True)
    assert list(logs) == ["loss", "mae", "weighted_mae"]
    with pytest.raises(ValueError, match="loss has the key 'kind', expected names of outputs val"):
        one.compile("adam", {"kind": "mse"})
    one.compile("adam", gk.losses.serialize(gk.losses.Huber(0.5)))
    assert list(one.evaluate(X, VALUES, return_dict=True)) == ["loss"]
