"""Names of classes and functions in configs."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import gatedcore as gk
from custom_names import names_as_before  # noqa: F401  # a fixture
from gatedcore import registration


def double(x: object) -> object:
    return x


def test_a_function_is_known_by_package_and_name() -> None:
    assert registration.register_serializable(package="mine")(double) is double
    assert registration.known_name(double) == "mine>double"
    assert registration.known_object("mine>double") is double
    registration.register_serializable("mine", name="twice")(double)
    assert registration.known_object("mine>twice") is double


def test_keras_names_are_the_same_functions() -> None:
    assert gk.saving.register_keras_serializable is gk.saving.register_serializable
    gk.saving.get_custom_objects()["plain"] = double
    assert registration.known_name(double) == "plain"


def test_a_class_must_have_both_methods() -> None:
    class NoConfig:
        pass

    with pytest.raises(TypeError, match="NoConfig has no get_config, expected get_config and"):
        gk.saving.register_serializable()(NoConfig)
    with pytest.raises(TypeError, match="got int, expected a class or a function"):
        gk.saving.register_serializable()(3)
    assert registration.known_name(NoConfig) is None


def test_a_scope_ends_with_its_block_and_holds_for_its_thread_alone() -> None:
    with gk.saving.custom_object_scope({"double": double}):
        assert registration.known_object("double") is double
        assert registration.known_name(double) == "double"
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(registration.known_object, "double").result() is None
        with gk.saving.custom_object_scope({"other": len}):
            assert registration.known_object("double") is double
    assert registration.known_object("double") is None
    assert registration.known_name(double) is None


def test_classes_of_the_library_are_known_by_their_public_module() -> None:
    assert registration.library_class("LSTM") is gk.LSTM
    assert registration.library_class("LSTM", "keras.layers") is gk.LSTM
    assert registration.public_module(gk.LSTM) == "gatedcore.layers"
    assert registration.public_module(str) is None
    assert registration.library_class("Popen") is None


def test_the_module_decides_between_two_of_one_name(monkeypatch) -> None:
    kinds = {"gatedcore.losses": int, "gatedcore.metrics": str}
    monkeypatch.setitem(registration._library, "Same", kinds)
    assert registration.library_class("Same", "keras.metrics") is str
    assert registration.library_class("Same", "gatedcore.losses") is int
    assert registration.library_class("Same") is None


def test_a_class_outside_the_library_is_not_taken_for_one_of_it() -> None:
    class LSTM(gk.LSTM):  # of the user, of the same name
        pass

    assert registration.library_class("LSTM") is gk.LSTM
    assert LSTM.__module__ != "gatedcore"
