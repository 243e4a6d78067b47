"""The symbolic call that a layer is known by: ``layer.input`` and ``layer.output``."""

from typing import Any

from gatedcore.layers.tensor import LayerCall, Tensor


class Recorded:
    """What remembers the first call on symbolic tensors, as Keras's layers do."""

    name: str
    _first_call: LayerCall | None = None

    def note_call(self, made: Tensor | tuple[Tensor, ...]) -> None:
        """Remember what a call returned, if it is the first."""
        if self._first_call is None:
            self._first_call = (made[0] if isinstance(made, tuple) else made).call

    def first_call(self) -> LayerCall | None:
        """Return the first call on symbolic tensors, None if there was none."""
        return self._first_call

    @property
    def input(self) -> Any:
        """What the layer was first called on: a tensor, or a list of several."""
        return _one_or_all(self._need_call("input").inputs)

    @property
    def output(self) -> Any:
        """What the first call on symbolic tensors returned: a tensor, or a list of several."""
        return _one_or_all(self._need_call("output").outputs)

    def _need_call(self, what: str) -> LayerCall:
        call = self.first_call()
        if call is None:
            raise AttributeError(
                f"{self.name}.{what}: layer was not called on a symbolic tensor yet, expected that "
                "it was; call it on gatedcore.Input(shape), or build the model that it is in"
            )
        return call


def _one_or_all(tensors: tuple[Tensor, ...]) -> Any:
    return tensors[0] if len(tensors) == 1 else list(tensors)
