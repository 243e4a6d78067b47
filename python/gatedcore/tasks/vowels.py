"""Tell nine speakers apart by the same two vowels, from sequences of 7 to 29 frames."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.preprocessing.sequence import pad_sequences
from gatedcore.tasks.console import data_file, print_table, save_plots, task_parser
from gatedcore.tasks.files import cut, read_arrays
from gatedcore.tasks.training import train

Frames = list[npt.NDArray[Any]]
SPEAKERS = 9
SOURCE = (
    "Kudo, Toyama and Shimbo (1999), Japanese Vowels, UCI Machine Learning Repository, as arrays "
    "train_x (frames, 12), train_offsets, train_y, and the same for test"
)


def read(path: Path, part: str) -> tuple[Frames, npt.NDArray[np.int64]]:
    """Return the utterances, each (frames, 12), and their speakers."""
    x, offsets, y = read_arrays(path, [f"{part}_{name}" for name in ("x", "offsets", "y")])
    return cut(x, offsets), y.astype(np.int64)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train on the first speakers' utterances, judge by the others, print and draw the result."""
    parser = task_parser("vowels", str(__doc__), epochs=60)
    data_file(parser, "japanese_vowels.npz", SOURCE)
    options = parser.parse_args(arguments)
    utterances, speakers = read(options.data, "train")
    unseen, expected = read(options.data, "test")
    options.out.mkdir(parents=True, exist_ok=True)
    gk.set_random_seed(options.seed)

    frames = np.concatenate(utterances)
    mean, deviation = frames.mean(axis=0), frames.std(axis=0)

    def padded(sequences: Frames) -> npt.NDArray[Any]:
        # Zeros behind each utterance, which Masking leaves out: no frame is all zeros.
        scaled = [(sequence - mean) / deviation for sequence in sequences]
        return pad_sequences(scaled, dtype="float32", padding="post")

    model = gk.Sequential(
        [
            gk.Masking(input_shape=(None, frames.shape[1])),
            gk.SpatialDropout1D(0.1),
            gk.Bidirectional(gk.GRU(64)),
            gk.Dropout(0.5),
            gk.Dense(SPEAKERS, activation="softmax"),
        ]
    )
    model.compile(gk.Adam(0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    _, seconds = train(
        "GRU in both directions",
        model,
        padded(utterances),
        speakers,
        batch_size=16,
        epochs=options.epochs,
    )
    probabilities = model.predict(padded(unseen))
    accuracy = float(np.mean(probabilities.argmax(axis=1) == expected))
    print_table(
        ["model", "parameters", "seconds", f"accuracy on {len(unseen)} unseen utterances"],
        [["bidirectional GRU", f"{model.count_params():,}", f"{seconds:.1f}", accuracy]],
    )
    save_plots(
        options,
        {"vowels-confusion.png": lambda: gk.plot.plot_confusion(expected, probabilities)},
    )


if __name__ == "__main__":
    main()
