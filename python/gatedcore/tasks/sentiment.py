"""Learn from film reviews whether they praise or complain, and judge a sentence of yours."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.datasets import imdb
from gatedcore.preprocessing.sequence import pad_sequences
from gatedcore.tasks.console import data_file, print_table, save_plots, task_parser
from gatedcore.tasks.training import keep_best, train

WORDS, LENGTH = 10_000, 200  # the most frequent words, and the last so many of a review
START, UNKNOWN, INDEX_FROM = 1, 2, 3  # of datasets.imdb
SENTENCE = "a wonderful film with a brilliant cast and a moving story"
SOURCE = "Maas et al. (2011), ai.stanford.edu/~amaas/data/sentiment; Keras's imdb.npz"


def encode(sentence: str, ranks: dict[str, int]) -> npt.NDArray[Any]:
    """Return a sentence as a review (1, LENGTH) of word numbers."""
    words = re.findall(r"[\w']+", sentence.lower())
    numbers = [ranks.get(word, WORDS) + INDEX_FROM for word in words]
    known = [number if number < WORDS else UNKNOWN for number in numbers]
    return pad_sequences([[START, *known]], maxlen=LENGTH)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, keep the best epoch, print the accuracy on unseen reviews and the verdict."""
    parser = task_parser("sentiment", str(__doc__), epochs=5)
    data_file(parser, "imdb_tokens.npz", SOURCE)
    parser.add_argument(
        "--words",
        type=Path,
        metavar="FILE",
        help="the words by rank, a JSON file as Keras's or a text with one a line (.gz too)",
    )
    parser.add_argument("--sentence", default=SENTENCE, metavar="TEXT", help="what to judge")
    options = parser.parse_args(arguments)
    ranks = None if options.words is None else imdb.get_word_index(options.words)
    (reviews, praise), (unseen, expected) = imdb.load_data(options.data, num_words=WORDS)
    options.out.mkdir(parents=True, exist_ok=True)
    gk.set_random_seed(options.seed)

    model = gk.Sequential(
        [
            gk.Embedding(WORDS, 32),
            gk.LSTM(64, dropout=0.2, recurrent_dropout=0.2),
            gk.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history, seconds = train(
        "LSTM",
        model,
        pad_sequences(reviews, maxlen=LENGTH),
        praise,
        batch_size=128,
        epochs=options.epochs,
        validation_split=0.2,
        callbacks=[keep_best(options.epochs)],
    )
    probabilities = model.predict(pad_sequences(unseen, maxlen=LENGTH), batch_size=128)[:, 0]
    accuracy = float(np.mean((probabilities > 0.5) == expected))
    print_table(
        ["model", "parameters", "seconds", f"accuracy on {len(unseen)} unseen reviews"],
        [["LSTM", f"{model.count_params():,}", f"{seconds:.0f}", accuracy]],
    )
    if ranks is not None:
        praised = float(model(encode(options.sentence, ranks))[0, 0])
        verdict, confidence = ("praise", praised) if praised > 0.5 else ("complaint", 1 - praised)
        print(f'"{options.sentence}": {verdict}, {confidence:.0%} sure')
    save_plots(
        options,
        {
            "sentiment-training.png": lambda: gk.plot.plot_history(
                history, title="Film reviews: praise or complaint"
            ),
            "sentiment-confusion.png": lambda: gk.plot.plot_confusion(
                expected, probabilities[:, None], ["complaint", "praise"]
            ),
        },
    )


if __name__ == "__main__":
    main()
