"""A callback made of functions."""

from collections.abc import Callable

from gatedcore.callbacks.base import Callback

Hook = Callable[..., object]


class LambdaCallback(Callback):
    """Call functions at the hooks of a callback.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : callable, optional
        ``f(epoch, logs)``.
    on_train_begin, on_train_end : callable, optional
        ``f(logs)``.
    on_train_batch_begin, on_train_batch_end : callable, optional
        ``f(batch, logs)``.
    **hooks : callable, optional
        Any other hook of ``Callback``, with its arguments.

    Raises
    ------
    TypeError
        If there is no such hook, or one is no function.

    References
    ----------
    ``keras.callbacks.LambdaCallback``.
    """

    def __init__(
        self,
        on_epoch_begin: Hook | None = None,
        on_epoch_end: Hook | None = None,
        on_train_begin: Hook | None = None,
        on_train_end: Hook | None = None,
        on_train_batch_begin: Hook | None = None,
        on_train_batch_end: Hook | None = None,
        **hooks: Hook | None,
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **hooks,
        }
        for name, function in given.items():
            if not name.startswith("on_") or not hasattr(Callback, name):
                raise TypeError(
                    f"LambdaCallback: got an unknown argument {name!r}; check its spelling, "
                    "expected a hook of Callback"
                )
            if function is None:
                continue
            if not callable(function):
                raise TypeError(
                    f"LambdaCallback: {name} has type {type(function).__name__}, expected a "
                    "function; pass one with the hook's arguments"
                )
            setattr(self, name, function)
