"""Learn from film reviews whether they praise or complain, and judge a sentence of yours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import gatedcore as gk
from gatedcore.datasets import imdb
from gatedcore.preprocessing.sequence import pad_sequences
from gatedcore.tasks import sentences
from gatedcore.tasks.console import data_file, print_table, save_plots, task_parser
from gatedcore.tasks.training import keep_best, train

WORDS, LENGTH = 10_000, 200  # the most frequent words, and the last so many of a review
SENTENCE = "a wonderful film with a brilliant cast and a moving story"
SOURCE = (
    "Maas et al. (2011), ai.stanford.edu/~amaas/data/sentiment; Keras's imdb.npz; or two texts of "
    "a sentence a line, praise and complaints, such as Pang and Lee's rt-polarity"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, keep the best epoch, print the accuracy on unseen reviews and the verdict."""
    parser = task_parser("sentiment", str(__doc__), epochs=5)
    data_file(parser, "imdb_tokens.npz", SOURCE, nargs="+")
    parser.add_argument(
        "--words",
        type=Path,
        metavar="FILE",
        help="the words by rank, a JSON file as Keras's or a text with one a line (.gz too)",
    )
    parser.add_argument("--sentence", default=SENTENCE, metavar="TEXT", help="what to judge")
    options = parser.parse_args(arguments)
    ranks = None if options.words is None else imdb.get_word_index(options.words)
    files = options.data if isinstance(options.data, list) else [options.data]
    if len(files) > 2:
        parser.error("argument --data: expected one file of reviews, or two of sentences")
    known: tuple[Any, Any]  # sequences of numbers, and whether they praise
    unseen: tuple[Any, Any]
    if len(files) == 2:
        known, unseen, ranks = sentences.load(files[0], files[1], WORDS, options.seed)
    else:
        known, unseen = imdb.load_data(files[0], num_words=WORDS)
    length = min(LENGTH, max(map(len, known[0])))
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
        pad_sequences(known[0], maxlen=length),
        known[1],
        batch_size=128,
        epochs=options.epochs,
        validation_split=0.2,
        callbacks=[keep_best(options.epochs)],
    )
    probabilities = model.predict(pad_sequences(unseen[0], maxlen=length), batch_size=128)[:, 0]
    accuracy = float(np.mean((probabilities > 0.5) == unseen[1]))
    print_table(
        ["model", "parameters", "seconds", f"accuracy on {len(unseen[1])} unseen reviews"],
        [["LSTM", f"{model.count_params():,}", f"{seconds:.0f}", accuracy]],
    )
    if ranks is not None:
        numbers = sentences.encode(options.sentence, ranks, WORDS)
        praised = float(model(pad_sequences([numbers], maxlen=length))[0, 0])
        verdict, confidence = ("praise", praised) if praised > 0.5 else ("complaint", 1 - praised)
        print(f'"{options.sentence}": {verdict}, {confidence:.0%} sure')
    save_plots(
        options,
        {
            "sentiment-training.png": lambda: gk.plot.plot_history(
                history, title="Film reviews: praise or complaint"
            ),
            "sentiment-confusion.png": lambda: gk.plot.plot_confusion(
                unseen[1], probabilities[:, None], ["complaint", "praise"]
            ),
        },
    )


if __name__ == "__main__":
    main()
