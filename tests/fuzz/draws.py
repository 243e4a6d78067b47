"""Choices that a fuzzer steers: every draw is taken from its bytes, and is 0 where they end."""

import random


class Draws(random.Random):
    """A generator of random numbers whose bits are given."""

    def __init__(self, data: bytes):
        super().__init__(0)
        self._data = data
        self._next = 0

    def getrandbits(self, k):
        size = (k + 7) // 8
        taken = self._data[self._next : self._next + size]
        self._next += size
        return int.from_bytes(taken, "little") & ((1 << k) - 1)

    def random(self):
        return self.getrandbits(16) / (1 << 16)

    def _randbelow(self, n):  # of random.Random, which asks until a number is small enough
        return self.getrandbits((n - 1).bit_length()) % n if n > 1 else 0

    def sample(self, population, k):  # that of random.Random draws until there is another one
        left = list(population)
        return [left.pop(self.randrange(len(left))) for _ in range(k)]

    def often(self, share=0.5):
        """Return True with a probability, False where the bytes have ended."""
        return self.random() > 1 - share
