"""The command ``gatedcore convert``: a model out of one framework's file into another's."""

import argparse
import io
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gatedcore as gk
from gatedcore import archive
from gatedcore.frameworks import require
from gatedcore.tasks.console import Parser, count

_DESCRIPTION = """\
Read a model from a file and write it to another one; the endings say what they are.

IN    .keras, .h5 or .hdf5   a model of Keras
      .safetensors           a model of gatedcore, or weights of PyTorch
      .pt, .pth              weights of PyTorch
      .onnx                  an ONNX graph that is a row of layers; onnx must be installed
OUT   .safetensors           a model of gatedcore, for gatedcore.load_model
      .keras, .h5            a model of Keras, which must be installed
      .weights.h5            its weights alone
      .onnx                  an ONNX graph; onnx must be installed
      .pt, .pth              weights of PyTorch, which must be installed

Weights of PyTorch are the state dict of an nn.LSTM, nn.GRU or nn.RNN, or such a part of another
one. Nothing that a file holds is run.
"""


def main(arguments: Sequence[str]) -> None:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str
        What follows ``convert`` on the command line.

    Raises
    ------
    ValueError
        If an ending is not known, an option is for other files, a file is damaged, or something of
        the model has no counterpart where it is to go.
    OSError
        If a file cannot be read or written.
    """
    options = _parser().parse_args(arguments)
    source, target = options.source, options.target
    read, write = _chosen("IN", source, READERS), _chosen("OUT", target, WRITERS)
    if os.path.exists(source) and os.path.exists(target) and os.path.samefile(source, target):
        raise ValueError(f"convert: OUT is {target}, the file that is read; choose another name")
    archive.check_target(target)  # before what may take minutes
    if options.batch_size is not None and write is not _write_keras:
        raise ValueError(
            f"convert: got --batch-size for {target}, expected it for a file of Keras; leave it out"
        )
    try:
        model = read(source, options)
        for line in report(source, model):
            print(line)
        write(model, target, options)
    except ModuleNotFoundError as error:  # of a framework; it says how to get it
        raise ValueError(str(error)) from None
    print(f"{target}: {os.path.getsize(target):,} bytes")


def report(source: str, model: Any) -> list[str]:
    """Return lines that say what was read: the model, then each layer.

    Parameters
    ----------
    source : str
        Where it comes from.
    model : Sequential or Model
        What was read.
    """
    rows = [
        (layer.name, type(layer).__name__, f"{layer.count_params():,}" if layer.built else "")
        for layer in model.layers
    ]
    total = f"{model.count_params():,} parameters" if model.built else "no weights yet"
    lines = [f"{source}: {type(model).__name__} {model.name!r}, {len(rows)} layers, {total}"]
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
    for name, kind, parameters in rows:
        line = f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {parameters:>{widths[2]}}"
        lines.append(line.rstrip())
    return lines


def _parser() -> Parser:
    parser = Parser(
        prog="gatedcore convert",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("source", metavar="IN", help="the file to read")
    parser.add_argument("target", metavar="OUT", help="the file to write")
    parser.add_argument(
        "--prefix",
        default="",
        metavar="NAME",
        help="of weights of PyTorch: what stands before the names of those to read, as lstm.",
    )
    parser.add_argument(
        "--last-state",
        action="store_true",
        help="of weights of PyTorch: the last layer returns its last state, not all steps",
    )
    parser.add_argument(
        "--batch-size",
        type=count,
        metavar="N",
        help="rows of a batch, which Keras must know for stateful layers",
    )
    parser.add_argument(
        "--no-compile",
        action="store_true",
        help="leave behind what the model was compiled with",
    )
    return parser


def _chosen(what: str, path: str, known: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Return the function for a path's ending, of several the longest."""
    for ending in sorted(known, key=len, reverse=True):
        if path.endswith(ending):
            return known[ending]
    raise ValueError(
        f"convert: {what} is {path!r}, expected a name that ends in {', '.join(known)}; see "
        "gatedcore convert --help"
    )


# Reading.


def _refuse_options_of_torch(path: str, options: Any) -> None:
    given = {"--prefix": options.prefix, "--last-state": options.last_state}
    for name, value in given.items():
        if value:
            raise ValueError(
                f"convert: got {name} for {path}, expected it for weights of PyTorch; leave it out"
            )


def _read_keras(path: str, options: Any) -> Any:
    _refuse_options_of_torch(path, options)
    return gk.from_keras(path, compile=not options.no_compile)


def _read_torch(path: str, options: Any) -> Any:
    return gk.from_torch(path, prefix=options.prefix, return_sequences=not options.last_state)


def _read_safetensors(path: str, options: Any) -> Any:
    if archive.is_own(path):
        _refuse_options_of_torch(path, options)
        return gk.load_model(path, compile=not options.no_compile)
    return _read_torch(path, options)


def _read_onnx(path: str, options: Any) -> Any:
    _refuse_options_of_torch(path, options)
    return gk.onnx.load(path).to_sequential()


# Writing.


def _write_own(model: Any, path: str, options: Any) -> None:
    model.save(path)


def _write_keras(model: Any, path: str, options: Any) -> None:
    model.to_keras(path, compile=not options.no_compile, batch_size=options.batch_size)


def _write_onnx(model: Any, path: str, options: Any) -> None:
    gk.onnx.export(model, path)


def _write_torch(model: Any, path: str, options: Any) -> None:
    torch = require("convert", "torch", "torch")
    data = io.BytesIO()
    torch.save(gk.to_torch(model).state_dict(), data)
    archive.write_whole(path, data.getvalue())


READERS: dict[str, Callable[[str, Any], Any]] = {
    ".keras": _read_keras,
    ".h5": _read_keras,
    ".hdf5": _read_keras,
    ".safetensors": _read_safetensors,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".onnx": _read_onnx,
}
WRITERS: dict[str, Callable[[Any, str, Any], None]] = {
    ".safetensors": _write_own,
    ".keras": _write_keras,
    ".h5": _write_keras,
    ".hdf5": _write_keras,
    ".onnx": _write_onnx,
    ".pt": _write_torch,
    ".pth": _write_torch,
}
