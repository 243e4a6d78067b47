"""Arrays for calls of the compiled module: of the asked shape, in memory of just their extent.

Now and then one is not what was asked for: of another rank, size or type, misaligned, read-only,
in another order, without end, in the memory of another, or no array at all.
"""

import numpy as np

SPECIAL = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-45, -1e-40, 1e-310, 3e38, -3e38, 1.0]
OTHER_DTYPES = ["f4", "f8", "f2", ">f4", ">f8", "i4", "i8", "?", "c8", "O", "V3", "S4"]
HUGE = [2**44, 2**50, 2**58]


class Arrays:
    """The arrays of one input."""

    def __init__(self, draws, dtype):
        self.draws = draws
        self.dtype = dtype
        self.flaws = 0.0
        self.endless = True  # whether there may be huge ones over little memory
        self.has_huge = False
        self._memory = []  # of arrays that are only read, with what it held
        self._written = []  # memory of those that may be written to

    def given(self, shape, dtype=None, strided=False, below=None):
        """Return an array that a call reads."""
        array = self._made(tuple(shape), np.dtype(dtype or self.dtype), strided, below)
        if isinstance(array, np.ndarray) and array.base is not None and array.size < 10**6:
            self._memory.append((array.base, array.base.tobytes()))
        return array

    def result(self, shape):
        """Return an array that a call writes to."""
        array = self._made(tuple(shape), np.dtype(self.dtype), False, None)
        if isinstance(array, np.ndarray) and array.base is not None:
            self._written.append(array.base)
        return array

    def check_unchanged(self):
        """Fail if a call has written to what it was only to read."""
        for memory, held in self._memory:
            shared = any(np.may_share_memory(memory, other) for other in self._written)
            assert shared or memory.tobytes() == held, "an input was written to"

    def forget(self):
        """Let go of all arrays, so that whoever needs one must hold it."""
        self._memory, self._written = [], []

    def _made(self, shape, dtype, strided, below):
        draws = self.draws
        kind = draws.randrange(1, 12) if draws.often(self.flaws) else 0
        if kind == 1:
            return draws.choice([None, 3, "x", [1.0], [[0.5]], (), {}, 1e300, b"x", object()])
        if kind == 2:
            axis = draws.randrange(len(shape) + 1)
            shape = (*shape[:axis], draws.choice([0, 1, 2]), *shape[axis:])
        elif kind == 3 and shape:
            axis = draws.randrange(len(shape))
            shape = (*shape[:axis], *shape[axis + 1 :])
        elif kind == 4 and shape:
            axis = draws.randrange(len(shape))
            size = draws.choice([0, 1, shape[axis] + 1, max(shape[axis] - 1, 0), 4 * shape[axis]])
            shape = (*shape[:axis], size, *shape[axis + 1 :])
        elif kind == 5:
            dtype = np.dtype(draws.choice(OTHER_DTYPES))
        elif kind == 6 and shape and self.endless:
            return self._without_end(shape, dtype)
        elif kind == 7 and self._memory:
            memory = draws.choice(self._memory)[0]
            return self._within(memory, shape, dtype)
        elif kind == 8 and self._written:
            return self._within(draws.choice(self._written), shape, dtype)
        shift = draws.randrange(1, 8) if kind == 9 else dtype.itemsize * draws.randrange(4)
        if dtype.hasobject:
            return np.zeros(shape, dtype)
        strides = self._strides(shape, dtype, strided or kind == 10)
        array = placed(shape, dtype, strides, shift)
        self._fill(array, below)
        if kind == 11:
            array.flags.writeable = False
        return array

    def _strides(self, shape, dtype, strided):
        """Return strides in bytes; in C order unless they may be any."""
        draws = self.draws
        pattern = draws.randrange(5) if strided and shape else 0
        order = list(range(len(shape)))
        if pattern == 1:  # axes but the last in another order
            order[:-1] = reversed(order[:-1])
        strides, step = [0] * len(shape), dtype.itemsize
        for axis in reversed(order):
            strides[axis] = step
            step *= max(shape[axis], 1)
            if pattern == 2:  # gaps
                step += dtype.itemsize * draws.randrange(3)
        for axis in range(len(shape) - 1):
            if pattern == 3 and draws.often():
                strides[axis] = -strides[axis]
            if pattern == 4 and draws.often():
                strides[axis] = 0
        if strided and shape and draws.often(self.flaws):
            strides[-1] *= draws.choice([-1, 0, 2])
        return strides

    def _without_end(self, shape, dtype):
        """Return an array of a huge shape over a single row."""
        axis = self.draws.randrange(len(shape))
        shape = (*shape[:axis], self.draws.choice(HUGE), *shape[axis + 1 :])
        strides = [0] * len(shape)
        if axis < len(shape) - 1:
            strides[-1] = dtype.itemsize
        # NumPy refuses a shape that is too big but for an axis of none.
        bytes_needed = np.prod([float(max(n, 1)) for n in shape]) * dtype.itemsize
        if dtype.hasobject or bytes_needed >= 2**62:
            return None
        self.has_huge = True
        return placed(shape, dtype, strides, 0)

    def _within(self, memory, shape, dtype):
        """Return an array in memory that another one has, or nothing where it does not fit."""
        size = int(np.prod(shape)) * dtype.itemsize
        if size > memory.nbytes or dtype.hasobject:
            return None
        offset = self.draws.randrange(memory.nbytes - size + 1) // dtype.itemsize * dtype.itemsize
        return np.ndarray(shape, dtype, memory, offset)

    def _fill(self, array, below):
        draws = self.draws
        kind = draws.randrange(4)
        rng = np.random.default_rng(draws.getrandbits(8))
        if array.dtype.kind == "f":
            if kind == 0:
                array[...] = rng.uniform(-1, 1, array.shape)
            elif kind == 1:
                array[...] = np.asarray(SPECIAL)[rng.integers(0, len(SPECIAL), array.shape)]
            elif kind == 2:
                array.base[...] = rng.integers(0, 256, array.base.shape)
            else:
                array[...] = 0
        elif array.dtype.kind == "i":
            array[...] = rng.integers(0, max(below or 1, 1), array.shape)
            if array.size and draws.often(self.flaws):
                array.flat[-1] = draws.choice([-1, below or 0, 2**31 - 1, -(2**31)])
        else:  # a mask may hold any byte
            array.base[...] = rng.integers(0, 256 if kind == 1 else 2, array.base.shape)


def placed(shape, dtype, strides, shift):
    """Return an array in memory that begins ``shift`` bytes before it and ends with it."""
    reach = [(n - 1) * s if 0 not in shape else 0 for n, s in zip(shape, strides, strict=True)]
    low = sum(min(r, 0) for r in reach)
    high = sum(max(r, 0) for r in reach) + (dtype.itemsize if 0 not in shape else 0)
    memory = np.empty(shift + high - low, np.uint8)
    return np.ndarray(shape, dtype, memory, shift - low, strides)
