"""Every kind of optimizer, and what may stand around its updates."""

import gatedcore as gk
from gatedcore import optimizers

MAKERS = {
    "sgd": lambda **shared: gk.SGD(0.05, **shared),
    "momentum": lambda **shared: gk.SGD(0.05, 0.9, **shared),
    "rmsprop": lambda **shared: gk.RMSprop(0.05, 0.8, 0.5, 1e-3, True, **shared),
    "adam": lambda **shared: gk.Adam(0.05, **shared),
    "amsgrad": lambda **shared: gk.Adam(0.05, amsgrad=True, **shared),
    "nadam": lambda **shared: optimizers.Nadam(0.05, **shared),
    "adagrad": lambda **shared: optimizers.Adagrad(0.05, **shared),
}
FRAMES = {
    "none": {},
    "weight_decay": {"weight_decay": 0.3},
    "clipvalue": {"clipvalue": 0.4},
    "clipnorm": {"clipnorm": 1.5},
    "global_clipnorm": {"global_clipnorm": 2.0},
    "ema": {"use_ema": True, "ema_momentum": 0.7},
    "overwrite": {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    "accumulation": {"gradient_accumulation_steps": 3},
    "all": {
        "weight_decay": 0.3,
        "clipnorm": 0.9,
        "use_ema": True,
        "ema_momentum": 0.7,
        "ema_overwrite_frequency": 2,
        "gradient_accumulation_steps": 3,
    },
}
