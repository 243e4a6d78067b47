"""Draw the pictures of docs/gates.md and print its figures: gates on real text and temperatures.

Usage, from the root of the repository, with gatedcore[plot] installed:

    python docs/img/gates_guide.py FOLDER

FOLDER holds tinyshakespeare.txt.gz (docs/tasks.md, charlm) and daily-min-temperatures.csv
(temperature). It takes about two minutes on one core.
"""

import sys
from pathlib import Path

import numpy as np

import gatedcore as gk
from gatedcore.plot.canvas import COLOURS, pyplot, save_figure, styled
from gatedcore.tasks.csv_column import read_column
from gatedcore.tasks.files import read_text

HERE = Path(__file__).parent
UNITS, STREAMS, CHUNK, EPOCHS = 24, 64, 64, 8  # of the text model
SHOWN = 44  # characters of a picture
CLASSES = {"letter": str.isalpha, "space": " ".__eq__, "line end": "\n".__eq__}
GATES = {gk.LSTM: "ifgo", gk.GRU: "zrn"}
NAMES = {
    "i": "input gate",
    "f": "forget gate",
    "o": "output gate",
    "z": "update gate",
    "r": "reset gate",
}
SHUT, OPEN = -40.0, 40.0  # a bias whose sigmoid is 0, and one whose sigmoid is 1, in float32
NETWORKS = {
    "LSTM, forget bias 5": (gk.LSTM, 5.0),
    "LSTM, forget bias 3": (gk.LSTM, 3.0),
    "LSTM, forget bias 1 (default)": (gk.LSTM, 1.0),
    "LSTM, forget bias 0": (gk.LSTM, 0.0),
    "GRU": (gk.GRU, None),
    "SimpleRNN": (gk.SimpleRNN, None),
}
WIDTH = 32  # their units
LAGS, DRAWS = 200, 20  # of the gradients: days, networks drawn
MEMORY = 100  # days, the first of which is to be remembered
TRAINED, WINDOW = 3000, 30  # of the temperatures: days to learn from, days that are read


def text_model(recurrent, kinds):
    """Return a model of the next character: numbers for characters, one layer, logits."""
    return gk.Sequential(
        [gk.Embedding(kinds, 16), recurrent(UNITS, return_sequences=True), gk.Dense(kinds)]
    )


def trained_on_text(recurrent, codes, split, kinds):
    """Return a trained model, and its held-out text as streams: (B, T) and what follows each."""

    def streams(part):
        steps = (len(part) - 1) // STREAMS
        used = STREAMS * steps
        return part[:used].reshape(STREAMS, steps), part[1 : used + 1].reshape(STREAMS, steps)

    gk.set_random_seed(1)
    model = text_model(recurrent, kinds)
    loss = gk.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(gk.Adam(0.01, global_clipnorm=1.0), loss=loss)
    x, y = streams(codes[:split])
    model.fit(x, y, batch_size=STREAMS, tbptt=CHUNK, epochs=EPOCHS, verbose=0)
    return model, streams(codes[split:])


def trace_of(model, codes):
    """Return gates and states of the recurrent layer over texts (B, T)."""
    embedding, recurrent = model.layers[:2]
    return recurrent.trace(np.asarray(embedding(codes)))


def print_by_class(name, trace, text):
    """Print the mean of each gate after letters, spaces and line ends."""
    print(f"\n{name}: mean of a gate where the step reads a ...")
    of_class = {
        label: np.array([[belongs(c) for c in row] for row in text])
        for label, belongs in CLASSES.items()
    }
    for gate in [g for g in trace.names if g in NAMES]:
        values = getattr(trace, gate)
        means = ", ".join(f"{label} {values[at].mean():.2f}" for label, at in of_class.items())
        moved = np.abs(
            values[of_class["letter"]].mean(axis=0) - values[of_class["line end"]].mean(axis=0)
        )
        unit = int(moved.argmax())
        one = ", ".join(
            f"{label} {values[at][:, unit].mean():.2f}" for label, at in of_class.items()
        )
        print(f"  {NAMES[gate]}: {means}; unit {unit}: {one}")


def forced(model, recurrent, gate, bias):
    """Return a copy of a model, one gate of which has this sum before its activation, always."""
    twin = gk.models.clone_model(model)
    weights = model.get_weights()
    place = GATES[recurrent].index(gate) * UNITS
    columns = slice(place, place + UNITS)
    weights[1][:, columns] = 0.0
    weights[2][:, columns] = 0.0
    weights[3][..., columns] = 0.0
    (weights[3] if weights[3].ndim == 1 else weights[3][0])[columns] = bias
    twin.build(model.input_shape) if not twin.built else None
    twin.set_weights(weights)
    return twin


