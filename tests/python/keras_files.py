"""Files as Keras writes them, of models of this library; only h5py is needed."""

import io
import json
import zipfile

from gatedcore import configs
from gatedcore.interop.convert.keras_config_out import layer_to_keras
from gatedcore.interop.convert.keras_weights import keys_of, places_of


def config_of(model):
    """Return the config of a Sequential as Keras 3 writes it."""
    shape = {"batch_shape": list(model.input_shape), "dtype": "float32", "name": "input_layer"}
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": shape}
    layers = [first, *(layer_to_keras(layer) for layer in model.layers)]
    config = {"name": model.name, "trainable": True, "layers": layers}
    adam = {"class_name": "Adam", "config": {"name": "adam", "learning_rate": 0.001}}
    told = {"optimizer": adam, "loss": "mse", "metrics": ["mae"], "jit_compile": True}
    data = {"module": "keras", "class_name": "Sequential", "config": config}
    return {**data, "compile_config": told}


def archive_of(config, store, compression=zipfile.ZIP_STORED):
    """Return the bytes of a .keras file."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("model.weights.h5", store)
    return data.getvalue()


def store_of(h5py, model):
    """Return the bytes of Keras 3's file of a model's weights."""
    data = io.BytesIO()
    layers = [configs.serialize(layer) for layer in model.layers]
    with h5py.File(data, "w") as file:
        for key, one, layer in zip(keys_of(layers), layers, model.layers, strict=True):
            places, weights = places_of(one), layer.get_weights()
            each = len(weights) // len(places)
            for k, weight in enumerate(weights):
                file[f"layers/{key}/{places[k // each]}/{k % each}"] = weight
    return data.getvalue()


def legacy_of(h5py, model):
    """Return the bytes of a whole model as Keras 2 writes it to HDF5."""
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file.attrs["model_config"] = json.dumps(config_of(model))
        file.attrs["training_config"] = json.dumps(config_of(model)["compile_config"])
        for layer in model.layers:
            group = file.create_group(f"model_weights/{layer.name}")
            paths = [f"{layer.name}/{name}:0" for name in layer.parameters]
            group.attrs["weight_names"] = paths
            for path, weight in zip(paths, layer.get_weights(), strict=True):
                group[path] = weight
    return data.getvalue()
