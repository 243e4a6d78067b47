"""Runs layers on the instruction set that ``GATEDCORE_ISA`` names: pickles in, pickles out."""

import pickle
import sys

from gatedcore import _core

if __name__ == "__main__":
    pickle.dump(_core.info()["isa"], sys.stdout.buffer)
    sys.stdout.buffer.flush()
    while True:
        layer, problem = pickle.load(sys.stdin.buffer)
        pickle.dump(layer.run(problem), sys.stdout.buffer)
        sys.stdout.buffer.flush()
