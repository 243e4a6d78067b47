import copy
import pickle

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from graphs import GRAPHS, OTHER, D, X, encoder_decoder, series, shared_bidirectional


@pytest.fixture(autouse=True)
def seeded():
    gk.set_random_seed(0)


def assert_model_gradients(model, x, y):
    """Compare the gradients of a mean squared error with finite differences, in float64."""
    model.compile("sgd", "mse")
    x, y = model.as_input("test", x), np.asarray(y)
    model._ready(model._objective, x.shape)
    objective = model._objective

    def loss():
        y_pred, mask = model.forward_masked(x, False)
        return objective.loss_of(y, y_pred, None, mask)[0]

    y_pred, mask = model.forward_masked(x, True)
    model._vector.gradients.fill(0.0)
    model.backward(objective.loss_of(y, y_pred, None, mask)[1])
    assert np.abs(model._vector.gradients).max() > 0.0
    for layer in model.computing_layers:
        for name, value in layer.parameters.items():
            assert_gradient(layer.gradients[name].copy(), loss, value)


def target(model, x):
    return np.random.default_rng(5).normal(size=model(x).shape)


@pytest.mark.parametrize("graph", GRAPHS)
def test_gradients_are_those_of_finite_differences(graph):
    model, x = graph()
    assert_model_gradients(model, x, target(model, x))


