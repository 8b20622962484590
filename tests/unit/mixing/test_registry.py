"""The registry lists complete, distinct prescriptions and names unknown ones."""

import pytest

from qkepipe import registered
from qkepipe.errors import QkepipeError
from qkepipe.mixing import LAWS, MODES, PRESCRIPTIONS, get_prescription


@pytest.mark.parametrize("name", PRESCRIPTIONS)
def test_entries_are_complete(name):
    rule = PRESCRIPTIONS[name]
    assert rule.name == name
    assert rule.doc and rule.source and rule.valid
    assert set(rule.conserves) <= set(LAWS)
    assert set(rule.modes) <= set(MODES)
    assert "map" in rule.modes
    assert rule.flavors and set(rule.flavors) <= {2, 3}
    assert rule.axes == ("mu",) or (rule.axes and set(rule.axes) <= {"sector", "energy"})


def test_runs_can_use_all_but_single_maps():
    """Runs have two flavours and no mask; the configuration refuses the others by name."""
    unusable = {
        name
        for name, rule in PRESCRIPTIONS.items()
        if 2 not in rule.flavors or "mask" in rule.needs or rule.axes != ("mu",)
    }
    assert unusable == set(registered.SINGLE_MAPS)
    for name, lacking in registered.SINGLE_MAPS.items():
        assert PRESCRIPTIONS[name].modes == ("map",)
        assert ("mask" in PRESCRIPTIONS[name].needs) == lacking.startswith("a mask")


def test_number_of_flavours_is_refused_by_name():
    assert get_prescription("bd21", 2).name == "bd21"
    with pytest.raises(QkepipeError, match="flavors: 3 with prescription 'bd21'; expected 2$"):
        get_prescription("bd21", 3)
    with pytest.raises(QkepipeError, match="flavors: 4 with prescription 'box'; expected 2 or 3$"):
        get_prescription("box", 4)


def test_unknown_name_gets_a_hint():
    with pytest.raises(QkepipeError, match="did you mean 'power_half'"):
        get_prescription("power_haf")
