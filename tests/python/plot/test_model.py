"""Models as SVG."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

import gatedcore as gk
from gatedcore.plot import plot_model

NAMESPACE = "{http://www.w3.org/2000/svg}"


def model() -> gk.Sequential:
    return gk.Sequential(
        [
            gk.LSTM(5, return_sequences=True, input_shape=(None, 2), name="first"),
            gk.GRU(3, name="a<b>&c"),
            gk.Dense(1, name="last"),
        ]
    )


def texts(picture: str) -> list[str]:
    return [str(text.text) for text in ET.fromstring(picture).iter(f"{NAMESPACE}text")]


def test_boxes_in_order() -> None:
    assert texts(plot_model(model(), None)) == ["Input", "LSTM", "GRU", "Dense"]
    assert texts(plot_model(model(), None, show_layer_names=True))[1:] == [
        "first (LSTM)", "a<b>&c (GRU)", "last (Dense)"
    ]  # fmt: skip
    shown = texts(plot_model(model(), None, show_shapes=True, show_dtype=True))
    assert shown == [
        "Input", "(None, None, 2)", "float32",
        "LSTM", "(None, None, 5)", "160 parameters", "float32",
        "GRU", "(None, 3)", "90 parameters", "float32",
        "Dense", "(None, 1)", "4 parameters", "float32",
    ]  # fmt: skip


def test_boxes_do_not_overlap_and_lie_within_the_picture() -> None:
    root = ET.fromstring(plot_model(model(), None, show_shapes=True, show_layer_names=True))
    boxes = [
        {side: float(box.attrib[side]) for side in ("x", "y", "width", "height")}
        for box in list(root.iter(f"{NAMESPACE}rect"))[1:]
    ]
    assert len(boxes) == 4
    for above, below in pairwise(boxes):
        assert above["y"] + above["height"] < below["y"]
    last = boxes[-1]
    assert last["y"] + last["height"] < float(root.attrib["height"])
    assert last["x"] + last["width"] < float(root.attrib["width"])


def test_written_to_a_file_and_shown_in_a_notebook(tmp_path: Path) -> None:
    path = tmp_path / "new" / "chain.svg"
    picture = plot_model(model(), path)
    assert path.read_text(encoding="utf-8") == picture
    assert picture._repr_svg_() == picture
    assert gk.utils.plot_model is plot_model


def test_a_model_without_shapes() -> None:
    assert texts(plot_model(gk.Sequential([gk.GRU(3)]), None)) == ["Input", "GRU"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"model": gk.GRU(3)}, TypeError, "model has type GRU, expected a Sequential or a Model"),
        ({"model": gk.Sequential()}, ValueError, "model has no layers, expected some; add"),
        (
            {"model": gk.Sequential([gk.GRU(3)]), "show_shapes": True},
            ValueError,
            "model is not built, expected one that is; give its first layer an input_shape",
        ),
        (
            {"to_file": "model.png"},
            ValueError,
            "to_file is 'model.png', expected a name that ends in .svg; pass 'model.svg', and turn",
        ),
        ({"show_shapes": 1}, TypeError, "show_shapes is 1, expected True or False"),
        ({"show_dtype": 1}, TypeError, "show_dtype is 1, expected True or False"),
        ({"show_layer_names": 1}, TypeError, "show_layer_names is 1, expected True or False"),
        ({"rankdir": "LR"}, ValueError, "rankdir='LR' is not supported, expected 'TB'"),
        ({"colour": "red"}, TypeError, "got an unknown argument 'colour'"),
    ],
)
def test_bad_arguments(change: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="plot_model: " + re.escape(message)):
        plot_model(**{"model": model(), "to_file": None, **change})


def test_a_graph_has_a_box_for_each_call_and_an_arrow_for_each_way() -> None:
    a, b = gk.Input((None, 3), name="a"), gk.Input((None, 3), name="b")
    shared = gk.LSTM(4, name="shared")
    out = gk.Dense(1, name="head")(gk.Concatenate(name="both")([shared(a), shared(b)]))
    picture = plot_model(gk.Model([a, b], out), None, show_layer_names=True, show_shapes=True)
    shown = texts(picture)
    assert shown.count("shared (LSTM)") == 2
    assert {"a (Input)", "b (Input)", "both (Concatenate)", "(None, 8)"} <= set(shown)
    arrows = list(ET.fromstring(picture).iter(f"{NAMESPACE}path"))
    assert len(arrows) == 2 * 5  # a line and a tip for each