def loss_on(model, x, y):
    """Return the mean loss of the next character, in nats."""
    model.compile(loss=gk.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer="sgd")
    return float(np.atleast_1d(model.evaluate(x, y, batch_size=STREAMS, verbose=0))[0])


def draw_text(folder):
    """Draw what the gates of an LSTM and of a GRU do while they read; hold gates open and shut."""
    text = read_text(folder / "tinyshakespeare.txt.gz")
    kinds, codes = np.unique(list(text), return_inverse=True)
    split = int(0.9 * len(codes))
    results = {}
    for recurrent in (gk.LSTM, gk.GRU):
        name = recurrent.__name__
        model, (x, y) = trained_on_text(recurrent, codes, split, len(kinds))
        results[name] = {"as trained": loss_on(model, x, y)}
        trace = trace_of(model, x[:, :2000])
        print_by_class(name, trace, kinds[x[:, :2000]])
        begin = "".join(kinds[x[0]]).index("\n\n", SHOWN) - SHOWN // 2
        shown = x[:1, begin : begin + SHOWN]
        tokens = ["⏎" if c == "\n" else "␣" if c == " " else c for c in kinds[shown[0]]]
        figure = trace_of(model, x[:1, : begin + SHOWN])
        save_figure(
            cut_trace(figure, begin).plot(
                tokens=tokens,
                names=[gate for gate in trace.names if gate in "ifocz" or name == "GRU"],
                title=f"{name}: {UNITS} units read {SHOWN} characters",
            ),
            HERE / f"gates-text-{name.lower()}.png",
        )
        for gate in [g for g in GATES[recurrent] if g in NAMES]:
            for label, bias in (("open", OPEN), ("shut", SHUT)):
                results[name][f"{NAMES[gate]} {label}"] = loss_on(
                    forced(model, recurrent, gate, bias), x, y
                )
    shares = np.bincount(codes[:split], minlength=len(kinds)) / split
    alone = -np.log(shares)[codes[split:]].mean()
    print(f"\nnats for a character, each by its frequency: {alone:.2f}")
    plt = pyplot()
    with styled():
        figure, grid = plt.subplots(
            1, 2, figsize=(9.5, 3.2), layout="constrained", sharex=True, width_ratios=(1, 1)
        )
        for axes, (name, losses) in zip(grid, results.items(), strict=True):
            print(name, {label: round(loss, 2) for label, loss in losses.items()})
            labels = list(losses)[::-1]
            colours = [COLOURS[0] if label == "as trained" else COLOURS[1] for label in labels]
            bars = axes.barh(labels, [losses[label] for label in labels], color=colours)
            axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
            axes.axvline(alone, color="#8a8f98", linestyle=":", linewidth=1.0)
            axes.set_title(name)
            axes.set_xlabel("nats for a character; dotted: by frequency alone")
        axes.set_xlim(0, 1.15 * max(max(losses.values()) for losses in results.values()))
    save_figure(figure, HERE / "gates-forced.png")


def cut_trace(trace, begin):
    """Return a trace from this step on."""
    arrays = {name: values[:, begin:] for name, values in trace.arrays().items()}
    return type(trace)(trace.layer_name, trace.x[:, begin:], **arrays)


def built(label, length):
    """Return one of the networks, built for temperatures, with the forget bias of its label."""
    layer_class, bias = NETWORKS[label]
    layer = layer_class(WIDTH, input_shape=(length, 1))
    layer.build((None, length, 1))
    if bias is not None:
        weights = layer.get_weights()
        weights[2][WIDTH : 2 * WIDTH] = bias
        layer.set_weights(weights)
    return layer


def draw_lines(axes, lines):
    """Draw a line for each network, LSTMs solid."""
    for (label, values), colour in zip(lines.items(), (*COLOURS, "#222222"), strict=True):
        axes.semilogy(values, "-" if "LSTM" in label else "--", label=label, color=colour)
    axes.grid(visible=True)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def draw_gradients(scaled):
    """Draw how much of a gradient arrives so many steps back, in networks not yet trained."""
    x = scaled[:LAGS].reshape(1, LAGS, 1)
    left = {}
    print("\nshare of a gradient that is left 10, 50, 100 steps back, of what arrives at the last")
    for label in NETWORKS:
        gk.set_random_seed(1)
        sizes = np.zeros(LAGS)
        for _ in range(DRAWS):
            d_x = built(label, LAGS).vjp(x, np.ones((1, WIDTH))).x
            sizes += np.abs(d_x[0, ::-1, 0])
        left[label] = sizes / sizes[0]
        print(f"  {label}: " + ", ".join(f"{left[label][lag]:.1e}" for lag in (10, 50, 100)))
    with styled():
        figure, axes = pyplot().subplots(figsize=(9.5, 3.6), layout="constrained")
        draw_lines(axes, left)
        axes.set_ylim(1e-12, 3)
        axes.set_xlabel("days back")
        axes.set_ylabel("gradient, 1 at the last day")
    save_figure(figure, HERE / "gates-gradient.png")


