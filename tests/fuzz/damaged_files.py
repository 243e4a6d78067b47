"""Small whole files of every kind that the library reads, damaged as a fuzzer's bytes say.

Where a file has a checksum or lengths, half of the damage is put right there, as someone who means
harm would do.
"""

import functools
import gzip
import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np

import gatedcore as gk
from damage import damaged, damaged_tree
from gatedcore import archive
from gatedcore.interop.gate_order import keras_to_torch
from keras_files import archive_of, config_of, legacy_of, store_of


def model():
    """Return a small model of many kinds of layers."""
    made = gk.Sequential(
        [
            gk.Bidirectional(gk.LSTM(4, return_sequences=True), input_shape=(5, 3), name="both"),
            gk.TimeDistributed(gk.Dense(3, name="inner"), name="steps"),
            gk.Dropout(0.1, seed=np.random.default_rng(1)),
            gk.GRU(2, name="gru", seed=3),
            gk.Dense(1, name="out", kernel_regularizer="l2"),
        ]
    )
    made.compile("adam", "mse", metrics=["mae"])
    return made


def graph():
    """Return a small graph of layers."""
    x, tokens = gk.Input((5, 3), name="x"), gk.Input((5,), dtype="int32", name="tokens")
    joined = gk.Concatenate()([x, gk.Embedding(5, 2, mask_zero=True)(tokens)])
    return gk.Model([x, tokens], gk.Dense(1)(gk.GRU(2)(joined)))


def series():
    """Return inputs and targets that suit ``model``."""
    x = np.linspace(-1, 1, 60, dtype=np.float32).reshape(4, 5, 3)
    return x, x[:, 0, :1]


def written(save, name="whole.safetensors"):
    """Return the bytes that something writes to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        save(path)
        return path.read_bytes()


class BrokenOffError(Exception):
    """Ends a training in the middle of an epoch."""


def write_backup(path):
    """Write a backup of a training that was broken off."""

    def stop(batch, logs):
        if stops[batch] and model_.history.epoch:
            raise BrokenOffError

    stops, model_ = (False, True), model()
    backup = gk.callbacks.BackupAndRestore(path.parent / "backup", 1)
    end = gk.callbacks.LambdaCallback(on_train_batch_begin=stop)
    try:
        model_.fit(*series(), epochs=3, batch_size=2, callbacks=[backup, end], verbose=0)
    except BrokenOffError:
        (path.parent / "backup" / "backup.safetensors").replace(path)


@functools.cache
def whole_archives(kind):
    """Return this library's files of a kind, as bytes."""
    if kind == "weights":
        return [written(model().save_weights)]
    if kind == "backup":
        return [written(write_backup)]
    return [written(model().save), written(graph().save)]


def archive_file(kind, draws):
    """Return a file of this library, damaged in its bytes or in what they mean."""
    whole = draws.choice(whole_archives(kind))
    if draws.often(0.2):
        data = damaged(whole, draws)
        return signed(data) if draws.often() else data
    content, tensors = archive.parse("", "", whole, kind)
    tensors = {name: array.copy() for name, array in tensors.items()}
    if draws.often(0.8):
        content = damaged_tree(content, draws)
    for _ in range(draws.randrange(3)):
        change_tensors(tensors, draws)
    content.pop("checksum", None)
    return written(lambda path: archive.write(str(path), kind, content, tensors))


def signed(data):
    """Return the bytes of an archive with the checksum that they have, where there is one."""
    data = bytearray(data)
    start = archive._checksum_start(data, 8 + int.from_bytes(data[:8], "little"))
    if start is not None:
        data[start : start + 64] = archive._checksum(data, start).encode()
    return bytes(data)


def change_tensors(tensors, draws):
    """Change, rename or take out one of some tensors."""
    if not tensors:
        return
    name = draws.choice(list(tensors))
    array = tensors.pop(name)
    kind = draws.randrange(5)
    if kind == 0:
        tensors[name] = array.astype(draws.choice(["f8", "f4", "f2", "i8", "u1", "?"]))
    elif kind == 1:
        tensors[name] = array[:0] if array.ndim else array.reshape(1)
    elif kind == 2:
        tensors[draws.choice(["", "weights", f"{name}x", *tensors])] = array
    elif kind == 3:
        tensors[name] = np.full_like(array, draws.choice([127, 0]))


@functools.cache
def keras_parts():
    """Return a model's config and its weights as Keras stores them, and an old file."""
    import h5py

    made = model()
    return config_of(made), store_of(h5py, made), legacy_of(h5py, made)


def keras_file(draws):
    """Return a .keras file, damaged as a whole or in one of its parts."""
    config, store, _ = keras_parts()
    kind = draws.randrange(3)
    if kind == 0:
        return damaged(archive_of(config, store), draws)
    if kind == 1:
        return rezipped(archive_of(config, store), draws)
    return archive_of(damaged_tree(config, draws), store)


