import numpy as np

import gatedcore as gk
from gatedcore import utils


def test_the_names_of_keras_are_those_of_the_package() -> None:
    assert utils is gk.utils
    assert utils.pad_sequences is gk.preprocessing.sequence.pad_sequences
    assert utils.to_categorical is gk.preprocessing.to_categorical
    assert utils.set_random_seed is gk.set_random_seed
    assert utils.timeseries_dataset_from_array is gk.data.timeseries_dataset_from_array
    assert gk.preprocessing.timeseries_dataset_from_array is gk.data.timeseries_dataset_from_array
    assert utils.register_keras_serializable is gk.saving.register_serializable
    assert utils.Sequence is utils.PyDataset
    assert utils.CustomObjectScope is gk.saving.custom_object_scope
    assert utils.plot_model is gk.plot.plot_model
    for name in utils.__all__:
        assert callable(getattr(utils, name))


def test_batches_of_a_sequence_of_your_own() -> None:
    class Ones(utils.Sequence):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            return np.ones((2, 4, 1)), np.full((2, 1), float(index))

    model = gk.Sequential([gk.GRU(2, input_shape=(None, 1)), gk.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(Ones(), epochs=2, verbose=0)
    assert model.optimizer.iterations == 6
