"""The kernels behind Keras's TensorFlow backend, eager and in ``tf.function``, with gradients."""

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.ops import control_flow_util

from gatedcore.interop.keras.counts import counts
from gatedcore.interop.keras.recurrence import (
    Call,
    Gradients,
    Operands,
    Results,
    Saved,
    backward,
    forward,
)
from gatedcore.interop.keras.requests import NotServedError
from gatedcore.interop.keras.shelf import shelf

NOTHING_SAVED = -1


def run(call: Call, given: Operands) -> Results:
    """Run one call; see ``backend_hooks.Backend``.

    Raises
    ------
    NotServedError
        If XLA or a GPU is to compute it, or its numbers are neither float32 nor float64.
    """
    if tf.config.list_logical_devices("GPU"):
        raise NotServedError("TensorFlow has a GPU")
    if control_flow_util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()):
        raise NotServedError("XLA compiles it (jit_compile=True), which calls no Python")
    # A custom gradient does not take variables.
    found: dict[str, Any] = {
        name: tf.convert_to_tensor(one) for name, one in given._asdict().items() if one is not None
    }
    dtype = found["kernel"].dtype
    if dtype not in (tf.float32, tf.float64):
        raise NotServedError(f"dtype {dtype.name}")
    mask = tf.cast(found.pop("mask"), tf.bool) if "mask" in found else None
    names, tensors = tuple(found), [tf.cast(tensor, dtype) for tensor in found.values()]
    recurrence = _Recurrence(call, names, mask)
    outputs = recurrence.eager(*tensors) if tf.executing_eagerly() else recurrence.graph(*tensors)
    y, h, c = (*outputs, None)[:3]
    return Results(y, h, c)


def flip(y: Any) -> Any:
    """Return outputs in the reverse order of time."""
    return tf.reverse(y, axis=[1])


def outside_graphs(hooked: Any, original: Any) -> Any:
    """Return ``hooked`` so that AutoGraph does not rewrite it."""
    return tf.autograph.experimental.do_not_convert(hooked)


class _Recurrence:
    """One call: what runs in Python, and what TensorFlow knows of it."""

    def __init__(self, call: Call, names: tuple[str, ...], mask: Any) -> None:
        self._call = call
        self._names = names
        self._mask = mask
        self._differentiated = False
        self._need_d_x = False

    def eager(self, *tensors: Any) -> tuple[Any, ...]:
        """Run at once; the cache waits in the gradient's closure."""

        @tf.custom_gradient
        def recurrence(*tensors: Any) -> Any:
            operands = self._operands([t.numpy() for t in tensors], _numpy(self._mask))
            results, saved = forward(self._call, operands, save=True)
            counts.add_forward()
            assert saved is not None

            def gradient(*d_outputs: Any) -> Any:
                found = backward(saved, *(_numpy(d) for d in d_outputs), need_d_x=True)
                counts.add_backward()
                gradients = [tf.convert_to_tensor(getattr(found, name)) for name in self._names]
                return _once(gradients, (*tensors, *d_outputs))

            return _tensors(results), gradient

        return tuple(recurrence(*tensors))

    def graph(self, *tensors: Any) -> tuple[Any, ...]:
        """Put two calls of Python into the graph; the cache waits on the shelf between them."""
        dtype = tensors[0].dtype
        mask = [] if self._mask is None else [self._mask]
        count = 3 if self._call.cell == "lstm" else 2

        @tf.custom_gradient
        def recurrence(*tensors: Any) -> Any:
            *outputs, number = tf.numpy_function(
                self._run_forward, [*tensors, *mask], [dtype] * count + [tf.int32], stateful=False
            )
            self._set_shapes(outputs, tensors)

            def gradient(*d_outputs: Any) -> Any:
                self._differentiated = True
                operands = [*d_outputs, *tensors, *mask]
                d_x, *others = tf.numpy_function(
                    self._run_backward,
                    [number, *operands],
                    [dtype] * len(tensors),
                    stateful=False,
                )
                # A call of its own, which graphs without a use for it leave out.
                d_x = tf.numpy_function(
                    self._run_input_gradient, [d_x, *operands], dtype, stateful=False
                )
                for found, tensor in zip((d_x, *others), tensors, strict=True):
                    found.set_shape(tensor.shape)
                sources = (*tensors, *d_outputs)
                return _once([d_x], sources) + _once(others, sources)

            return tuple(outputs), gradient

        return tuple(recurrence(*tensors))

    def _run_forward(self, *arrays: Any) -> tuple[Any, ...]:
        # Before a graph runs all of it is traced: nothing is saved that nobody asks for.
        results, saved = forward(self._call, self._split(arrays), save=self._differentiated)
        counts.add_forward()
        number = NOTHING_SAVED if saved is None else shelf.put(saved)
        return (*(a for a in results if a is not None), np.int32(number))

    def _run_backward(self, number: Any, *arrays: Any) -> tuple[Any, ...]:
        gradients = self._gradients(shelf.take(int(number)), arrays)
        counts.add_backward()
        if gradients.x is None:
            gradients = gradients._replace(x=arrays[0][:0])
        return tuple(getattr(gradients, name) for name in self._names)

    def _run_input_gradient(self, d_x: Any, *arrays: Any) -> Any:
        if d_x.size == 0 and not self._need_d_x:
            # Whether it is wanted at all shows here first: this once all is computed again.
            self._need_d_x = True
            d_x = self._gradients(None, arrays).x
        return d_x

    def _gradients(self, saved: Saved | None, arrays: Any) -> Gradients:
        count = 3 if self._call.cell == "lstm" else 2
        if saved is None:
            _, saved = forward(self._call, self._split(arrays[count:]), save=True)
            assert saved is not None
        return backward(saved, *arrays[:count], need_d_x=self._need_d_x)

    def _split(self, arrays: Any) -> Operands:
        masked = self._mask is not None
        return self._operands(arrays[: len(self._names)], arrays[-1] if masked else None)

    def _operands(self, arrays: Any, mask: Any) -> Operands:
        found: dict[str, Any] = dict.fromkeys(Operands._fields)
        found.update(zip(self._names, arrays, strict=True), mask=mask)
        return Operands(**found)

    def _set_shapes(self, outputs: list[Any], tensors: tuple[Any, ...]) -> None:
        x = tensors[0]
        units = tensors[self._names.index("recurrent_kernel")].shape[0]
        steps = [x.shape[1]] if self._call.return_sequences else []
        outputs[0].set_shape([x.shape[0], *steps, units])
        for state in outputs[1:]:
            state.set_shape([x.shape[0], units])


def _numpy(tensor: Any) -> Any:
    return None if tensor is None else tensor.numpy()


def _tensors(results: Results) -> tuple[Any, ...]:
    return tuple(tf.convert_to_tensor(a) for a in results if a is not None)


def _once(gradients: list[Any], sources: tuple[Any, ...]) -> list[Any]:
    """Return gradients that depend on ``sources`` in a way that has no derivative: an error."""

    @tf.custom_gradient
    def identity(*sources: Any) -> Any:
        def gradient(*_: Any) -> Any:
            raise NotImplementedError(
                "gatedcore.keras: a second derivative through a recurrent layer, expected the "
                "first; run such a step without the accelerator"
            )

        return tuple(tf.identity(g) for g in gradients), gradient

    return list(identity(*sources))
