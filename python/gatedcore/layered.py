"""What models of layers share, whether they stand in a row or form a graph."""

import os
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from gatedcore.keras_names import missing_attribute
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.tensor import LayerCall
from gatedcore.metrics import Metric
from gatedcore.model_weights import ModelWeights
from gatedcore.persistence import Persistent
from gatedcore.summary import Summarized


class Layered(Summarized, ModelWeights, Persistent):
    """A model of layers: runs them, resets them, keeps their values in one vector."""

    @abstractmethod
    def forward_masked(self, x: Any, training: bool, mask: Mask | None = None) -> tuple[Any, Any]:
        """Return the outputs, as ``forward`` does, and their masks."""

    def forward(self, x: Any, training: bool) -> Any:
        """Return the outputs; in training keep what ``backward`` needs.

        ``x`` is trusted: as ``as_input`` returns it and of a shape that fits. A call that is not
        for training leaves the model unchanged, so several threads may make it at once.
        """
        return self.forward_masked(x, training)[0]

    @abstractmethod
    def way_back(self) -> list[tuple[Layer, bool]]:
        """Return the layers that training goes back through, and whether to their inputs."""

    @abstractmethod
    def in_a_row(self, where: str) -> list[Layer]:
        """Return the layers if each feeds the next one alone; raise if not."""

    @abstractmethod
    def call_of(self, layer: Layer) -> LayerCall | None:
        """Return the first call of a layer in the model's graph, None if there is none yet."""

    @property
    def loss(self) -> Any:
        """What ``compile`` was given as loss; None before."""
        return self._compiled_with.get("loss")

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of ``compile`` as objects, weighted ones last; runs count on copies of them.

        Of several outputs those of each in turn; empty before ``compile``.
        """
        objective: Any = self._objective
        each = [] if objective is None else getattr(objective, "each", [objective])
        return [metric for one in each for metric in (*one.metrics, *one.weighted_metrics)]

    def to_keras(
        self,
        filepath: str | os.PathLike[str] | None = None,
        *,
        compile: bool = True,  # noqa: A002  # Keras's name
        batch_size: int | None = None,
    ) -> Any:
        """Return the model as a Keras model, with the same weights.

        Parameters
        ----------
        filepath : path, optional
            Where to save the Keras model as well: ``.keras``, ``.h5``, or ``.weights.h5`` for
            weights.
        compile : bool
            Whether to compile it as this one is. What Keras does not have is left out with a
            warning, and the model is then not compiled.
        batch_size : int, optional
            Rows of every batch, which Keras must know for ``stateful=True``.

        Returns
        -------
        keras.Model
            A ``keras.Sequential`` or ``keras.Model``.

        Raises
        ------
        ValueError
            If something of the model has no counterpart in Keras; the error names it.
        ModuleNotFoundError
            If Keras is not installed.
        """
        from gatedcore.interop.convert.keras_out import to_keras

        return to_keras(self, filepath, compile=compile, batch_size=batch_size)

    def check_members(self, others: list[str]) -> None:
        """Raise unless the layers may be those of one model, beside inputs of these names.

        Raises
        ------
        ValueError
            If a name comes twice, or a layer belongs to something else than models, or has another
            dtype than the model.
        """
        names = [*others, *(layer.name for layer in self._layers)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"{self.name}: two layers or inputs have the name {name!r}, expected different "
                    "names; pass name=..."
                )
        for layer in self._layers:
            owner = None if layer._owner is None else layer._owner()
            if owner is None or not isinstance(owner, Layered):
                layer.check_free_for(self, None)
            if layer.dtype != self.dtype:
                raise ValueError(
                    f"{self.name}: {layer.name} has dtype {layer.dtype}, expected {self.dtype} as "
                    f"{self._layers[0].name}; give all layers of a model the same dtype"
                )

    def reset_states(self) -> None:
        """Forget what stateful layers carry from batch to batch."""
        for layer in self._layers:
            layer.reset_states()

    reset_state = reset_states  # Keras has both names

    def gather(self) -> None:
        """Take the layers' values into this model's vector again, if another model took them."""
        vector = self._vector
        if vector is None or all(layer._vector is vector for layer in self._layers):
            return
        vector.gradients.fill(0.0)  # the other model's steps took the notes of which rows to clear
        views = zip(self._layers, vector.value_views, vector.gradient_views, strict=True)
        for layer, values, gradients in views:
            for name, value in layer.parameters.items():
                values[name][...] = value
            layer.adopt(vector, values, gradients, layer.input_features)

    if not TYPE_CHECKING:  # to which every name would be there

        def __getattr__(self, name: str) -> Any:
            """Raise; with advice if Keras's models have the method."""
            error = missing_attribute(type(self).__name__, name)
            if error is not None:
                raise error
            return object.__getattribute__(self, name)  # raises, with a property's own message

    # Copies and pickles carry the layers' values; the vector is made anew.

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_vector": None, "_run": None, "_course": None}
