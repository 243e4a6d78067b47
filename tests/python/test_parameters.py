from concurrent.futures import ThreadPoolExecutor

import numpy as np

import gatedcore as gk
from gatedcore.parameters import TAIL, ParameterVector, in_one_piece

GROUPS = [
    {"kernel": np.arange(6.0).reshape(2, 3), "bias": np.ones(3)},
    {"kernel": np.full((3, 1), 7)},
]


def test_views_share_the_vector_in_order() -> None:
    vector = ParameterVector(GROUPS, np.dtype(np.float32))
    assert vector.values.tolist() == [0, 1, 2, 3, 4, 5, 1, 1, 1, 7, 7, 7]
    assert vector.gradients.tolist() == [0.0] * 12
    assert vector.ends == [6, 9, 12]
    for views, whole in (
        (vector.value_views, vector.values),
        (vector.gradient_views, vector.gradients),
    ):
        assert [view.shape for group in views for view in group.values()] == [(2, 3), (3,), (3, 1)]
        assert all(np.shares_memory(view, whole) for group in views for view in group.values())
        assert all(view.flags.c_contiguous for group in views for view in group.values())


def test_given_values_are_copied_and_the_vectors_aligned() -> None:
    vector = ParameterVector(GROUPS, np.dtype(np.float64))
    vector.values[:] = -1.0
    assert GROUPS[0]["bias"].tolist() == [1.0] * 3
    assert vector.values.ctypes.data % 64 == vector.gradients.ctypes.data % 64 == 0


def test_nothing() -> None:
    assert ParameterVector([{}], np.dtype(np.float32)).values.size == 0


def test_behind_the_gradients_there_is_room_in_the_same_memory() -> None:
    vector = ParameterVector(GROUPS, np.dtype(np.float32))
    assert vector.exchanged.size == 12 + TAIL
    vector.exchanged[:] = 3.0
    assert vector.gradients.tolist() == [3.0] * 12


def test_a_call_in_one_piece_holds_every_vector_once_and_may_hold_it_again() -> None:
    dtype = np.dtype(np.float32)
    holders = [gk.Dense(1) for _ in range(4)]
    first, second = (ParameterVector(GROUPS, dtype) for _ in range(2))
    holders[0]._vector, holders[1]._vector, holders[2]._vector = second, first, second

    def free(vector: ParameterVector) -> bool:
        """Return whether another thread may have the vector now."""
        with ThreadPoolExecutor(1) as pool:
            taken = pool.submit(vector.lock.acquire, blocking=False).result()
            if taken:
                pool.submit(vector.lock.release).result()
        return taken

    def look() -> list[bool]:
        return [free(first), free(second)]

    assert in_one_piece(holders, lambda: in_one_piece(holders, look)) == [False, False]
    assert look() == [True, True]
    assert in_one_piece(holders[3:], look) == [True, True]  # not built
