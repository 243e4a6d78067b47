import pytest

import gatedcore as gk
from gatedcore.optimizers.hyperparameter import ClipLimit, Hyperparameter, WeightDecay


class Holder:
    open = Hyperparameter("Documented.", 0.0, 1.0, open_start=True)
    weight_decay = WeightDecay()
    clipnorm = ClipLimit("One.")
    clipvalue = ClipLimit("Other.")

    def __init__(self) -> None:
        self._clip = None
        self.open, self.weight_decay = 0.5, None


def test_a_number_is_checked_whenever_it_is_set() -> None:
    holder = Holder()
    for bad in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match=r"Holder: open is .*, expected a number in \(0, 1\)"):
            holder.open = bad
    assert holder.open == 0.5
    holder.open = 1e-9
    assert holder.open == 1e-9
    assert Holder.open.__doc__ == "Documented."


def test_weight_decay_may_be_none() -> None:
    holder = Holder()
    holder.weight_decay = 1
    assert type(holder.weight_decay) is float
    with pytest.raises(ValueError, match="Holder: weight_decay is -1, expected a number in"):
        holder.weight_decay = -1.0
    holder.weight_decay = None
    assert holder.weight_decay is None


def test_one_way_of_clipping() -> None:
    holder = Holder()
    holder.clipnorm = 2
    assert (holder.clipnorm, holder.clipvalue) == (2.0, None)
    holder.clipvalue = None  # asks for nothing
    with pytest.raises(ValueError, match="clipvalue is 3 beside clipnorm, expected one way of cl"):
        holder.clipvalue = 3.0
    with pytest.raises(ValueError, match=r"Holder: clipnorm is 0, expected a number in \(0, inf\)"):
        holder.clipnorm = 0.0
    assert (holder.clipnorm, holder.clipvalue) == (2.0, None)
    holder.clipnorm = None
    holder.clipvalue = 3.0
    assert (holder.clipnorm, holder.clipvalue) == (None, 3.0)


def test_an_optimizer_takes_one_way_of_clipping() -> None:
    with pytest.raises(ValueError, match="Adam: global_clipnorm is 1 beside clipnorm, expected"):
        gk.Adam(clipnorm=1.0, global_clipnorm=1.0)
