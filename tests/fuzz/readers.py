"""All that reads files, as targets for a fuzzer: each refuses a damaged file by an error naming it.

A reader may return, or raise a ValueError (that of JSON a TypeError too) that says what was read,
and take memory in proportion to the file. ``atheris_main.py`` drives them.
"""

import functools
import re
import sys
import tempfile
import tracemalloc
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import damaged_files
import gatedcore as gk
from draws import Draws
from gatedcore.datasets import imdb
from gatedcore.interop.convert.foreign import FACTOR
from gatedcore.preprocessing import TextVectorization
from gatedcore.preprocessing.text import tokenizer_from_json
from gatedcore.tasks.csv_column import read_column

SLACK = 4 << 20  # the objects of the smallest model, and what its training takes
MEMORY = 10**6  # of an ONNX model that runs


@functools.cache
def target():
    return damaged_files.model()


def go_on(path):
    """Train on from a backup."""
    backup = gk.callbacks.BackupAndRestore(path.parent, 1, delete_checkpoint=False)
    data = damaged_files.series()
    damaged_files.model().fit(*data, epochs=3, batch_size=2, callbacks=[backup], verbose=0)


def load_and_run(path):
    """Load an ONNX model, run it, and make layers of it."""
    model = gk.onnx.load(path, max_memory=MEMORY)
    shapes = [(2, 4, 3) if one.shape is None else one.shape for one in model.inputs]
    if any(n is not None and n > 20 for shape in shapes for n in shape):
        return
    given = {
        one.name: np.ones([4 if n is None else n for n in shape]).astype(one.dtype)
        for one, shape in zip(model.inputs, shapes, strict=True)
    }
    try:
        model.run(given)
    finally:
        model.to_sequential()


def append(path):
    """Go on in a log."""
    logger = gk.CSVLogger(path, append=True)
    try:
        logger.on_train_begin()
    finally:
        logger.on_train_end()


def read_text(read):
    """Return a reader of paths for one of texts."""

    def of_path(path):
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            return
        read(text)

    return of_path


# What makes a file, its name, what reads it, and how messages begin; where the file's name is not
# known to the reader it cannot be in them.
READERS = {
    "model": (
        functools.partial(damaged_files.archive_file, "model"),
        "a.safetensors",
        gk.load_model,
        "load_model: PATH",
    ),
    "weights": (
        functools.partial(damaged_files.archive_file, "weights"),
        "a.safetensors",
        lambda path: target().load_weights(path),
        "load_weights: PATH",
    ),
    "backup": (
        functools.partial(damaged_files.archive_file, "backup"),
        "backup.safetensors",
        go_on,
        "BackupAndRestore: PATH|training step: loss is",
    ),
    "keras": (damaged_files.keras_file, "a.keras", gk.from_keras, "from_keras: PATH"),
    "keras_old": (damaged_files.old_keras_file, "a.h5", gk.from_keras, "from_keras: PATH"),
    "keras_weights": (
        damaged_files.keras_weights,
        "a.weights.h5",
        lambda path: target().load_weights(path),
        "load_weights: PATH",
    ),
    "torch": (damaged_files.torch_file, "a.safetensors", gk.from_torch, "from_torch: PATH"),
    "pickle": (damaged_files.pickled_file, "a.pt", gk.from_torch, "from_torch: PATH"),
    "onnx": (damaged_files.onnx_file, "a.onnx", load_and_run, "gk.onnx"),
    "json": (
        damaged_files.model_text,
        "a.json",
        read_text(gk.models.model_from_json),
        "model_from_json: json_string",
    ),
    "tokenizer": (
        damaged_files.tokenizer_text,
        "a.json",
        read_text(tokenizer_from_json),
        "tokenizer_from_json: ",
    ),
    "csv": (
        damaged_files.table,
        "a.csv.gz",
        lambda path: read_column(path, "much", gap=""),
        "read_(text|column): .*PATH",
    ),
    "words": (
        damaged_files.word_list,
        "a.json",
        imdb.get_word_index,
        "imdb.get_word_index: PATH",
    ),
    "log": (
        lambda draws: damaged_files.damaged(damaged_files.CSV, draws),
        "log.csv",
        append,
        "CSVLogger: PATH",
    ),
    "vocabulary": (
        lambda draws: damaged_files.damaged("the\na\n\u00e9\n".encode(), draws),
        "words.txt",
        lambda path: TextVectorization(vocabulary=path),
        "TextVectorization.set_vocabulary: PATH",
    ),
    "reviews": (damaged_files.reviews, "a.npz", imdb.load_data, "imdb.load_data: PATH"),
}

# Of other people's, what the readers of their files need.
NEEDS = {
    "keras": "h5py",
    "keras_old": "h5py",
    "keras_weights": "h5py",
    "onnx": "onnx",
    "pickle": "torch",
}


def ready():
    """Return the names of those that can run here, and print which cannot."""
    missing = {name for name, needed in NEEDS.items() if find_spec(needed) is None}
    for name in sorted(missing):
        print(f"{name:14} left out: {NEEDS[name]} is not installed", file=sys.stderr)
    return [name for name in READERS if name not in missing]


def reading(name):
    """Return a function that has a reader read the file that some bytes stand for."""
    make, file_name, read, beginning = READERS[name]
    make(Draws(b""))  # so that what is imported on first use does not count as memory

    folder = tempfile.TemporaryDirectory(prefix="gatedcore-fuzz-")  # goes with the function
    path = Path(folder.name, file_name)
    message = re.compile(beginning.replace("PATH", re.escape(str(path))))

    def one_input(data, _folder=folder):
        file = make(Draws(data))
        path.write_bytes(file)
        tracemalloc.start()
        try:
            read(path)
        except ValueError as error:
            if not message.match(str(error)):
                raise
        except TypeError as error:
            if name != "json" or not message.match(str(error)):
                raise
        except MemoryError:
            if name != "json":  # a config may ask for any size: no file to measure it by
                raise
            return  # NumPy counts what it did not get too
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak <= FACTOR * len(file) + SLACK, f"{len(file)} bytes took {peak}"

    return one_input
