"""Files read: from paths, bytes and models; what is damaged or not supported is named."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import helper, numpy_helper

import gatedcore as gk
from gatedcore.interop.onnx.load import NEWEST_OPSET
from interop.onnx.models import model_of, one_node, value

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_a_path_bytes_and_a_model_are_read(tmp_path):
    model = one_node("Neg", {"x": X})
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), model):
        np.testing.assert_array_equal(gk.onnx.load(source)(X), -X)


def test_something_else_is_refused():
    with pytest.raises(TypeError, match="source has type int, expected a path, bytes"):
        gk.onnx.load(3)
    with pytest.raises(FileNotFoundError):
        gk.onnx.load("no such file.onnx")


def test_files_have_a_limit(tmp_path):
    path = tmp_path / "model.onnx"
    onnx.save(one_node("Neg", {"x": X}), path)
    size = path.stat().st_size
    gk.onnx.load(path, max_file=size)
    for source in (path, path.read_bytes()):
        with pytest.raises(ValueError, match=f"file has {size} bytes, expected at most {size - 1}"):
            gk.onnx.load(source, max_file=size - 1)


@pytest.mark.parametrize("data", [b"no model at all", b"\x08", b"\x00" * 50, b"\xff" * 50])
def test_what_is_no_model_is_refused(data):
    with pytest.raises(ValueError, match=r"gk\.onnx\.load: "):
        gk.onnx.load(data)


def test_nothing_at_all_is_no_model(tmp_path):
    (tmp_path / "empty.onnx").touch()
    for source in (b"", tmp_path / "empty.onnx"):
        with pytest.raises(ValueError, match="file is empty, expected an ONNX model"):
            gk.onnx.load(source)
    with pytest.raises(ValueError, match="opset is missing, expected one from 7"):
        gk.onnx.load(onnx.ModelProto())


@pytest.mark.parametrize("opset", [1, 6, NEWEST_OPSET + 1])
def test_other_opsets_are_refused(opset):
    with pytest.raises(ValueError, match=f"opset is {opset}, expected one from 7 to"):
        gk.onnx.load(one_node("Neg", {"x": X}, opset=opset))


def test_other_domains_may_be_named_but_not_used():
    model = one_node("Neg", {"x": X})
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    gk.onnx.load(model)
    model.graph.node[0].domain = "com.microsoft"
    with pytest.raises(ValueError, match=r"domain 'com\.microsoft'"):
        gk.onnx.load(model)


def test_initializers_are_no_inputs():
    model = one_node("Add", {"x": X, "w": X})
    model.graph.initializer.append(numpy_helper.from_array(2 * X, "w"))
    loaded = gk.onnx.load(model)
    assert loaded.input_names == ["x"]  # "w" stands among the inputs of the file as well
    np.testing.assert_array_equal(loaded(X), 3 * X)


def test_constants_are_known_before():
    nodes = [
        helper.make_node("Constant", [], ["two"], value_ints=[2, 3]),
        helper.make_node("Expand", ["x", "two"], ["y"]),
    ]
    model = gk.onnx.load(model_of(nodes, {"x": X[:1]}, {"y": X.dtype}))
    np.testing.assert_array_equal(model(X[:1]), [X[0], X[0]])


def test_sizes_without_a_number_are_any():
    model = one_node("Neg", {"x": X})
    del model.graph.input[:]
    model.graph.input.append(value("x", X, shape=["batch", None]))
    loaded = gk.onnx.load(model)
    assert loaded.inputs[0].shape == (None, None)
    assert loaded(np.ones((5, 7))).shape == (5, 7)


NEG = ("Neg", ["x"], ["y"])


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([("Neg", ["z"], ["y"])], r"node 0 \(Neg\): input 'z' comes from nothing before"),
        ([("Add", ["x", "b"], ["a"]), ("Neg", ["a"], ["b"]), NEG], "input 'b' comes from nothing"),
        ([("Neg", ["y"], ["y"])], "input 'y' comes from nothing before.*no cycles"),
        ([NEG, NEG], "output 'y' is a value already"),
        ([("Neg", ["x"], ["x"])], "output 'x' is a value already"),
        ([("Neg", ["x"], ["z"])], "output 'y' comes from no node"),
        ([("Einsum", ["x"], ["y"])], "attribute 'equation' is missing"),
        (
            [("Det", ["x"], ["y"])],
            r"node 0 \(Det\): operator is not supported, expected one of Abs",
        ),
        ([("NoSuch", ["x"], ["y"])], "has no such operator"),
    ],
)
def test_graphs_that_do_not_hang_together(nodes, message):
    made = [helper.make_node(*node) for node in nodes]
    with pytest.raises(ValueError, match=message):
        gk.onnx.load(model_of(made, {"x": X}, {"y": X.dtype}))


def test_names_are_different():
    model = model_of([helper.make_node(*NEG)], {"x": X}, {"y": X.dtype})
    model.graph.input.append(model.graph.input[0])
    with pytest.raises(ValueError, match="two values have the name 'x'"):
        gk.onnx.load(model)
    model = one_node("Add", {"x": X, "w": X})
    model.graph.initializer.extend([numpy_helper.from_array(X, "w")] * 2)
    with pytest.raises(ValueError, match="initializer 'w' has no name of its own"):
        gk.onnx.load(model)


def test_what_is_not_read_is_refused():
    model = one_node("Neg", {"x": X})
    model.functions.add(name="f", domain="own")
    with pytest.raises(ValueError, match="model has functions of its own"):
        gk.onnx.load(model)
    model = one_node("Neg", {"x": X})
    model.training_info.add()
    with pytest.raises(ValueError, match="model has a training part"):
        gk.onnx.load(model)
    model = one_node("Neg", {"x": X})
    model.graph.sparse_initializer.add()
    with pytest.raises(ValueError, match="model has sparse initializers"):
        gk.onnx.load(model)
    model = one_node("Neg", {"x": X})
    del model.graph.output[:]
    with pytest.raises(ValueError, match="graph has no outputs"):
        gk.onnx.load(model)


def test_inputs_are_tensors():
    model = one_node("Neg", {"x": X})
    model.graph.input[0].CopyFrom(helper.make_tensor_sequence_value_info("x", 1, [2]))
    with pytest.raises(ValueError, match="input 'x' is no tensor with a name"):
        gk.onnx.load(model)


def test_limits_are_numbers():
    with pytest.raises(ValueError, match="max_file is 0"):
        gk.onnx.load(b"", max_file=0)
    with pytest.raises(TypeError, match="max_memory is 'all'"):
        gk.onnx.load(one_node("Neg", {"x": X}), max_memory="all")
