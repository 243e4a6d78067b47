"""The face of a task on the command line: its options, its progress, its results."""

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import gatedcore as gk

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Parser(argparse.ArgumentParser):
    """A parser whose errors read as all others of the command: ``gatedcore: ...``, exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Leave with a message."""
        self.exit(2, f"gatedcore: {message}; see {self.prog} --help\n")


def task_parser(name: str, description: str, epochs: int) -> Parser:
    """Return a parser with the options that all tasks have."""
    parser = Parser(prog=f"gatedcore run {name}", description=description, allow_abbrev=False)
    parser.add_argument(
        "--epochs",
        type=count,
        default=epochs,
        metavar="N",
        help="passes over the data (%(default)s)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="random seed (%(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where the plots go; made if absent (the current folder)",
    )
    parser.add_argument("--no-plot", action="store_true", help="draw no plots")
    return parser


def data_file(
    parser: Parser, name: str, source: str, *others: str, nargs: str | None = None
) -> None:
    """Add ``--data``, which a task on real data needs.

    Parameters
    ----------
    parser : Parser
        From ``task_parser``.
    name : str
        What the file is called; in the current folder it is found by itself.
    source : str
        Where the data come from, for who has none.
    *others : str
        Other names of the option.
    nargs : str, optional
        "+" for several files, as a list; the default stays a single one.
    """

    def existing(text: str) -> Path:
        path = Path(text)
        if not path.is_file():
            raise argparse.ArgumentTypeError(f"there is no file {text!r}; the data are {source}")
        return path

    parser.add_argument(
        "--data",
        *others,
        type=existing,  # of the default too
        nargs=nargs,
        default=name,
        metavar="FILE",
        help=f"the data ({name} in the current folder): {source}",
    )


def data_folder(parser: Parser, source: str) -> None:
    """Add ``--data`` of a task that reads several files: ``options.data(name)`` is one's path.

    Parameters
    ----------
    parser : Parser
        From ``task_parser``.
    source : str
        Where the data come from, for who has none.
    """

    def finder(folder: str) -> Callable[[str], Path]:
        def find(name: str) -> Path:
            path = Path(folder) / name
            if not path.is_file():
                parser.error(f"argument --data: there is no file {path}; the data are {source}")
            return path

        return find

    parser.add_argument(
        "--data",
        type=finder,
        default=".",
        metavar="DIR",
        help=f"the folder of the data (the current one): {source}",
    )


def count(text: str) -> int:
    """Return a positive integer.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def positive(text: str) -> float:
    """Return a number above 0.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def seed(text: str) -> int:
    """Return a random seed.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is none.
    """
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 2**32 - 1")
    return int(text)


class EpochBar(gk.Callback):
    """One progress bar for a whole training, on standard error, the first process's."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._bar: Any = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Open the bar."""
        from tqdm.auto import tqdm

        # A log file gets a line now and then instead of ten a second.
        interval = 0.1 if sys.stderr.isatty() else 10.0
        self._bar = tqdm(
            total=self.params["epochs"],
            desc=self._title,
            unit="epoch",
            mininterval=interval,
            disable=not self.leads,
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Move it and show the loss."""
        self._bar.set_postfix_str(f"loss {(logs or {})['loss']:.3g}", refresh=False)
        self._bar.update()

    def close(self) -> None:
        """Close the bar, after an error too."""
        if self._bar is not None:
            self._bar.close()


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table, the first column to the left, the others to the right."""
    cells = [list(head)] + [
        [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows
    ]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells
    ]
    lines.insert(1, "-" * len(lines[0]))
    print("", *lines, "", sep="\n")


def save_plots(
    options: argparse.Namespace, figures: Mapping[str, Callable[[], "Figure"]]
) -> list[Path]:
    """Draw the figures, write each to its file in ``--out`` and name the files.

    Without matplotlib, say how to get it; with ``--no-plot``, or where another process is the
    first, do nothing.

    Parameters
    ----------
    options : Namespace
        From ``task_parser``.
    figures : mapping of str to callable
        What draws each figure, by file name.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    OSError
        If one cannot be written.
    """
    written: list[Path] = []
    if options.no_plot or gk.distributed.init().rank:
        return written
    try:
        for name, draw in figures.items():
            path = options.out / name
            gk.plot.save_figure(draw(), path)
            written.append(path)
    except ImportError as error:
        print(f"plots skipped: {str(error).removeprefix('plot: ')}")
    for path in written:
        print(f"wrote {path}")
    return written
