"""Species order and the maps between 3, 4 and 6 species."""

import numpy as np
import pytest

from qkepipe.species import FLAVOR_PAIRS, SPECIES, SPECIES6, lepton_sign, to_four


def test_order_is_the_contract():
    assert SPECIES == ("nue", "nuebar", "nux", "nuxbar")
    assert SPECIES6 == ("nue", "nuebar", "numu", "numubar", "nutau", "nutaubar")


def test_pairs_join_the_same_sector():
    for e, x in FLAVOR_PAIRS:
        assert SPECIES[e].endswith("bar") == SPECIES[x].endswith("bar")
        assert "e" in SPECIES[e][:3] and "x" in SPECIES[x]


def test_lepton_sign():
    """(nue - nuebar) - (nux - nuxbar)."""
    n = dict(zip(SPECIES, np.array([7.0, 5.0, 3.0, 2.0]), strict=True))
    expected = (n["nue"] - n["nuebar"]) - (n["nux"] - n["nuxbar"])
    assert lepton_sign() @ np.array(list(n.values())) == expected


def test_six_species_are_averaged_not_summed():
    v = np.arange(12.0).reshape(6, 2)
    out = to_four(v)
    np.testing.assert_array_equal(out, [v[0], v[1], (v[2] + v[4]) / 2, (v[3] + v[5]) / 2])


def test_three_species_share_the_heavy_one():
    v = np.arange(6.0).reshape(2, 3)
    out = to_four(v, axis=1)
    np.testing.assert_array_equal(out, v[:, [0, 1, 2, 2]])


def test_four_species_are_copied():
    v = np.arange(8.0).reshape(4, 2)
    out = to_four(v)
    out[0] = -1.0
    assert v[0, 0] == 0.0


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match="length 5"):
        to_four(np.zeros((5, 3)))