def old_keras_file(draws):
    """Return an .h5 file of a whole model."""
    return damaged(keras_parts()[2], draws)


def keras_weights(draws):
    """Return an .h5 file of weights."""
    return damaged(keras_parts()[1], draws)


@functools.cache
def torch_weights():
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    layer = gk.Sequential([gk.GRU(8, input_shape=(None, 3))]).layers[0]
    return dict(zip(names, keras_to_torch("gru", *layer.get_weights()), strict=True))


def torch_file(draws):
    """Return a safetensors file of PyTorch's names."""
    from safetensors.numpy import save

    if draws.often():
        return damaged(save(torch_weights()), draws)
    tensors = dict(torch_weights())
    for _ in range(draws.randrange(1, 4)):
        change_tensors(tensors, draws)
    return save(tensors)


@functools.cache
def whole_pickle():
    import torch

    return written(lambda path: torch.save(torch.nn.GRU(3, 8).state_dict(), path), "whole.pt")


def pickled_file(draws):
    """Return a .pt file."""
    return damaged(whole_pickle(), draws)


@functools.cache
def whole_onnx():
    """Return files of several kinds of models."""
    x = gk.Input((None, 3), name="x")
    y, *states = gk.Bidirectional(gk.GRU(2, return_state=True))(gk.Masking()(x))
    models = [
        gk.Sequential([gk.Input((None, 3)), gk.LSTM(4, activation="elu"), gk.Dense(2, "gelu")]),
        gk.Model(x, gk.Concatenate()([y, *states])),
        gk.Sequential([gk.Input((5, 3)), gk.TimeDistributed(gk.Dense(2)), gk.Flatten()]),
        gk.Sequential([gk.Input((5, 3)), gk.LayerNormalization(), gk.SimpleRNN(2)]),
        graph(),
    ]
    return [gk.onnx.export(made).SerializeToString() for made in models]


def onnx_file(draws):
    """Return an ONNX file, damaged in its bytes or in what they mean."""
    from interop.onnx.damage import damaged_parts

    return draws.choice([damaged, damaged_parts])(draws.choice(whole_onnx()), draws)


def model_text(draws):
    """Return the JSON of a model."""
    made = draws.choice([model, graph])()
    if draws.often(0.2):
        return damaged(made.to_json().encode(), draws)
    return json.dumps(damaged_tree(json.loads(made.to_json()), draws)).encode()


def tokenizer_text(draws):
    """Return the JSON of a tokenizer."""
    tokenizer = gk.preprocessing.text.Tokenizer(num_words=5, oov_token="?")
    tokenizer.fit_on_texts(["one two two", "three two"])
    if draws.often(0.3):
        return damaged(tokenizer.to_json().encode(), draws)
    tree = json.loads(tokenizer.to_json())
    name = draws.choice(["word_counts", "word_docs", "word_index", "index_word", "index_docs"])
    tree["config"][name] = json.dumps(damaged_tree(json.loads(tree["config"][name]), draws))
    return json.dumps(damaged_tree(tree, draws) if draws.often() else tree).encode()


CSV = b'when,"what ""is"" it",much\r\n1,2.5,\r\n\r\n"2\n",-1e3,7\r\n3,nan,8\r\n'


def table(draws):
    """Return a CSV file, compressed or not."""
    data = damaged(CSV, draws)
    if draws.often():
        return data
    packed = gzip.compress(data)
    return damaged(packed, draws) if draws.often() else packed


def word_list(draws):
    """Return words and their ranks as JSON."""
    data = json.dumps({"the": 1, "a": 2, "\u00e9": 3}).encode()
    return damaged(data, draws)


def reviews(draws):
    """Return an .npz file of IMDB's reviews, stored flat."""
    arrays = {}
    for part in ("train", "test"):
        arrays[f"{part}_tokens"] = np.arange(9, dtype=draws.choice(["i4", "u2"]))
        arrays[f"{part}_offsets"] = np.array([0, 4, 4, 9])
        arrays[f"{part}_y"] = np.array([1, 0, 1], np.int8)
    if draws.often():
        change_tensors(arrays, draws)
        name = draws.choice(list(arrays))
        if arrays[name].size and arrays[name].dtype.kind in "iu":
            arrays[name].flat[0] = draws.choice([1, 5, 100, 127])
    data = io.BytesIO()
    draws.choice([np.savez, np.savez_compressed])(data, **arrays)
    kind = draws.randrange(3)
    if kind == 0:
        return damaged(data.getvalue(), draws)
    return rezipped(data.getvalue(), draws) if kind == 1 else data.getvalue()


def rezipped(data, draws):
    """Return a zip file with one member's bytes damaged and its checksums right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(out, "w") as made:
        names = whole.namelist()
        hit = draws.choice(names)
        for name in names:
            member = whole.read(name)
            made.writestr(name, damaged(member, draws) if name == hit else member)
    return out.getvalue()
