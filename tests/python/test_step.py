"""One step of training, apart from the loop around it."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import NotFiniteError
from gatedcore.step import TrainingStep, add_penalties
from small_model import X, Y, make


def step_of(model: gk.Sequential, **options: object) -> TrainingStep:
    model.optimizer.attach(model._vector.values, model._vector.ends)
    return TrainingStep(model, model._objective, model._vector, **options)


def ends(step: TrainingStep) -> tuple[bool, bool, bool]:
    return step.ends_epoch(), step.ends_run(), step.interrupted()


def test_a_step_changes_the_weights_and_counts_its_loss() -> None:
    model = make(gk.SGD(0.1))
    before, expected = model._vector.values.copy(), model.test_on_batch(X, Y)
    step = step_of(model)
    means = step.means()
    step.take_batch(means, (X, Y, None))
    assert list(step.logs(means).values()) == expected
    change = before - np.float32(0.1) * model._vector.gradients
    np.testing.assert_allclose(model._vector.values, change, rtol=0.0, atol=2e-7)


def test_it_says_where_the_run_stands_if_a_loss_is_not_finite() -> None:
    model = make(gk.SGD(0.1))
    before = model._vector.values.copy()
    step = step_of(model, place=lambda: "batch 3; ")
    with pytest.raises(NotFiniteError, match=r"loss is nan.*batch 3; the step was not taken"):
        step.take_batch(step.means(), (X, np.full_like(Y, np.nan), None))
    np.testing.assert_array_equal(model._vector.values, before)


def test_it_ends_where_a_callback_or_ctrl_c_says_so() -> None:
    model = make(gk.SGD(0.1))
    step = step_of(model)
    assert ends(step) == (False, False, False)
    model.stop_training = True
    assert ends(step) == (True, True, False)
    model.stop_training, step.interrupt.pending = False, True
    assert ends(step) == (True, True, True)


def test_penalties_are_added_to_loss_and_gradients() -> None:
    layer = gk.Dense(2, kernel_regularizer=gk.regularizers.L2(0.5), input_shape=(3,))
    model = gk.Sequential([layer])
    kernel = layer.parameters["kernel"]
    assert add_penalties(model.ruled()) == pytest.approx(0.5 * float((kernel**2).sum()), rel=1e-6)
    np.testing.assert_allclose(layer.gradients["kernel"], kernel, rtol=1e-6)
