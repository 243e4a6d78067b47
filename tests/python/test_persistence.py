"""Models in files: all of them back, and clear errors for every file that is no such model."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import gatedcore as gk
from custom_names import names_as_before  # noqa: F401  # a fixture
from gatedcore import archive
from gatedcore.random import library_generator
from gatedcore.saving import SavedFileError
from small_model import X, Y, make


def trained(optimizer: object = "adam", **first: object) -> gk.Sequential:
    gk.set_random_seed(3)
    model = make(optimizer, **first)
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    return model


def assert_same(model: gk.Sequential, other: gk.Sequential) -> None:
    for a, b in zip(model.weights, other.weights, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "model.safetensors")


# Whole models.


@pytest.mark.parametrize(
    "optimizer", ["adam", "sgd", gk.SGD(0.1, momentum=0.9, nesterov=True), gk.Adam(0.01, 0.8)]
)
def test_training_goes_on_with_the_same_bits(path, optimizer) -> None:
    model = trained(optimizer, dropout=0.3)
    model.save(path)
    again = gk.load_model(path)
    assert_same(model, again)
    assert (again.name, again.input_shape) == (model.name, model.input_shape)
    assert [layer.get_config() for layer in again.layers] == [
        layer.get_config() for layer in model.layers
    ]
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    results = []
    for each in (model, again):
        gk.set_random_seed(4)
        results.append(each.fit(X, Y, batch_size=8, epochs=2, verbose=0).history)
    assert results[0] == results[1]
    assert list(results[0]) == ["loss", "mae"]
    assert_same(model, again)
    assert again.optimizer.iterations == model.optimizer.iterations


def test_float64_goes_through(path) -> None:
    model = trained(dtype="float64")
    model.save(path)
    again = gk.load_model(path)
    assert again.dtype == np.float64
    assert_same(model, again)


def test_generators_of_layers_go_on(path) -> None:
    model = gk.Sequential(
        [gk.GRU(3, dropout=0.5, seed=np.random.default_rng(5), input_shape=(None, 2)), gk.Dense(1)]
    )
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    model.save(path)
    again = gk.load_model(path)
    assert [m.train_on_batch(X, Y) for m in (model, model)] == [
        m.train_on_batch(X, Y) for m in (again, again)
    ]


def test_models_not_built_or_not_compiled(path) -> None:
    model = gk.Sequential([gk.Input((None, 2)), gk.GRU(2)], name="plain")
    model.save(path)
    again = gk.load_model(path)
    assert (again.optimizer, again.name, again.built) == (None, "plain", True)
    gk.Sequential([gk.GRU(2), gk.Dense(1)]).save(path)
    again = gk.load_model(path)
    assert not again.built
    assert [type(layer) for layer in again.layers] == [gk.GRU, gk.Dense]
    gk.Sequential().save(path)
    assert gk.load_model(path).layers == []


def test_without_the_optimizer(path) -> None:
    model = trained()
    model.save(path, include_optimizer=False)
    assert gk.load_model(path).optimizer is None
    with_it = path.replace("model", "other")
    gk.saving.save_model(model, with_it)
    assert gk.load_model(with_it, compile=False).optimizer is None
    assert os.path.getsize(path) < os.path.getsize(with_it)
    assert_same(model, gk.load_model(path))


@pytest.mark.parametrize("seed", [7, None])
def test_dropout_of_a_loaded_model_draws_as_that_of_the_saved_one(path, seed) -> None:
    model = gk.Sequential(
        [gk.Input((None, 2)), gk.LSTM(3, dropout=0.3, seed=seed), gk.Dropout(0.5, seed=seed)]
    )
    model.compile("sgd", "mse")
    x, y = np.ones((8, 4, 2), np.float32), np.zeros((8, 3), np.float32)
    model.fit(x, y, epochs=3, verbose=0)
    model.save(path)
    again = gk.load_model(path)
    histories = []
    for one in (model, again):
        gk.set_random_seed(1)  # of the library's generator, for layers without a seed
        histories.append(one.fit(x, y, epochs=3, verbose=0).history)
    assert histories[0] == histories[1]


def test_loading_draws_nothing_of_the_librarys_generator(path) -> None:
    trained().save(path)
    before = library_generator().bit_generator.state
    gk.load_model(path)
    assert library_generator().bit_generator.state == before


def test_the_same_model_gives_the_same_file(path) -> None:
    model = trained()
    model.save(path)
    first = Path(path).read_bytes()
    gk.load_model(path).save(path)
    assert Path(path).read_bytes() == first


def test_overwrite(path) -> None:
    model = trained()
    model.save(path, overwrite=False)
    with pytest.raises(FileExistsError, match="exists, expected a new name with overwrite=False"):
        model.save(path, overwrite=False)
    with pytest.raises(FileExistsError):
        model.save_weights(path, overwrite=False)
    model.save(path)


def test_a_save_that_fails_leaves_the_old_file(path) -> None:
    model = trained()
    model.save(path)
    before = Path(path).read_bytes()
    model.compile("adam", lambda y, p: gk.losses.mse(y, p))
    with pytest.raises(TypeError, match="loss is '<lambda>', which no file can name"):
        model.save(path)
    assert Path(path).read_bytes() == before
    assert os.listdir(os.path.dirname(path)) == ["model.safetensors"]


# Losses and metrics of users.


def test_a_loss_without_a_name_says_what_to_do(path) -> None:
    def loss(y, p):
        return gk.losses.mse(y, p)

    model = make()
    model.compile("adam", loss, metrics=["mse", gk.metrics.mae])
    with pytest.raises(TypeError) as caught:
        model.save(path)
    assert "register_serializable() above its definition" in str(caught.value)
    assert "or save with include_optimizer=False" in str(caught.value)
    model.save(path, include_optimizer=False)
    assert_same(gk.load_model(path), model)
    gk.saving.register_serializable("test")(loss)
    model.save(path)
    gk.saving.get_custom_objects().clear()
    with pytest.raises(SavedFileError, match=r"'test>loss' is not known.*pass compile=False"):
        gk.load_model(path)
    assert gk.load_model(path, compile=False).optimizer is None
    again = gk.load_model(path, custom_objects={"test>loss": loss})
    again.evaluate(X, Y)
    assert [metric.name for metric in again._objective.metrics] == ["mse", "mean_absolute_error"]


def test_an_optimizer_of_ones_own(path) -> None:
    @gk.saving.register_serializable("test")
    class Slow(gk.SGD, gk.saving.Configurable):
        pass

    model = trained(Slow(0.5, momentum=0.5))
    model.save(path)
    again = gk.load_model(path)
    assert type(again.optimizer) is Slow
    assert (again.optimizer.learning_rate, again.optimizer.momentum) == (0.5, 0.5)


# Files that are not right.


def test_no_changed_byte_and_no_cut_is_taken_for_a_model(path) -> None:
    make("sgd").save(path)
    data = Path(path).read_bytes()
    rng = np.random.default_rng(0)
    header = 8 + int.from_bytes(data[:8], "little")
    assert header < len(data)
    # A third of the header's bytes and some of the tensors': test_archive.py changes every one.
    for position in [*range(0, header, 3), *range(header, len(data), 40)]:
        changed = bytearray(data)
        changed[position] ^= 1 << rng.integers(8)
        Path(path).write_bytes(changed)
        with pytest.raises(SavedFileError, match=r"model.safetensors"):
            gk.load_model(path)
    for length in [*range(0, header + 8, 29), *range(header, len(data), 40), len(data) - 1]:
        Path(path).write_bytes(data[:length])
        with pytest.raises(SavedFileError, match=r"model.safetensors"):
            gk.load_model(path)
    Path(path).write_bytes(data)
    gk.load_model(path)


def rewrite(path: str, change) -> None:
    """Change what is in a file, with a checksum that fits."""
    content, tensors = archive.read("test", path, "model")
    for name in ("checksum", "kind"):
        content.pop(name)
    change(content, tensors)
    archive.write(path, "model", content, tensors)


def reshape(content: dict, tensors: dict) -> None:
    key = content["weights"][0]
    tensors[key] = tensors[key].T.copy()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, t: c["model"].update(class_name="Popen"), "class 'Popen' is not known"),
        (lambda c, t: c["model"].update(class_name="LSTM"), "does not make a model"),
        (lambda c, t: c["model"]["config"].pop("layers"), "does not make a model"),
        (lambda c, t: c.pop("model"), "does not make a model"),
        (lambda c, t: c["model"]["config"]["layers"][0]["config"].update(units=5), "expected"),
        (
            lambda c, t: c["model"]["config"]["layers"][0]["config"].update(units=2**62),
            "does not make a model",
        ),
        (lambda c, t: c["model"]["config"]["layers"].pop(), "holds 8 weights, expected 6"),
        (lambda c, t: t.pop(c["weights"][0]), "holds nothing as weights/"),
        (lambda c, t: c["weights"].pop(), "holds 7 weights, expected 8"),
        (reshape, "as the model|expected kernel"),
        (lambda c, t: c["layer_states"].pop(), "got states of 2 layers, expected 3"),
        (lambda c, t: c["compile"].update(loss="nonsense"), "loss is 'nonsense'"),
        (
            lambda c, t: c["compile"]["optimizer"].update(class_name="Popen"),
            "class_name is 'Popen', expected one of",
        ),
        (lambda c, t: t.pop("optimizer/slots/m"), "optimizer/slots/m"),
        (lambda c, t: c.update(format_version=99), "has format version 99, expected at most 1"),
    ],
)
def test_a_forged_file_is_an_error_with_its_path(path, change, message) -> None:
    trained().save(path)
    rewrite(path, change)
    with pytest.raises(SavedFileError, match=message) as caught:
        gk.load_model(path)
    assert path in str(caught.value)


def test_nothing_in_a_file_is_imported(path) -> None:
    trained().save(path)

    def change(content: dict, tensors: dict) -> None:
        content["model"].update(module="subprocess", class_name="Popen", config={"args": ["true"]})

    rewrite(path, change)
    with pytest.raises(SavedFileError, match="class 'Popen' is not known"):
        gk.load_model(path)


def test_a_missing_file_and_wrong_arguments(tmp_path, path) -> None:
    with pytest.raises(FileNotFoundError):
        gk.load_model(path)
    with pytest.raises(ValueError, match=r"load_model: filepath is 'x.pt', expected one that ends"):
        gk.load_model("x.pt")
    model = trained()
    with pytest.raises(ValueError, match=r"save: filepath is 'x.keras', .*model\.to_keras writes"):
        model.save("x.keras")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        model.save(tmp_path / "none" / "x.safetensors")
    with pytest.raises(TypeError, match="expected True or False"):
        model.save(path, include_optimizer=1)
    with pytest.raises(ValueError, match="safe_mode=False is not supported"):
        gk.load_model(path, safe_mode=False)
    with pytest.raises(TypeError, match="save_model: model has type int"):
        gk.saving.save_model(3, path)
    assert not os.path.exists(path)


# Weights alone.


def test_weights_go_to_a_model_of_the_same_layers(path) -> None:
    model, other = trained(), make()
    model.save_weights(path)
    assert [layer.name for layer in model.layers] != [layer.name for layer in other.layers]
    other.load_weights(path)
    assert_same(model, other)
    third = make()
    model.save(path)
    third.load_weights(path)
    assert_same(model, third)
    model.save_weights(path)
    with pytest.raises(SavedFileError, match=r"holds weights, expected model"):
        gk.load_model(path)


def test_weights_of_other_layers_are_an_error_and_change_nothing(path) -> None:
    trained().save_weights(path)
    for layers, message in (
        ([gk.LSTM(4, input_shape=(None, 2))], "holds 8 weights, expected 3 as the model"),
        (
            [
                gk.LSTM(4, return_sequences=True, input_shape=(None, 2)),
                gk.GRU(2),
                gk.Dense(1),
            ],
            r"holds kernel \(4, 9\) as weights/gru.*, expected kernel \(4, 6\) of gru",
        ),
    ):
        model = gk.Sequential(layers)
        before = model.get_weights()
        with pytest.raises(SavedFileError, match=message):
            model.load_weights(path)
        for a, b in zip(before, model.weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_weights_need_a_built_model(path) -> None:
    model = gk.Sequential([gk.GRU(2)])
    with pytest.raises(ValueError, match="save_weights: model has no weights yet"):
        model.save_weights(path)
    trained().save_weights(path)
    with pytest.raises(ValueError, match="load_weights: model has no weights yet"):
        model.load_weights(path)


# JSON.


def test_json_and_back() -> None:
    model = trained()
    data = json.loads(model.to_json(indent=2))
    assert data["class_name"] == "Sequential"
    assert list(data["config"]) == ["name", "trainable", "layers", "build_input_shape"]
    assert [layer["class_name"] for layer in data["config"]["layers"]] == ["LSTM", "GRU", "Dense"]


def test_compile_config() -> None:
    model = make()
    config = json.loads(json.dumps(model.get_compile_config()))
    assert (config["loss"], config["metrics"]) == ("mse", ["mae"])
    assert config["optimizer"]["class_name"] == "Adam"
    other = gk.Sequential([gk.Dense(1)])
    assert other.get_compile_config() is None
    other.compile_from_config(config)
    assert type(other.optimizer) is gk.Adam
    assert other.get_compile_config() == config


# Files that somebody made: their checksums are right.


@pytest.mark.parametrize("names", [None, 3, "weights", [3], [["kernel"]]])
def test_weights_that_are_no_names(path, names) -> None:
    make().save_weights(path)
    _, tensors = archive.read("", path, "weights")
    archive.write(path, "weights", {"weights": names}, tensors)
    with pytest.raises(SavedFileError, match="its weights are no list of names"):
        make().load_weights(path)
    archive.write(path, "weights", {}, tensors)
    with pytest.raises(SavedFileError, match="malformed"):
        make().load_weights(path)


def test_a_config_that_asks_for_more_than_the_file_holds(path) -> None:
    make().save(path)
    content, tensors = archive.read("", path, "model")
    content["model"]["config"]["layers"][0]["config"]["units"] = 10**5  # 160 GB of weights
    del content["checksum"]
    archive.write(path, "model", content, tensors)
    with pytest.raises(SavedFileError, match="expected no more weights than are at hand"):
        gk.load_model(path)
