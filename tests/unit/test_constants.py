"""Constants against CODATA (as shipped by scipy) and the values of the project's conventions."""

import math

import pytest
import scipy.constants as codata

from qkepipe import constants as c


@pytest.mark.parametrize(
    "value, name, scale",
    [
        (c.M_ELECTRON, "electron mass energy equivalent in MeV", 1.0),
        (c.M_NEUTRON, "neutron mass energy equivalent in MeV", 1.0),
        (c.M_PROTON, "proton mass energy equivalent in MeV", 1.0),
        (c.M_U, "atomic mass constant energy equivalent in MeV", 1.0),
        (c.M_U_GRAM, "atomic mass constant", 1e3),
        (c.G_NEWTON, "Newtonian constant of gravitation", 1e3),
        (c.K_BOLTZMANN_MEV, "Boltzmann constant in eV/K", 1e-6),
        (c.HBAR_C, "reduced Planck constant times c in MeV fm", 1e-13),
        (c.C_LIGHT, "speed of light in vacuum", 1e2),
        (c.MEV_ERG, "electron volt-joule relationship", 1e13),
        (c.G_FERMI, "Fermi coupling constant", 1e-6),
    ],
)
def test_codata(value, name, scale):
    """Within three standard errors, or the ten digits that an exact value is written with."""
    tolerance = max(3.0 * codata.precision(name), 5e-10)
    assert value == pytest.approx(codata.value(name) * scale, rel=tolerance, abs=0)


def test_derived():
    assert pytest.approx(codata.h * codata.c / codata.e * 1e-6 * 1e2, rel=5e-10, abs=0) == c.H_C
    assert pytest.approx(1.29333236, abs=3e-7) == c.Q_NP
    assert pytest.approx(938.918756, abs=1e-6) == c.M_NUCLEON
    # (2 pi hbar c)^-3 per solid angle 4 pi
    states = 4 * math.pi / (2 * math.pi * c.HBAR_C) ** 3
    assert pytest.approx(states, rel=1e-14, abs=0) == c.PHASE_SPACE
    # solar mass of the Review of Particle Physics, whose error is that of G
    assert pytest.approx(1.98841e33, rel=3e-5, abs=0) == c.M_SUN


def test_weak_scale():
    """sqrt(2) G_F (hbar c)^2 and sqrt(2) G_F/hbar as printed in the conventions."""
    assert pytest.approx(6.422847e-33, rel=1e-7, abs=0) == c.SQRT2_GF
    assert pytest.approx(1.925521e-22, rel=2e-7, abs=0) == c.SQRT2_GF_RATE


def test_cross_section_scale():
    """sigma_0 = 4 G_F^2 m_e^2 (hbar c)^2/pi = 1.761e-44 cm^2 (Burrows, Reddy & Thompson 2006)."""
    sigma = 4 * (c.G_FERMI * c.M_ELECTRON * c.HBAR_C) ** 2 / math.pi
    assert sigma == pytest.approx(1.761e-44, rel=3e-4, abs=0)


def test_oscillation_length():
    """1/(sqrt(2) G_F n) = 0.23494 cm for 4e52 erg/s of 12 MeV at 50 km with flux factor 1/3."""
    luminosity = 4e52 / c.MEV_ERG
    density = luminosity / (4 * math.pi * 5e6**2 * c.C_LIGHT / 3 * 12.0)
    assert density == pytest.approx(6.627e32, rel=1e-4, abs=0)
    assert 1 / (c.SQRT2_GF * density) == pytest.approx(0.23494, rel=1e-4, abs=0)