def draw_memory(scaled, degree):
    """Train networks to say the first of 100 days after reading all of them."""
    x, _ = gk.data.windows(scaled, length=MEMORY)
    y = x[:, 0]
    always = np.abs(y[TRAINED:] - y[:TRAINED].mean()).mean() / degree
    print(
        f"\nthe first of {MEMORY} days: error in degrees after 1, 5, 20 epochs; mean: {always:.2f}"
    )
    errors = {}
    for label in NETWORKS:
        gk.set_random_seed(1)
        model = gk.Sequential([built(label, MEMORY), gk.Dense(1)])
        model.compile(gk.Adam(0.003, global_clipnorm=1.0), "mse", metrics=["mae"])
        history = model.fit(
            x[:TRAINED],
            y[:TRAINED],
            epochs=20,
            validation_data=(x[TRAINED:], y[TRAINED:]),
            verbose=0,
        )
        errors[label] = np.array(history.history["val_mae"]) / degree
        print(f"  {label}: " + ", ".join(f"{errors[label][k - 1]:.2f}" for k in (1, 5, 20)))
        if label == "GRU":
            opened = model.layers[0].trace(x[TRAINED:]).z.mean(axis=(0, 1))
            print(f"    its most open update gate, after training: {opened.max():.2f}")
    with styled():
        figure, axes = pyplot().subplots(figsize=(9.5, 3.6), layout="constrained")
        draw_lines(axes, errors)
        axes.axhline(always, color="#8a8f98", linestyle=":", linewidth=1.0)
        axes.set_xlabel("epochs")
        axes.set_ylabel("error, degrees")
        axes.locator_params(axis="x", integer=True)
    save_figure(figure, HERE / "gates-memory.png")


def draw_saturation(series):
    """Train on degrees as they are and on scaled ones; draw how often gates are shut or open."""
    units = {
        "degrees": (0.0, 1.0),
        "scaled": (series[:TRAINED].mean(), series[:TRAINED].std()),
    }
    print("\nLSTM of 16 units, tomorrow's temperature: error in degrees, share shut or open")
    gates = {}
    for label, (shift, scale) in units.items():
        x, y = gk.data.windows((series - shift) / scale, length=WINDOW)
        gk.set_random_seed(1)
        model = gk.Sequential([gk.LSTM(16, input_shape=(WINDOW, 1)), gk.Dense(1)])
        model.compile(gk.Adam(0.005), "mse", metrics=["mae"])
        later = (x[TRAINED:], y[TRAINED:])
        history = model.fit(
            x[:TRAINED], y[:TRAINED], epochs=20, validation_data=later, verbose=0
        ).history
        trace = model.layers[0].trace(x[TRAINED:])
        gates[label] = {gate: getattr(trace, gate).ravel() for gate in "ifo"}
        shares = [
            f"{NAMES[g]} {((v < 0.1) | (v > 0.9)).mean():.0%}" for g, v in gates[label].items()
        ]
        errors = [f"{history['val_mae'][epoch - 1] * scale:.2f}" for epoch in (1, 5, 20)]
        print(f"  {label}: after 1, 5, 20 epochs {', '.join(errors)}; {', '.join(shares)}")
    plt = pyplot()
    with styled():
        figure, grid = plt.subplots(2, 3, figsize=(9.5, 3.6), layout="constrained", sharex=True)
        for row, (label, values) in zip(grid, gates.items(), strict=True):
            for axes, (gate, each) in zip(row, values.items(), strict=True):
                axes.hist(each, bins=40, range=(0, 1), color=COLOURS[0])
                axes.set_yticks([])
                axes.set_title(f"{gate}   {NAMES[gate]}, {label}")
    save_figure(figure, HERE / "gates-saturation.png")


def main():
    """Draw all."""
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/img/gates_guide.py FOLDER; see the top of the file")
    folder = Path(sys.argv[1])
    series = read_temperatures(folder)
    scaled = ((series - series.mean()) / series.std()).astype("float32")
    draw_gradients(scaled)
    draw_memory(scaled, 1 / series.std())
    draw_saturation(series)
    draw_text(folder)


def read_temperatures(folder):
    """Return the temperatures of ten years in degrees Celsius."""
    return np.asarray(read_column(folder / "daily-min-temperatures.csv", "Temp"), "float64")


if __name__ == "__main__":
    main()
