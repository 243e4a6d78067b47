import gatedcore as gk
from gatedcore.summary import summary_table

# What keras 3 prints for the same layers, but for the frame.
EXPECTED = """\
Model: "forecast"
───────────────────────────────────────
Layer (type)  Output Shape      Param #
───────────────────────────────────────
first (LSTM)  (None, None, 64)   16,896
second (GRU)  (None, 32)          9,408
head (Dense)  (None, 1)              33
───────────────────────────────────────
Total params: 26,337 (102.88 KB)
Trainable params: 26,337 (102.88 KB)
Non-trainable params: 0 (0.00 B)"""


def make(**first: object) -> gk.Sequential:
    return gk.Sequential(
        [
            gk.LSTM(64, return_sequences=True, name="first", **first),
            gk.GRU(32, name="second"),
            gk.Dense(1, name="head"),
        ],
        name="forecast",
    )


def test_table() -> None:
    model = make(input_shape=(None, 1))
    assert summary_table("forecast", model.parts()) == EXPECTED


def test_fixed_length_shows() -> None:
    lines: list[str] = []
    make(input_shape=(30, 1)).summary(print_fn=lines.append)
    assert "(None, 30, 64)" in lines[0]


def test_before_it_is_built() -> None:
    lines: list[str] = []
    make().summary(print_fn=lines.append)
    assert "first (LSTM)  ?             0 (unbuilt)" in lines[0]
    assert "Total params: 0 (0.00 B)" in lines[0]


def test_memory_follows_the_dtype() -> None:
    model = make(input_shape=(None, 1), dtype="float64")
    assert "26,337 (205.76 KB)" in summary_table("", model.parts())


def test_graph():
    a, b = gk.Input((None, 3), name="a"), gk.Input((4,), name="b")
    h = gk.LSTM(4, name="lstm", return_state=True)(a)
    out = gk.Dense(1, name="head")(gk.Add(name="sum")([h[0], b]))
    shown = []
    gk.Model([a, b], out, name="graph").summary(print_fn=shown.append)
    assert shown[0].splitlines()[:9] == [
        'Model: "graph"',
        "──────────────────────────────────────────────────────────────────────",
        "Layer (type)  Output Shape                       Param #  Connected to",
        "──────────────────────────────────────────────────────────────────────",
        "a (Input)     (None, None, 3)                          0  -",
        "b (Input)     (None, 4)                                0  -",
        "lstm (LSTM)   [(None, 4), (None, 4), (None, 4)]      128  a",
        "sum (Add)     (None, 4)                                0  lstm, b",
        "head (Dense)  (None, 1)                                5  sum",
    ]
