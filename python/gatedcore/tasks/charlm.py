"""Learn to write from a text, character by character, and write a few lines."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import gatedcore as gk
from gatedcore.optimizers.schedules import CosineDecay
from gatedcore.tasks.console import (
    count,
    data_file,
    positive,
    print_table,
    save_plots,
    task_parser,
)
from gatedcore.tasks.files import read_text
from gatedcore.tasks.training import keep_best, train

UNITS, STREAMS, CHUNK = 256, 64, 64  # units of a layer; texts side by side; steps of a gradient
RATE, DROPOUT = 0.004, 0.2  # the learning rate at first; the share that is dropped
VALIDATION = 0.1  # the last share of the text
SOURCE = (
    "the works of Shakespeare in one file, github.com/karpathy/char-rnn, data/tinyshakespeare; or "
    "any other text, .gz too"
)
Codes = npt.NDArray[np.int64]


def streams(codes: Codes) -> tuple[Codes, Codes]:
    """Cut a text into equal streams; return them and what follows each character, (B, T) each."""
    steps = (len(codes) - 1) // STREAMS
    used = STREAMS * steps
    return codes[:used].reshape(STREAMS, steps), codes[1 : used + 1].reshape(STREAMS, steps)


def network(kinds: int, first: gk.layers.Layer | gk.Input) -> gk.Sequential:
    """Return two LSTM layers and logits of the next character behind a first layer."""
    layers: list[gk.layers.Layer | gk.Input] = [first]
    for _ in range(2):
        layers += [gk.LSTM(UNITS, return_sequences=True), gk.Dropout(DROPOUT)]
    return gk.Sequential([*layers, gk.Dense(kinds)])


def write(
    model: gk.Sequential, start: Codes, length: int, temperature: float, rng: np.random.Generator
) -> Codes:
    """Return so many characters that the model writes behind ``start``, drawn one by one.

    Below 1 the temperature sharpens the probabilities, above it levels them.
    """
    embeddings, *weights = model.get_weights()
    kinds, width = embeddings.shape
    writer = network(kinds, gk.Input((None, width)))  # a stream takes what the embedding returns
    writer.set_weights(weights)
    stream = writer.stream()
    logits = stream.steps(embeddings[None, start])[0, -1]
    written = np.empty(length, np.int64)
    for k in range(length):
        # The largest sum of logits and Gumbel noise falls on each with its softmax probability.
        written[k] = np.argmax(logits / temperature + rng.gumbel(size=kinds))
        logits = stream.step(embeddings[None, written[k]])[0]
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, keep the best epoch, print its loss on the text's last tenth, and write."""
    parser = task_parser("charlm", str(__doc__), epochs=10)
    data_file(parser, "tinyshakespeare.txt.gz", SOURCE, "--text")
    parser.add_argument(
        "--length", type=count, default=500, metavar="N", help="characters to write (%(default)s)"
    )
    parser.add_argument(
        "--temperature",
        type=positive,
        default=0.7,
        metavar="T",
        help="below 1 the likelier characters are drawn more often (%(default)s)",
    )
    options = parser.parse_args(arguments)
    text = read_text(options.data)
    kinds, codes = np.unique(list(text), return_inverse=True)
    split = int((1 - VALIDATION) * len(codes))
    if len(codes) - split <= STREAMS:
        raise ValueError(
            f"charlm: the text has {len(codes)} characters, expected at least "
            f"{round((STREAMS + 1) / VALIDATION)}; pass a longer one"
        )
    options.out.mkdir(parents=True, exist_ok=True)
    gk.set_random_seed(options.seed)

    x, y = streams(codes[:split])
    model = network(len(kinds), gk.Embedding(len(kinds), 32))
    steps = options.epochs * -(-x.shape[1] // CHUNK)
    model.compile(
        gk.Adam(CosineDecay(RATE, steps, alpha=0.02), global_clipnorm=1.0),
        loss=gk.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history, seconds = train(
        "LSTM",
        model,
        x,
        y,
        batch_size=STREAMS,
        tbptt=CHUNK,
        epochs=options.epochs,
        validation_data=streams(codes[split:]),
        callbacks=[keep_best(3)],
    )
    loss = min(history.history["val_loss"])
    shares = np.bincount(codes[:split], minlength=len(kinds)) + 1.0
    alone = -np.log(shares / shares.sum())[codes[split:]].mean()
    print_table(
        [f"nats for a character, the last {len(codes) - split:,}", "parameters", "seconds", "loss"],
        [
            ["LSTM", f"{model.count_params():,}", f"{seconds:.0f}", f"{loss:.3f}"],
            ["each by its frequency", "", "", f"{alone:.3f}"],
        ],
    )
    rng = np.random.default_rng(options.seed)
    start = codes[split : split + CHUNK]
    written = write(model, start, options.length, options.temperature, rng)
    print("".join(kinds[start]), "".join(kinds[written]), sep="[...]")
    save_plots(
        options,
        {
            "charlm.png": lambda: gk.plot.plot_history(
                history, title="The next character: nats over epochs"
            )
        },
    )


if __name__ == "__main__":
    main()
