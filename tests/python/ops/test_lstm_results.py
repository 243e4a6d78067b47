import copy
import pickle

import numpy as np

from gatedcore import ops
from problems import make_problem


def gradients(**options) -> ops.LSTMGradients:
    p = make_problem(4)
    *_, cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, return_cache=True, **options)
    return ops.lstm_backward(cache, p.d_h)


def test_gradients_are_the_six_of_every_lstm_and_the_peepholes_beside_them() -> None:
    d_x, d_kernel, d_recurrent_kernel, d_bias, d_h0, d_c0 = plain = gradients()
    assert d_bias is None
    assert plain.peephole is None
    assert plain.kernel is d_kernel
    assert plain.x is d_x
    assert plain.c0 is d_c0
    assert d_recurrent_kernel.shape == (4, 16)
    assert d_h0.shape == (3, 4)
    assert len(gradients(peephole=np.ones((3, 4)))) == 6


def test_copies_keep_the_gradient_of_the_peepholes() -> None:
    given = gradients(peephole=np.ones((3, 4)))
    assert given.peephole is not None
    for again in (copy.deepcopy(given), pickle.loads(pickle.dumps(given))):
        np.testing.assert_array_equal(again.peephole, given.peephole)
        np.testing.assert_array_equal(again.kernel, given.kernel)
