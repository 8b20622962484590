"""The registry lists complete, distinct prescriptions and names unknown ones."""

import pytest

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


def test_unknown_name_gets_a_hint():
    with pytest.raises(QkepipeError, match="did you mean 'power_half'"):
        get_prescription("power_haf")
