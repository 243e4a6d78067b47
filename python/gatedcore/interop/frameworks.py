"""Other frameworks, imported by the bridge that needs one, or an error that says how to get it."""

import importlib
from types import ModuleType


def require(bridge: str, module: str, extra: str) -> ModuleType:
    """Return another framework's module.

    Parameters
    ----------
    bridge : str
        Who asks, for the error.
    module : str
        Name of the framework's module.
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
        if error.name != module.split(".")[0]:
            raise  # it is there, and what is missing is not ours to explain
        raise ModuleNotFoundError(
            f"{bridge}: the module {module} is not installed, expected it; "
            f"run pip install 'gatedcore[{extra}]'",
            name=error.name,
        ) from None
