import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import CallbackList

X, Y = np.zeros((8, 3), np.float32), np.ones((8, 1), np.float32)


def test_functions_are_called_at_their_hooks() -> None:
    seen = []
    callback = gk.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(("epoch begin", epoch, logs)),
        on_epoch_end=lambda epoch, logs: seen.append(("epoch end", epoch, sorted(logs))),
        on_train_begin=lambda logs: seen.append(("train begin", logs)),
        on_train_end=lambda logs: seen.append(("train end", sorted(logs))),
        on_train_batch_begin=lambda batch, logs: seen.append(("batch begin", batch, logs)),
        on_train_batch_end=lambda batch, logs: seen.append(("batch end", batch, sorted(logs))),
        on_test_batch_end=lambda batch, logs: seen.append(("test", batch, sorted(logs))),
    )
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[callback], validation_data=(X, Y))
    assert seen == [
        ("train begin", {}), ("epoch begin", 0, {}),
        ("batch begin", 0, {}), ("batch end", 0, ["loss"]),
        ("test", 0, ["loss"]), ("epoch end", 0, ["loss", "val_loss"]),
        ("train end", ["loss", "val_loss"]),
    ]  # fmt: skip


def test_hooks_of_batches_cost_nothing_where_none_is_given() -> None:
    run = CallbackList([gk.LambdaCallback(on_epoch_end=print)], None, {})
    assert not run.listens("on_train_batch_end")
    for name in ("on_batch_end", "on_train_batch_end"):
        callback = gk.LambdaCallback(**{name: print})
        assert CallbackList([callback], None, {}).listens("on_train_batch_end")


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="LambdaCallback: got an unknown argument 'on_epoch_ende'"):
        gk.LambdaCallback(on_epoch_ende=print)
    with pytest.raises(TypeError, match="LambdaCallback: got an unknown argument 'model'"):
        gk.LambdaCallback(model=print)
    with pytest.raises(TypeError, match="LambdaCallback: on_epoch_end has type int, expected a fu"):
        gk.LambdaCallback(on_epoch_end=3)
