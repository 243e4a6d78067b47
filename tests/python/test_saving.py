"""The namespace ``saving``."""

import gatedcore as gk


def test_its_names_are_there() -> None:
    for name in gk.saving.__all__:
        assert getattr(gk.saving, name) is not None
    assert issubclass(gk.saving.SavedFileError, ValueError)
    assert gk.load_model is gk.saving.load_model
    data = gk.saving.serialize_keras_object(gk.Dense(2))
    assert gk.saving.deserialize_keras_object(data).units == 2
