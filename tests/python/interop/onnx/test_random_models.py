"""Rows of layers drawn at random, masked or not: their graphs compute what they do."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from interop.onnx.exported import assert_exports

LAYERS = [gk.LSTM, gk.GRU, gk.SimpleRNN]
CELLS = [gk.LSTMCell, gk.GRUCell, gk.SimpleRNNCell]


class Draw:
    """Layers and inputs, all from one seed."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def yes(self, share=0.5):
        return bool(self.rng.random() < share)

    def one_of(self, items):
        return items[int(self.rng.integers(len(items)))]

    def size(self):
        return int(self.rng.integers(1, 5))

    def recurrent(self, units, **how):
        kind = self.one_of(LAYERS)
        options = {
            "activation": self.one_of(["tanh", "relu", "elu", "softsign", "hard_sigmoid"]),
            "use_bias": self.yes(),
            "bias_initializer": "uniform",
            "zero_output_for_mask": self.yes(),
        }
        if kind is not gk.SimpleRNN:
            options["recurrent_activation"] = self.one_of(["sigmoid", "hard_sigmoid"])
        if kind is gk.GRU:
            options["reset_after"] = self.yes()
        return kind(units, **options, **how)

    def of_sequences(self, sequences):
        """Return a layer that takes sequences, and returns them if it is to."""
        kind = int(self.rng.integers(4))
        if kind == 0:
            units = self.size()
            layer = self.recurrent(units, return_sequences=sequences)
            back = {"return_sequences": sequences, "go_backwards": True}
            other = self.recurrent(units, **back) if self.yes() else None
            mode = self.one_of(["concat", "sum", "ave", "mul"])
            return gk.Bidirectional(layer, mode, backward_layer=other)
        if kind == 1:
            cells = [self.one_of(CELLS)(self.size()) for _ in range(self.size())]
            how = {"go_backwards": self.yes(), "zero_output_for_mask": self.yes()}
            return gk.RNN(cells, return_sequences=sequences, **how)
        return self.recurrent(self.size(), return_sequences=sequences, go_backwards=self.yes())

    def between(self):
        """Return a layer that leaves steps where they are."""
        dense = gk.Dense(self.size(), self.one_of(["tanh", "relu", "mish"]))
        others = [gk.LayerNormalization(), gk.Dropout(0.5), gk.TimeDistributed(gk.Dense(2)), dense]
        return self.one_of(others)

    def model(self):
        features = self.size()
        batch, steps = self.size(), self.size() + self.size()
        counts = self.rng.random((batch, steps)) < 0.6
        if self.yes(0.3):
            table = gk.Embedding(7, features, mask_zero=self.yes())
            layers = [gk.Input((None,), dtype="int64"), table]
            x = self.rng.integers(0, 7, (batch, steps)) * counts
        else:
            layers = [gk.Input((None, features)), *([gk.Masking()] if self.yes() else [])]
            x = self.rng.normal(size=(batch, steps, features)) * counts[..., None]
        for _ in range(self.size()):
            layers.append(self.of_sequences(True) if self.yes(0.7) else self.between())
        pool = self.one_of([gk.layers.GlobalAveragePooling1D, gk.layers.GlobalMaxPooling1D])
        layers.append(self.of_sequences(False) if self.yes(0.7) else pool())
        layers.append(gk.Dense(2, self.one_of(["softmax", "gelu", "selu"])))
        return gk.Sequential(layers), x.astype(np.int64 if x.dtype.kind == "i" else np.float32)


@pytest.mark.parametrize("seed", range(50))
def test_random_rows(seed):
    gk.set_random_seed(seed)
    model, x = Draw(seed).model()
    assert_exports(model, x)
