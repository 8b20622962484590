"""Unit factors against scipy's constants, and the refusal of unknown units."""

import pytest
import scipy.constants as codata

from qkepipe import units
from qkepipe.constants import C_LIGHT, G_NEWTON, M_SUN
from qkepipe.errors import QkepipeError

MEV = codata.e * 1e6  # J


@pytest.mark.parametrize(
    "unit, dimension, expected",
    [
        ("km", "length", 1e5),
        ("ms", "time", 1e-3),
        ("kg m-3", "density", 1e-3),
        ("c", "velocity", codata.c * 1e2),
        ("erg", "energy", 1e-7 / MEV),
        ("K", "temperature", codata.k / MEV),
        ("GK", "temperature", 1e9 * codata.k / MEV),
        ("fm-3", "number_density", 1e39),
        ("m-2 s-1", "number_flux", 1e-4),
        ("MeV fm-3", "energy_density", MEV * 1e7 * 1e39),
        ("MeV cm-2 s-1", "energy_flux", MEV * 1e7),
        ("km-1", "opacity", 1e-5),
        ("foe s-1", "luminosity", 1e51),
        ("MeV g-1 s-1", "heating", MEV * 1e7),
        ("deg", "angle", codata.degree),
    ],
)
def test_factor(unit, dimension, expected):
    assert units.factor(unit, dimension) == pytest.approx(expected, rel=2e-10, abs=0)


@pytest.mark.parametrize("dimension", sorted(units.TO_PROJECT))
def test_project_unit_has_factor_one(dimension):
    assert units.factor(units.canonical_unit(dimension), dimension) == 1.0
    assert all(value > 0 for value in units.TO_PROJECT[dimension].values())


def test_unknown_unit_names_the_field_and_the_choices():
    with pytest.raises(QkepipeError) as caught:
        units.factor("kilometre", "length", "run.h5", "r")
    line = str(caught.value)
    assert line.startswith("run.h5: r: unknown unit 'kilometre'")
    assert "cm, m, km" in line
    assert "\n" not in line


def test_geometric_units():
    """G = c = M_sun = 1: length GM/c^2, time GM/c^3, density c^6/(G^3 M^2)."""
    length = G_NEWTON * M_SUN / C_LIGHT**2
    assert units.GEOMETRIC["length"] == pytest.approx(length, rel=1e-5, abs=0)
    assert units.GEOMETRIC["time"] == pytest.approx(length / C_LIGHT, rel=1e-5, abs=0)
    assert units.GEOMETRIC["density"] == pytest.approx(M_SUN / length**3, rel=1e-4, abs=0)


def test_rate_to_inverse_length():
    assert units.rate_to_inverse_length(codata.c * 1e2) == pytest.approx(1.0, rel=1e-15, abs=0)
