"""Draw docs/img/gates.png: an LSTM that remembers the last marked number, seen from inside.

Usage, from the root of the repository, with gatedcore[plot] installed: python docs/img/gates.py
"""

from pathlib import Path

import numpy as np

import gatedcore as gk

STEPS, MARKED = 60, 0.1  # time steps of a sequence, and the share of them that is marked

rng = np.random.default_rng(0)
number, mark = rng.normal(size=(2000, STEPS)), rng.random((2000, STEPS)) < MARKED
mark[:, 0] = True
last_marked = np.maximum.accumulate(np.where(mark, np.arange(STEPS), 0), axis=1)
x = np.stack([number, mark], axis=2)
y = np.take_along_axis(number, last_marked, axis=1)[..., None]

gk.set_random_seed(1)
model = gk.Sequential([gk.LSTM(16, return_sequences=True, input_shape=(None, 2)), gk.Dense(1)])
model.compile(optimizer=gk.Adam(0.01), loss="mse")
model.fit(x, y, epochs=30, validation_split=0.1, verbose=2)

figure = (
    model.layers[0]
    .trace(x[-100:])
    .plot(title="An LSTM that remembers the last marked number: 16 units, 60 steps")
)
figure.savefig(Path(__file__).with_suffix(".png"), dpi=100)
