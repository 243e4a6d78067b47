"""Tell ten spoken digits apart, in recordings of 12 to 226 frames by six speakers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.bucketing import BucketBatches
from gatedcore.tasks.console import data_file, print_table, save_plots, task_parser
from gatedcore.tasks.files import cut, read_arrays
from gatedcore.tasks.training import keep_best, train

DIGITS = 10
VALIDATION = 5  # takes of each digit and speaker, the last that are not for the test
SOURCE = (
    "github.com/Jakobovski/free-spoken-digit-dataset as arrays x (frames, 13) of MFCCs, offsets, "
    "digit, take and is_test"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, keep the best epoch, judge by unheard recordings, print and draw the result."""
    parser = task_parser("digits", str(__doc__), epochs=30)
    data_file(parser, "spoken_digits_mfcc.npz", SOURCE)
    options = parser.parse_args(arguments)
    names = ["x", "offsets", "digit", "take", "is_test"]
    x, offsets, digits, takes, is_test = read_arrays(options.data, names)
    recordings, digits, tested = cut(x.astype(np.float32), offsets), digits.astype(int), is_test > 0
    validated = ~tested & (takes > takes.max() - VALIDATION)
    learnt = ~tested & ~validated
    options.out.mkdir(parents=True, exist_ok=True)
    gk.set_random_seed(options.seed)

    frames = np.concatenate([recordings[k] for k in np.flatnonzero(learnt)])
    mean, deviation = frames.mean(axis=0), frames.std(axis=0)

    def batches(part: npt.NDArray[np.bool_], shuffle: bool) -> BucketBatches:
        # Like lengths side by side, and zeros behind the shorter ones, which Masking leaves out.
        scaled = [(recordings[k] - mean) / deviation for k in np.flatnonzero(part)]
        return gk.data.bucket_by_length(scaled, digits[part], padding="post", shuffle=shuffle)

    model = gk.Sequential(
        [
            gk.Masking(input_shape=(None, frames.shape[1])),
            gk.SpatialDropout1D(0.1),
            gk.Bidirectional(gk.GRU(64)),
            gk.Dropout(0.5),
            gk.Dense(DIGITS, activation="softmax"),
        ]
    )
    model.compile(gk.Adam(0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history, seconds = train(
        "GRU in both directions",
        model,
        batches(learnt, shuffle=True),
        epochs=options.epochs,
        validation_data=batches(validated, shuffle=False),
        callbacks=[keep_best(8)],
    )
    unheard = batches(tested, shuffle=False)
    probabilities, expected = model.predict(unheard), digits[tested][unheard.order]
    accuracy = float(np.mean(probabilities.argmax(axis=1) == expected))
    print_table(
        ["model", "parameters", "seconds", f"accuracy on {len(expected)} unheard recordings"],
        [["bidirectional GRU", f"{model.count_params():,}", f"{seconds:.1f}", accuracy]],
    )
    save_plots(
        options,
        {
            "digits-training.png": lambda: gk.plot.plot_history(history, title="Spoken digits"),
            "digits-confusion.png": lambda: gk.plot.plot_confusion(expected, probabilities),
        },
    )


if __name__ == "__main__":
    main()
