import importlib
import pickle

import pytest

import gatedcore as gk
from gatedcore import keras_names


@pytest.mark.parametrize("module", keras_names._ADVICE)
def test_each_name_is_absent_and_says_what_to_use(module: str) -> None:
    home = importlib.import_module(module)
    for advice, names in keras_names._ADVICE[module].items():
        for name in names.split():
            assert name not in vars(home)
            assert not hasattr(home, name)
            with pytest.raises(AttributeError) as caught:
                getattr(home, name)
            expected = f"{module}: {name} is not supported, expected a name that is; "
            assert str(caught.value) == expected + advice + (name if advice[-1] == "." else "")


def test_the_advice_reaches_who_imports_the_name() -> None:
    with pytest.raises(ImportError, match=r"layers: Attention is not supported, .* see Dot"):
        from gatedcore.layers import LSTM, Attention  # noqa: F401
    with pytest.raises(ImportError, match=r"gatedcore.callbacks: TensorBoard is not supported"):
        from gatedcore.callbacks import TensorBoard  # noqa: F401
    with pytest.raises(ImportError, match=r"gatedcore: mixed_precision is not supported"):
        from gatedcore import mixed_precision  # noqa: F401
    with pytest.raises(ImportError, match="cannot import name 'LTSM'"):
        from gatedcore.layers import LTSM  # noqa: F401


def test_other_names_are_missing_as_in_any_module() -> None:
    for module in (gk, gk.layers, gk.callbacks, gk.utils):
        with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'x"):
            _ = module.xyz
    assert pickle.loads(pickle.dumps(gk.layers.LSTM)) is gk.LSTM


def test_methods_of_models() -> None:
    x = gk.Input((2,))
    for model in (gk.Sequential([gk.Dense(1)]), gk.Model(x, gk.Dense(1)(x))):
        kind = type(model).__name__
        for advice, names in keras_names._OF_MODELS.items():
            for name in names.split():
                assert not hasattr(type(model), name)
                expected = f"{kind}: {name} is not supported, expected a method that is; {advice}"
                with pytest.raises(AttributeError) as caught:
                    getattr(model, name)
                assert str(caught.value) == expected
        with pytest.raises(AttributeError, match=f"'{kind}' object has no attribute 'fitt'"):
            _ = model.fitt


def test_names_of_optimizers_as_strings() -> None:
    for name, advice in (("adadelta", "use RMSprop or Adam"), ("adamax", "use Adam or Nadam")):
        with pytest.raises(ValueError, match=f"optimizer is '{name}', .* adagrad; {advice}"):
            gk.Sequential([gk.Dense(1)]).compile(name, "mse")
    with pytest.raises(ValueError, match=r"optimizer is 'adem', .* adagrad; choose one"):
        gk.optimizers.get("adem")
