"""Elements of tensors that stand in files of their own, beside the model's: nowhere else."""

import errno
import os
import stat
from pathlib import Path

from onnx import TensorProto

_KEYS = {"location", "offset", "length"}


class Beside:
    """The files in a model's folder.

    Parameters
    ----------
    folder : Path or None
        None where the model did not come from a file.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._left: dict[str, int] = {}  # bytes of each file that no tensor has taken yet

    def read(self, where: str, tensor: TensorProto, size: int) -> bytes:
        """Return the elements of a tensor.

        Parameters
        ----------
        where : str
            Who asks and for which tensor, for errors.
        tensor : TensorProto
            Of a file that is not trusted.
        size : int
            Bytes that its shape asks for.

        Raises
        ------
        ValueError
            If they stand anywhere but in a file beside the model's, or are not so many, or several
            tensors take the same.
        """
        entries = {entry.key: entry.value for entry in tensor.external_data}
        name = entries.get("location", "")
        if set(entries) - _KEYS or len(entries) < len(tensor.external_data):
            raise ValueError(
                f"{where}: elements in another file come with {sorted(entries)}, expected "
                f"{', '.join(sorted(_KEYS))} once each; save the model anew"
            )
        if self.folder is None:
            raise ValueError(
                f"{where}: elements stand in the file {name!r}, expected them in the model, or a "
                "path, beside which such files are read; pass the path of the model"
            )
        if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
            raise ValueError(
                f"{where}: elements stand in {name!r}, expected a file beside the model's; save "
                "both in one folder"
            )
        numbers = [self._number(where, entries, key) for key in ("offset", "length")]
        start, length = numbers[0] or 0, numbers[1]
        if length is not None and length != size:
            raise ValueError(
                f"{where}: {length} bytes in {name!r}, expected {size} for its shape; repair the "
                "file"
            )
        return self._bytes(where, name, start, size)

    @staticmethod
    def _number(where: str, entries: dict[str, str], key: str) -> int | None:
        text = entries.get(key)
        if text is not None and not (text.isascii() and text.isdigit() and len(text) < 20):
            raise ValueError(f"{where}: {key} is {text!r}, expected a number; repair the file")
        return None if text is None else int(text)

    def _bytes(self, where: str, name: str, start: int, size: int) -> bytes:
        assert self.folder is not None
        path = self.folder / name
        if path.is_symlink():
            raise OSError(errno.ELOOP, "a symbolic link, which may lead anywhere", str(path))
        # Nor may it become one meanwhile, and a pipe never ends. Windows lacks these two flags, and
        # without the third it changes the ends of lines.
        flags = (getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
        handle = os.open(path, os.O_RDONLY | sum(flags))
        with open(handle, "rb") as file:
            status = os.fstat(handle)
            left = self._left.setdefault(name, status.st_size)
            if not stat.S_ISREG(status.st_mode) or start + size > status.st_size or size > left:
                raise ValueError(
                    f"{where}: bytes {start} to {start + size} of {path}, which has "
                    f"{status.st_size}, {left} of them not taken yet, expected such as are there "
                    "and no other tensor has; repair the file"
                )
            self._left[name] = left - size
            file.seek(start)
            return file.read(size)
