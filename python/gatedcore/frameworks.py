"""Modules of other people, imported by what needs one, or an error that says how to get it."""

import importlib
from types import ModuleType


def require(where: str, module: str, extra: str) -> ModuleType:
    """Return another project's module.

    Parameters
    ----------
    where : str
        Who asks, for the error.
    module : str
        Name of the module.
    extra : str
        The extra of gatedcore that installs it.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed; other errors of its import pass through.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".")[0]
        if error.name != package:
            raise  # it is there, and what is missing is not ours to explain
        raise ModuleNotFoundError(
            f"{where}: the module {package} is not installed, expected it; "
            f"run pip install 'gatedcore[{extra}]'",
            name=error.name,
        ) from None
