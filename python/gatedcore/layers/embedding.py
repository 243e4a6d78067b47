"""The embedding: a row of a table for each token."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np

from gatedcore import _core, initializers, keras_arguments
from gatedcore.arrays import Array, Shape, as_tokens
from gatedcore.checks import check_bool, check_count, warn
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.building import Draws
from gatedcore.optimizers.part import Tokens


class Embedding(Layer):
    """Vectors instead of tokens: row ``x`` of a table that is learned.

    Parameters
    ----------
    input_dim : int
        Rows of the table; tokens are integers from 0 to ``input_dim - 1``.
    output_dim : int
        Features of a vector.
    embeddings_initializer : str, Initializer or callable
        First values of the table.
    mask_zero : bool
        Whether token 0 is padding, whose steps do not count in the layers that follow.
    sparse : bool
        Whether training touches only the rows whose tokens are in a batch: the cost of a step then
        follows the batch, not the table. It is another optimizer: what Adam, RMSprop or momentum
        keep of a row changes only in the steps that have its token, while otherwise they go on
        moving rows, and forgetting, in steps without. SGD without momentum and Adagrad are the
        same both ways. Not with weight decay, averages of weights, accumulated gradients, a
        regularizer or a constraint, which concern all rows.
    weights : list of one array-like, or that array, optional
        First values of the table, (input_dim, output_dim): vectors learnt elsewhere.
    input_length : int, optional
        Taken with a warning and of no effect, as in Keras 3.
    **base
        ``input_shape``, ``name``, ``dtype`` and ``seed``; see ``Layer``. Other arguments of Keras
        are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md, embedding.

    Examples
    --------
    >>> words = [[4, 2, 0], [7, 0, 0]]  # 0 is padding
    >>> gk.layers.Embedding(10, 16, mask_zero=True)(words).shape
    (2, 3, 16)
    """

    by_steps = True
    known_arguments = keras_arguments.EMBEDDING
    weight_arguments: ClassVar = {"embeddings": "embeddings"}
    needs_features = False
    attribute_of: ClassVar[Mapping[str, str | None]] = {
        **Layer.attribute_of,
        "weights": None,
        "input_length": None,
    }

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: object = "uniform",
        *,
        mask_zero: bool = False,
        sparse: bool = False,
        weights: object = None,
        input_length: int | None = None,
        input_shape: Sequence[int | None] | None = None,
        **base: Any,
    ) -> None:
        where = type(self).__name__
        self.input_dim = check_count(where, "input_dim", input_dim)
        self.output_dim = check_count(where, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(
            embeddings_initializer, "embeddings_initializer"
        )
        self.mask_zero = check_bool(where, "mask_zero", mask_zero)
        if input_length is not None:
            warn(
                f"{where}: input_length={input_length!r} has no effect, any length is taken; leave "
                "it out"
            )
        self.sparse = check_bool(where, "sparse", sparse)
        self._touched: list[Tokens] = []
        super().__init__(input_shape=input_shape, **base)
        if self.sparse and self.rules:
            raise ValueError(
                f"{where}: sparse=True came with a regularizer or a constraint, expected neither, "
                "as they concern all rows; leave sparse out"
            )
        if weights is not None:
            self.build((None, None))
            listed = isinstance(weights, list | tuple) and len(weights) == 1
            self.set_weights(cast(Sequence[object], weights) if listed else [weights])

    def parameter_shapes(self, features: int) -> dict[str, tuple[int, ...]]:
        return {"embeddings": (self.input_dim, self.output_dim)}

    def draw(self, name: str, shape: tuple[int, ...], draws: Draws) -> Array:
        return draws.draw("embeddings_initializer", self.embeddings_initializer, shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ValueError(
                f"{self.name}: input has no axes, expected (batch, ...) of tokens; add the batch"
            )
        return (*input_shape, self.output_dim)

    def rows_touched(self) -> dict[str, list[Tokens]]:
        return {"embeddings": self._touched} if self.sparse else {}

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        if not self.mask_zero or x.ndim != 2:
            return mask
        own: Mask = x != 0
        return own if mask is None else own & mask

    def as_input(self, where: str, x: object) -> Array:
        return cast(Array, as_tokens(where, "x", x))  # what layers pass on, numbers of some kind

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        tokens = np.require(x, np.int32, ["C", "A"])
        y = _core.embedding_forward(tokens.reshape(-1), self.parameters["embeddings"])
        if training:
            self._saved = tokens
        return y.reshape(*x.shape, self.output_dim)

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        tokens, self._saved = self._saved, None
        rows = np.ascontiguousarray(d_y).reshape(-1, self.output_dim)
        _core.embedding_backward(tokens.reshape(-1), rows, self.gradients["embeddings"])
        if self.sparse:
            self._touched.append(tokens.reshape(-1))
        return None

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_touched": []}  # of gradients that a copy has not
