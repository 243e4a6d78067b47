"""A small model, data for it, and a picture of all that training changes."""

import numpy as np

import gatedcore as gk
from gatedcore.random import library_generator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 5, 2)).astype(np.float32)
Y = RNG.normal(size=(20, 1)).astype(np.float32)


def make(optimizer: object = "adam", **first: object) -> gk.Sequential:
    model = gk.Sequential(
        [
            gk.LSTM(4, return_sequences=True, input_shape=(None, 2), seed=1, **first),
            gk.GRU(3, seed=2),
            gk.Dense(1, seed=3),
        ]
    )
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def snapshot(model: gk.Sequential) -> list[object]:
    state = model.optimizer.get_state()
    slots = {name: slot.tolist() for name, slot in state["slots"].items()}
    numbers = library_generator().bit_generator.state
    weights = [weight.tolist() for weight in model.weights]
    return [weights, state["iterations"], slots, numbers, model.history, model.built]
