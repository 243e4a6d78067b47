"""Tell nine speakers apart by the same two vowels, from sequences of 7 to 29 frames."""

import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.preprocessing.sequence import pad_sequences
from gatedcore.tasks.console import EpochBar, data_file, print_table, save_plots, task_parser

Frames = list[npt.NDArray[np.float32]]
SPEAKERS = 9
SOURCE = (
    "Kudo, Toyama and Shimbo (1999), Japanese Vowels, UCI Machine Learning Repository, as arrays "
    "train_x (frames, 12), train_offsets, train_y, and the same for test"
)


def read(path: Path, part: str) -> tuple[Frames, npt.NDArray[np.int64]]:
    """Return the utterances, each (frames, 12), and their speakers."""
    with np.load(path) as arrays:
        x, offsets = arrays[f"{part}_x"], arrays[f"{part}_offsets"]
        y = arrays[f"{part}_y"].astype(np.int64)
    return [x[a:b] for a, b in itertools.pairwise(offsets)], y


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
    begin = time.perf_counter()
    model.fit(
        padded(utterances),
        speakers,
        batch_size=16,
        epochs=options.epochs,
        verbose=0,
        callbacks=[EpochBar("GRU in both directions")],
    )
    seconds = time.perf_counter() - begin
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
