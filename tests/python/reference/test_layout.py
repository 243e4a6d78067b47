import numpy as np

from gatedcore.reference.layout import swap_layout, to_caller, to_steps


def test_to_steps_puts_time_first_in_running_order() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)  # (B, T, F)
    np.testing.assert_array_equal(to_steps(x, False, False)[1], x[:, 1])
    np.testing.assert_array_equal(to_steps(x, False, True)[0], x[:, 2])
    np.testing.assert_array_equal(to_steps(x, True, True)[0], x[1])


def test_to_caller_undoes_to_steps() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    for time_major in (False, True):
        for go_backwards in (False, True):
            steps = to_steps(x, time_major, go_backwards)
            np.testing.assert_array_equal(to_caller(steps, time_major, go_backwards), x)


def test_views_only() -> None:
    x = np.zeros((2, 3, 4))
    assert np.shares_memory(swap_layout(x, False), x)
    assert np.shares_memory(to_steps(x, False, True), x)