@pytest.mark.parametrize("graph", GRAPHS)
def test_training_copies_and_files(graph, tmp_path):
    model, x = graph()
    y = target(model, x)
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(x, y, epochs=3, batch_size=2, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    path = tmp_path / "model.safetensors"
    model.save(path)
    twins = [
        gk.load_model(path),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
    ]
    for twin in twins:
        np.testing.assert_array_equal(twin.predict(x), model.predict(x))
    before = model.train_on_batch(x, y)
    after = model.predict(x)
    for twin in twins:
        assert twin.train_on_batch(x, y) == before
        np.testing.assert_array_equal(twin.predict(x), after)
    fresh = gk.models.model_from_json(model.to_json())
    assert fresh.to_json() == model.to_json()
    fresh.set_weights(model.get_weights())
    np.testing.assert_array_equal(fresh.predict(x), model.predict(x))
    assert gk.models.clone_model(model).get_config() == model.get_config()
    fresh.save_weights(tmp_path / "weights.safetensors")
    model.load_weights(tmp_path / "weights.safetensors")


def chains():
    layers = [gk.Embedding(7, 3, mask_zero=True), gk.Dropout(0.3, seed=1)]
    layers += [
        gk.LSTM(4, return_sequences=True, dropout=0.2, seed=2),
        gk.GRU(3, seed=3),
        gk.Dense(1),
    ]
    return layers


def test_a_chain_has_the_bits_of_a_sequential():
    gk.set_random_seed(1)
    row = gk.Sequential([gk.Input((None,)), *chains()])
    gk.set_random_seed(1)
    tensor = x = gk.Input((None,))
    for layer in chains():
        tensor = layer(tensor)
    graph = gk.Model(x, tensor)
    tokens = np.random.default_rng(2).integers(0, 7, size=(40, 6))
    y = tokens.sum(axis=1) / 10.0
    histories = []
    for model in (row, graph):
        gk.set_random_seed(3)
        model.compile("adam", "mse")
        histories.append(
            model.fit(tokens, y, epochs=4, batch_size=8, verbose=0, validation_split=0.25).history
        )
    assert histories[0] == histories[1]
    np.testing.assert_array_equal(row.predict(tokens), graph.predict(tokens))


def test_models_of_the_same_layers_have_the_same_weights():
    source = series("source")
    _, h, c = gk.LSTM(4, return_state=True)(source)
    encoder = gk.Model(source, [h, c])
    begun = gk.Input((None, 2), dtype="float64", name="begun")
    h_in, c_in = (
        gk.Input((4,), dtype="float64", name="h"),
        gk.Input((4,), dtype="float64", name="c"),
    )
    cell = gk.LSTM(4, return_sequences=True, return_state=True)
    head = gk.Dense(2)
    y, *_ = cell(begun, initial_state=[h, c])
    model = gk.Model([source, begun], head(y))
    y, h_out, c_out = cell(begun, initial_state=[h_in, c_in])
    decoder = gk.Model([begun, h_in, c_in], [head(y), h_out, c_out])
    model.compile("adam", "mse")
    model.fit([X, OTHER], OTHER, epochs=2, verbose=0)
    states = encoder.predict(X)
    np.testing.assert_array_equal(decoder.predict([OTHER, *states])[0], model.predict([X, OTHER]))
    # One step after the other, as a decoder writes.
    for t in range(OTHER.shape[1]):
        y, *states = decoder.predict([OTHER[:, t : t + 1], *states])
    np.testing.assert_allclose(y[:, 0], model.predict([X, OTHER])[:, -1], rtol=0, atol=1e-14)


def test_a_call_between_forward_and_backward_leaves_the_way_back():
    layer, x = gk.Dense(3, **D), series()
    model = gk.Model(x, layer(layer(x)))
    y = model.forward(X, True)
    model(2 * X)
    model.backward(np.ones_like(y))
    expected = layer.vjp(layer(X), np.ones_like(y))
    first = layer.vjp(X, expected.x)
    for name, gradient in layer.gradients.items():
        np.testing.assert_allclose(
            gradient, expected.weights[name] + first.weights[name], rtol=0, atol=1e-12
        )


def test_models_of_the_same_layers_train_in_turn():
    x = series()
    body = gk.LSTM(3)
    h = body(x)
    first, second = gk.Model(x, gk.Dense(1)(h)), gk.Model(x, gk.Dense(2)(h))
    for model in (first, second):
        model.compile(gk.SGD(0.1, momentum=0.9), "mse")
    for model, width in ((first, 1), (second, 2), (first, 1)):
        before = body.get_weights()
        loss = model.train_on_batch(X, np.ones((4, width)))
        assert not np.array_equal(before[0], body.get_weights()[0])
        assert model.evaluate(X, np.ones((4, width))) < loss


def test_a_row_and_a_graph_of_the_same_layers_train_in_turn():
    row = gk.Sequential([series(), gk.LSTM(3), gk.Dense(2)])
    x = series()
    graph = gk.Model(x, row(x))
    y = np.ones((4, 2))
    for model in (row, graph):
        model.compile("adam", "mse")
    for model in (row, graph, row, graph):
        before = row.predict(X)
        model.fit(X, y, verbose=0)
        assert not np.array_equal(row.predict(X), before)
        np.testing.assert_array_equal(row.predict(X), graph.predict(X))


def test_a_model_called_on_tensors_is_its_layers_called_on_them():
    x = series()
    inner = gk.Model(x, gk.Dense(2)(gk.LSTM(3)(x)))
    row = gk.Sequential([gk.Dense(4, "tanh"), gk.Dense(1)])
    a, b = series("a"), series("b")
    outer = gk.Model([a, b], row(gk.Subtract()([inner(a), inner(b)])))
    assert [type(layer).__name__ for layer in outer.layers].count("LSTM") == 1
    expected = row(inner(X) - inner(X[::-1]))
    np.testing.assert_array_equal(outer([X, X[::-1]]), expected)
    assert_model_gradients(outer, [X, X[::-1].copy()], np.ones((4, 1)))


def test_states_of_stateful_layers():
    x = series()
    model = gk.Model(x, gk.LSTM(3, stateful=True)(x))
    first, second = model.predict(X), model.predict(X)
    assert not np.array_equal(first, second)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(X), first)


def test_stream_of_a_chain():
    x = gk.Input((None, 3))
    model = gk.Model(x, gk.Dense(1)(gk.LSTM(4)(x)))
    stream = model.stream(batch=4)
    np.testing.assert_array_equal(stream.steps(X.astype(np.float32))[:, -1], model(X))
    forked = gk.Model(x, gk.Add()([gk.LSTM(4)(x), gk.GRU(4)(x)]))
    with pytest.raises(ValueError, match="is not in a row with the layers before it"):
        forked.stream()


def test_frozen_layers_stay_and_what_feeds_them_alone_runs_no_way_back():
    x = series()
    low, high = gk.Dense(3, trainable=False), gk.LSTM(2)
    model = gk.Model(x, gk.Dense(1)(high(low(x))))
    model.compile("sgd", "mse")
    frozen, free = low.get_weights(), high.get_weights()
    low.backward = None  # nobody may call it
    model.fit(X, np.ones((4, 1)), verbose=0)
    np.testing.assert_array_equal(low.get_weights()[0], frozen[0])
    assert not np.array_equal(high.get_weights()[0], free[0])


