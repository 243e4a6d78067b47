"""The dense layer: the same weights for the last axis of whatever comes in."""

from typing import Any, ClassVar

from gatedcore import _core, initializers, keras_arguments
from gatedcore.activations import apply, gradient, name_of
from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_bool, check_count
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.building import Draws
from gatedcore.unfused import UNFUSED


class Dense(Layer):
    """``activation(x kernel + bias)`` over the last axis.

    Parameters
    ----------
    units : int
        Size of the output.
    activation : str, optional
        Linear by default.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, bias_initializer : str, Initializer or callable
        First values of the weights.
    **base
        ``input_shape``, ``name``, ``dtype`` and ``seed``; see ``Layer``. Other arguments of Keras
        are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md, dense layer.

    Examples
    --------
    >>> gk.Dense(4, activation="softmax")(np.zeros((2, 3))).tolist()
    [[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]]
    """

    by_steps = True
    known_arguments = keras_arguments.DENSE
    weight_arguments: ClassVar = {"kernel": "kernel", "bias": "bias"}

    def __init__(
        self,
        units: int,
        activation: object = None,
        use_bias: bool = True,
        kernel_initializer: object = "glorot_uniform",
        bias_initializer: object = "zeros",
        **base: Any,
    ) -> None:
        where = type(self).__name__
        self.units = check_count(where, "units", units)
        self.activation = name_of(where, "activation", activation, fused=False)
        self.use_bias = check_bool(where, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer, "kernel_initializer")
        self.bias_initializer = initializers.get(bias_initializer, "bias_initializer")
        # What the kernel does, and what NumPy does after it.
        self._row_wise = self.activation in UNFUSED
        self._fused = "linear" if self._row_wise else self.activation
        super().__init__(**base)

    def parameter_shapes(self, features: int) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {"kernel": (features, self.units)}
        if self.use_bias:
            shapes["bias"] = (self.units,)
        return shapes

    def draw(self, name: str, shape: tuple[int, ...], draws: Draws) -> Array:
        if name == "kernel":
            return draws.draw("kernel_initializer", self.kernel_initializer, shape)
        return draws.draw("bias_initializer", self.bias_initializer, shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, ..., features); "
                "add the batch axis, for example x[None]"
            )
        self.check_features(input_shape)
        return (*input_shape[:-1], self.units)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        parameters = self.parameters
        rows = x if x.ndim == 2 else x.reshape(-1, parameters["kernel"].shape[0])
        a = _core.dense_forward(rows, parameters["kernel"], parameters.get("bias"), self._fused)
        y = apply(self.activation, a) if self._row_wise else a
        if training:
            self._saved = rows, a, y
        return y if x.ndim == 2 else y.reshape(*x.shape[:-1], self.units)

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        gradients = self.gradients
        (rows, a, y), self._saved = self._saved, None
        d_rows = d_y if d_y.ndim == 2 else d_y.reshape(y.shape)
        d_x = _core.dense_backward(
            rows,
            self.parameters["kernel"],
            a,
            gradient(self.activation, a, y, d_rows) if self._row_wise else d_rows,
            self._fused,
            need_d_x,
            gradients["kernel"],
            gradients.get("bias"),
        )
        return d_x if d_x is None or d_y.ndim == 2 else d_x.reshape(*d_y.shape[:-1], d_x.shape[1])

    def add_to_stream(self, stream: _core.Stream) -> None:
        if self._row_wise:
            raise ValueError(
                f"{self.name}.stream: layer has activation={self.activation!r}, expected one of "
                "the kernels such as 'sigmoid'; make the layer linear and apply it to what the "
                "stream returns"
            )
        stream.add_dense(self.parameters["kernel"], self.parameters.get("bias"), self.activation)
