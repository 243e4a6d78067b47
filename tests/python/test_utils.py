import gatedcore as gk
from gatedcore import utils


def test_the_names_of_keras_are_those_of_the_package() -> None:
    assert utils is gk.utils
    assert utils.pad_sequences is gk.preprocessing.sequence.pad_sequences
    assert utils.to_categorical is gk.preprocessing.to_categorical
    assert utils.set_random_seed is gk.set_random_seed
    assert utils.timeseries_dataset_from_array is gk.data.timeseries_dataset_from_array
    assert utils.plot_model is gk.plot.plot_model
    for name in utils.__all__:
        assert callable(getattr(utils, name))
