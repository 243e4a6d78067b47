"""Saving: models in files, and the names that files may use for classes and functions of yours."""

from gatedcore.archive import SavedFileError
from gatedcore.configs import Configurable, deserialize, serialize
from gatedcore.persistence import load_model, save_model
from gatedcore.registration import (
    custom_object_scope,
    get_custom_objects,
    register_serializable,
)

# Keras's names of the same.
CustomObjectScope = custom_object_scope
register_keras_serializable = register_serializable
serialize_keras_object = serialize
deserialize_keras_object = deserialize

__all__ = [
    "Configurable",
    "CustomObjectScope",
    "SavedFileError",
    "custom_object_scope",
    "deserialize",
    "deserialize_keras_object",
    "get_custom_objects",
    "load_model",
    "register_keras_serializable",
    "register_serializable",
    "save_model",
    "serialize",
    "serialize_keras_object",
]
