import numpy as np
import pytest

from gatedcore import keras_arguments
from gatedcore.keras_arguments import reject_unsupported


def test_values_that_ask_for_nothing_pass() -> None:
    for name in ("LAYER", "DENSE", "CELL", "SEQUENCE", "OPTIMIZER", "ADAM", "COMPILE", "FIT"):
        table = getattr(keras_arguments, name)
        for argument, values in table.items():
            for value in values:
                reject_unsupported("here", {argument: value}, table)


@pytest.mark.parametrize(
    ("argument", "value", "shown"),
    [
        ("dropout", 0.1, "0.1"),
        ("stateful", True, "True"),
        ("kernel_regularizer", "l2", "'l2'"),
        ("recurrent_regularizer", np.ones(3), "<ndarray>"),
    ],
)
def test_all_else_is_refused_by_name(argument: str, value: object, shown: str) -> None:
    with pytest.raises(ValueError, match=f"here: {argument}={shown} is not supported, expected"):
        reject_unsupported("here", {argument: value}, keras_arguments.SEQUENCE)


def test_unknown_to_keras_too() -> None:
    with pytest.raises(TypeError, match="here: got an unknown argument 'unit'; check its spelling"):
        reject_unsupported("here", {"unit": 1}, keras_arguments.SEQUENCE)
