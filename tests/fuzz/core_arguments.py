"""What one input's calls are made of: sizes, names, numbers and arrays, now and then wrong ones."""

import re

import numpy as np

from core_arrays import Arrays
from draws import Draws

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33]
COUNTS = [0, 1, 2, 3, 4, 5, 7, 13, 20]  # steps, rows
ACTIVATIONS = ["tanh", "sigmoid", "linear", "hard_sigmoid", "relu", "softsign", "elu"]
INTEGERS = [0, 1, -1, 2, 3, 100, 2**31, -(2**31), 2**40, 2**62, 2**63 - 1, -(2**63), 2**64 - 1]
REALS = [0.0, 0.5, 1.0, -1.0, 1e-45, 1e300, 1e-300, float("nan"), float("inf"), float("-inf")]
# Where: what came, what was expected; what to do. The name of an activation may end the message,
# as \0 ends C's strings. Else what pybind11 and Python say of arguments and of abstract classes.
MESSAGE = re.compile(
    r"[\w. ]+: .+(, expected .|; (check|pass|use) .| is '$)"
    r"|[\w.]+\(\): incompatible |[\w.<>]+\(\) (got|missing|takes) |Can't instantiate abstract ",
    re.ASCII | re.DOTALL,
)


class Calls:
    """One input's calls."""

    def __init__(self, data):
        self.draws = draws = Draws(data)
        self.dtype = draws.choice([np.float32, np.float64])
        self.arrays = Arrays(draws, self.dtype)
        # How often something is wrong; rarely enough, so that most calls reach the kernels.
        self.flaws = draws.choice([0.0, 0.02, 0.1])
        self.arrays.flaws = self.flaws

    def call(self, function, *args, **kwargs):
        """Return what a function returns, True for None, or None where it raises what it may."""
        try:
            result = function(*args, **kwargs)
            result = True if result is None else result
        except (ValueError, TypeError) as error:
            if not MESSAGE.match(str(error)):
                raise
            result = None
        except MemoryError:
            result = None
        self.arrays.check_unchanged()
        return result

    def flag(self):
        return self.draws.often()

    def flawed(self):
        return self.draws.often(self.flaws)

    def size(self):
        return self.draws.choice(SIZES)

    def count(self):
        return self.draws.choice(COUNTS)

    def integer(self, *usual):
        return self.draws.choice(INTEGERS if self.flawed() else usual)

    def real(self, *usual):
        return self.draws.choice(REALS if self.flawed() else usual)

    def activation(self):
        return self.draws.choice(["", "Tanh", "\0", "selu"] if self.flawed() else ACTIVATIONS)

    def given(self, *shape, **kind):
        return self.arrays.given(shape, **kind)

    def maybe(self, *shape, **kind):
        return self.given(*shape, **kind) if self.flag() else None

    def result(self, *shape):
        """Return an array that a call writes to."""
        return self.arrays.result(shape)
