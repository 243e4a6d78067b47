"""All operators that are known here."""

# Each of these registers its operators as it is loaded.
from gatedcore.interop.onnx import (  # noqa: F401
    elementwise,
    indexing,
    products,
    recurrent,
    reductions,
    shaping,
)
from gatedcore.interop.onnx.node import Constants, Node, Run
from gatedcore.interop.onnx.operators import OPERATORS


def computing(node: Node, constants: Constants) -> Run:
    """Return the function that computes a node.

    Parameters
    ----------
    node : Node
        The node.
    constants : sequence of ndarray or None
        Its inputs as far as they are known before it runs.

    Raises
    ------
    ValueError
        If its operator is not known here, or its attributes ask for what is not.
    """
    prepare = OPERATORS.get(node.operator)
    if prepare is None:
        raise node.error(
            f"operator is not supported, expected one of {', '.join(sorted(OPERATORS))}; export "
            "the model without it"
        )
    return prepare(node, constants)
