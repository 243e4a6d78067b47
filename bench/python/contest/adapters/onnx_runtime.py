"""ONNX Runtime: a graph of one LSTM or GRU node; inference only."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from contest.adapters import NotOfferedError, Prepared
from contest.problem import STEPS_CHECKED, Problem, reorder

ORDER = {"lstm": (0, 3, 1, 2), "gru": (0, 1, 2)}  # ONNX has i o f c and z r h
# The runtime refuses models of a newer format than its own release knows; these are old enough.
OPSET, IR_VERSION = 17, 9


class OnnxRuntime:
    """ONNX Runtime in its own process."""

    def __init__(self, threads: int) -> None:
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = threads
        self._options.inter_op_num_threads = 1
        self._options.log_severity_level = 3

    def versions(self) -> dict[str, str]:
        """Return the versions of runtime and format."""
        return {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}

    def prepare(self, problem: Problem, variant: str) -> Prepared:
        """Return a session's run."""
        case = problem.case
        if case.kind == "train":
            raise NotOfferedError("no training")
        if case.option or (case.kind == "step" and case.T > 1):
            raise NotOfferedError("timed on whole dense sequences and single steps")
        session = onnxruntime.InferenceSession(
            _model(problem).SerializeToString(), self._options, providers=["CPUExecutionProvider"]
        )
        if case.kind == "step":
            return _step(problem, session)

        def forward() -> Any:
            return session.run(["h"], {"x": problem.x})[0]

        return Prepared(forward, lambda: {"h": forward()[:, 0]})


def _model(problem: Problem) -> onnx.ModelProto:
    case, order = problem.case, ORDER[problem.case.cell]
    biases = problem.bias if case.cell == "gru" else np.stack([problem.bias, 0 * problem.bias])
    constants = {
        "w": reorder(problem.kernel, order).T[None],
        "r": reorder(problem.recurrent, order).T[None],
        "b": np.concatenate([reorder(biases[0], order), reorder(biases[1], order)])[None],
    }

    def value(name: str, *shape: int | None) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    inputs = [value("x", None, case.B, case.I)]
    outputs = [value("h", None, 1, case.B, case.H)]
    names, out_names = ["x", "w", "r", "b"], ["h"]
    if case.kind == "step":
        states = ["h0", "c0"] if case.cell == "lstm" else ["h0"]
        inputs += [value(state, 1, case.B, case.H) for state in states]
        names += ["", *states]
        out_names += [f"{s[0]}_last" for s in states]
        outputs += [value(name, 1, case.B, case.H) for name in out_names[1:]]
    extra = {"linear_before_reset": 1} if case.cell == "gru" else {}
    node = helper.make_node(case.cell.upper(), names, out_names, hidden_size=case.H, **extra)
    weights = [
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in constants.items()
    ]
    graph = helper.make_graph([node], "layer", inputs, outputs, weights)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )


def _step(problem: Problem, session: onnxruntime.InferenceSession) -> Prepared:
    case = problem.case
    states = ["h0", "c0"] if case.cell == "lstm" else ["h0"]
    wanted = [f"{s[0]}_last" for s in states]
    zeros = np.zeros((1, case.B, case.H), np.float32)
    feed = {"x": problem.x[:1], **dict.fromkeys(states, zeros)}

    def step() -> np.ndarray:
        last = session.run(wanted, feed)
        feed.update(zip(states, last, strict=True))
        return last[0]

    def results() -> dict[str, np.ndarray]:
        feed.update(dict.fromkeys(states, zeros))
        h = []
        for t in range(STEPS_CHECKED):
            feed["x"] = problem.x[t : t + 1]
            h.append(step()[0])
        return {"h": np.stack(h)}

    return Prepared(step, results)


def adapter(library: str, threads: int) -> OnnxRuntime:
    """Return the adapter."""
    return OnnxRuntime(threads)
