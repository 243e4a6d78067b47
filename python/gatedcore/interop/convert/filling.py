"""Layers built with weights that lie elsewhere: shapes first, then memory, then values."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatedcore.arrays import Shape
from gatedcore.interop.convert.hdf5 import Stored
from gatedcore.interop.convert.keras_weights import Weights
from gatedcore.layers import Normalization
from gatedcore.layers.base import Layer
from gatedcore.layers.wrappers import Wrapper
from gatedcore.parameters import ParameterVector


def expected_shapes(layer: Layer, input_shape: Shape) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a layer's parameters by name, without making them.

    Parameters
    ----------
    layer : Layer
        Not built.
    input_shape : tuple
        Of a batch.

    Raises
    ------
    ValueError
        If the last size must be known and is not.
    """
    if isinstance(layer, Wrapper):
        inner = zip(layer.within().items(), layer.shapes_within(input_shape), strict=True)
        return {
            f"{before}{name}": shape
            for (before, one), given in inner
            for name, shape in expected_shapes(one, given).items()
        }
    features = input_shape[-1] if input_shape else None
    if features is None:
        if layer.needs_features:
            raise ValueError(
                f"{layer.name}: input has shape {input_shape}, expected a size on the last axis"
            )
        features = 0
    return layer.parameter_shapes(features)


def fill(layer: Layer, input_shape: Shape, found: list[Stored], weights: Weights) -> None:
    """Build a layer with the weights that were found for it.

    Nothing is allocated before the shapes are known to be those of the layer.

    Parameters
    ----------
    layer : Layer
        Not built.
    input_shape : tuple
        Of a batch.
    found : list of Stored
        In Keras's order.
    weights : Weights
        Where they lie.

    Raises
    ------
    ValueError
        If they are not those of such a layer.
    """
    if isinstance(layer, Normalization):
        _fill_moments(layer, found, weights)
        return
    layer.compute_output_shape(input_shape)
    expected = expected_shapes(layer, input_shape)
    check_fit(layer.name, expected, found)
    if expected:
        values = {
            name: np.asarray(weights.read(stored), layer.dtype)
            for name, stored in zip(expected, found, strict=True)
        }
        adopt(layer, values, input_shape)


def adopt(layer: Layer, values: dict[str, Any], input_shape: Shape) -> None:
    """Build a layer with these values as its parameters."""
    vector = ParameterVector([values], layer.dtype)
    layer.adopt(vector, vector.value_views[0], vector.gradient_views[0], input_shape[-1])


def check_fit(name: str, expected: dict[str, tuple[int, ...]], found: list[Stored]) -> None:
    """Raise unless weights that were found are those that a layer has.

    Raises
    ------
    ValueError
        If their number, a shape or a name differs.
    """
    if [stored.shape for stored in found] != list(expected.values()):
        came = ", ".join(f"{_last(s.name)} {s.shape}" for s in found) or "no weights"
        wanted = ", ".join(f"{n} {shape}" for n, shape in expected.items()) or "none"
        raise ValueError(f"layer {name!r} comes with {came}, expected {wanted}")
    for parameter, stored in zip(expected, found, strict=True):
        called = _last(stored.name)
        # Keras 3's files number them; elsewhere the name tells a kernel from a recurrent one.
        if not called.isdecimal() and not parameter.endswith(called):
            raise ValueError(
                f"layer {name!r} comes with {stored.name} in the place of its {parameter}, "
                "expected Keras's order"
            )


def _last(path: str) -> str:
    return path.rpartition("/")[2].partition(":")[0]


def _fill_moments(layer: Normalization, found: list[Stored], weights: Weights) -> None:
    """Give a ``Normalization`` the mean and variance that it was adapted to."""
    if not found:
        return
    if len(found) not in (2, 3):  # the third counts the samples
        raise ValueError(
            f"layer {layer.name!r} comes with {len(found)} weights, expected mean and variance"
        )
    mean, variance = (np.asarray(weights.read(stored), np.float64) for stored in found[:2])
    layer.scaler.take_moments(mean, variance)