def test_an_input_may_be_an_output_too(tmp_path):
    x = series("x")
    model = gk.Model(x, [gk.Dense(1, name="out")(gk.LSTM(2)(x)), x])
    assert model.output_names == ["out", "x"]
    assert model.output_shape == [(None, 1), (None, None, 3)]
    y, same = model(X)
    np.testing.assert_array_equal(same, X)
    assert not np.shares_memory(same, X)
    np.testing.assert_array_equal(model.predict(X, batch_size=2)[1], X)
    model.compile("sgd", "mse")
    logs = model.train_on_batch(X, [y + 1.0, X - 2.0], return_dict=True)
    assert logs["x_loss"] == pytest.approx(4.0)
    assert model(X)[0].mean() > y.mean()
    model.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    assert again.to_json() == model.to_json()
    np.testing.assert_array_equal(again(X)[0], model(X)[0])


def test_a_crash_and_a_backup_change_no_bit(tmp_path):
    class Crash(gk.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise RuntimeError("crash")

    model, x = shared_bidirectional()
    y = target(model, x)
    model.compile("adam", "mse")
    unbroken = copy.deepcopy(model)
    options = {"epochs": 3, "batch_size": 1, "verbose": 0}
    gk.set_random_seed(3)
    unbroken.fit(x, y, **options)
    backup = gk.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=1)
    gk.set_random_seed(3)
    with pytest.raises(RuntimeError, match="crash"):
        model.fit(x, y, **options, callbacks=[backup, Crash()])
    gk.set_random_seed(99)
    model.fit(x, y, **options, callbacks=[gk.callbacks.BackupAndRestore(tmp_path / "backup")])
    for a, b in zip(model.get_weights(), unbroken.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_tbptt_is_for_chains():
    model, x = encoder_decoder()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="is not in a row with the layers before it"):
        model.fit(x, np.zeros((4, 6, 2)), tbptt=2, verbose=0)


def test_a_config_that_is_none():
    model, _ = encoder_decoder()
    config = model.get_config()
    config["layers"][-1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["no", 0, 0]
    with pytest.raises(ValueError, match="come from nowhere"):
        gk.Model.from_config(config)
    config["layers"][-1]["inbound_nodes"][0]["kwargs"]["training"] = True
    with pytest.raises(ValueError, match=r"the arguments \['training'\]"):
        gk.Model.from_config(config)


def test_an_encoder_decoder_has_the_gradients_that_pytorch_has():
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    model, (source, begun) = encoder_decoder()
    model.compile("sgd", "mse")
    y = target(model, [source, begun])
    columns = model.as_input("test", [source, begun])
    model._ready(model._objective, columns.shape)
    y_pred, mask = model.forward_masked(columns, True)
    loss, d_y_pred = model._objective.loss_of(y, y_pred, None, mask)
    model.backward(d_y_pred)

    layers, twins = model.computing_layers, []
    for layer in layers[:2]:
        twin = torch.nn.LSTM(layer.input_features, layer.units, batch_first=True).double()
        values = layer.parameters
        with torch.no_grad():
            twin.weight_ih_l0[...] = torch.tensor(values["kernel"].T.copy())
            twin.weight_hh_l0[...] = torch.tensor(values["recurrent_kernel"].T.copy())
            twin.bias_ih_l0[...] = torch.tensor(values["bias"])
            twin.bias_hh_l0[...] = 0.0
        twins.append(twin)
    head = torch.nn.Linear(4, 2).double()
    with torch.no_grad():
        head.weight[...] = torch.tensor(layers[2].parameters["kernel"].T.copy())
        head.bias[...] = torch.tensor(layers[2].parameters["bias"])
    _, states = twins[0](torch.tensor(source))
    expected = torch.nn.functional.mse_loss(
        head(twins[1](torch.tensor(begun), states)[0]), torch.tensor(y)
    )
    expected.backward()
    assert loss == pytest.approx(expected.item(), abs=1e-12)
    pairs = [(layers[2].gradients["kernel"], head.weight), (layers[2].gradients["bias"], head.bias)]
    for layer, twin in zip(layers[:2], twins, strict=True):
        pairs += [
            (layer.gradients["kernel"], twin.weight_ih_l0),
            (layer.gradients["recurrent_kernel"], twin.weight_hh_l0),
            (layer.gradients["bias"], twin.bias_ih_l0),
        ]
    for gradient, parameter in pairs:
        np.testing.assert_allclose(gradient.T, parameter.grad.numpy(), rtol=0, atol=1e-12)
