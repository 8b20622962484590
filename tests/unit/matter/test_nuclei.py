"""Nuclear equilibrium: its own conservation laws, Saha equation and limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.constants import HBAR_C, M_NEUTRON, M_PROTON, M_U_GRAM, Q_NP
from qkepipe.errors import QkepipeError
from qkepipe.matter import NUCLEI, nuclear_equilibrium
from qkepipe.matter.nuclei import equilibrium_kernel

FRACTIONS = ("x_n", "x_p", "x_alpha", "x_heavy")


@settings(max_examples=200, deadline=None)
@given(st.floats(5.0, 12.0), st.floats(-0.3, 1.5), st.floats(0.02, 0.6))
def test_baryon_number_and_charge(log_rho, log_t, ye):
    """Fractions add up to 1 and their charges to ye."""
    c = nuclear_equilibrium(10**log_rho / M_U_GRAM, 10**log_t, ye)
    assert all(c[name] >= 0 for name in FRACTIONS)
    assert sum(float(c[name]) for name in FRACTIONS) == pytest.approx(1.0, abs=1e-10)
    charge = c["x_p"] + 0.5 * c["x_alpha"] + c["x_heavy"] * c["zbar"] / c["abar"]
    assert float(charge) == pytest.approx(ye, abs=1e-10)


def test_saha_equation_of_alpha():
    """n_alpha = q_alpha e^(B/T) (n_n/2 q_n)^2 (n_p/2 q_p)^2, q = (m T/2 pi)^(3/2)/(hbar c)^3."""
    rho, t, ye = 1e8, 1.2, 0.45
    n_b = rho / M_U_GRAM
    c = nuclear_equilibrium(n_b, t, ye)

    def states(mass):
        return (mass * t / (2 * math.pi)) ** 1.5 / HBAR_C**3

    name, z, a, binding = NUCLEI[0]
    assert (name, z, a) == ("He-4", 2, 4)
    mass = 2 * (M_NEUTRON + M_PROTON) - binding
    nucleons = (n_b * c["x_n"] / (2 * states(M_NEUTRON))) ** 2
    nucleons *= (n_b * c["x_p"] / (2 * states(M_PROTON))) ** 2
    expected = states(mass) * math.exp(binding / t) * nucleons
    assert n_b * c["x_alpha"] / 4 == pytest.approx(float(expected), rel=1e-3, abs=0)


def test_hot_dilute_matter_is_free_nucleons():
    """x_p = ye; mu_hat = Q + T [ln(x_n/x_p) - 1.5 ln(m_n/m_p)]."""
    c = nuclear_equilibrium(1e8 / M_U_GRAM, 10.0, 0.3)
    assert c["x_p"] == pytest.approx(0.3, abs=1e-9)
    mass = 1.5 * math.log(M_NEUTRON / M_PROTON)
    assert c["mu_hat"] == pytest.approx(Q_NP + 10.0 * (math.log(7 / 3) - mass), rel=1e-5, abs=0)


def test_cold_matter_is_nuclei():
    """At 0.3 MeV and ye = 0.5 no spurious free protons (the defect of Fe-56 alone: 0.05)."""
    c = nuclear_equilibrium(1e7 / M_U_GRAM, 0.3, 0.5)
    assert c["x_heavy"] > 0.99
    assert c["x_p"] < 2e-3
    assert c["zbar"] / c["abar"] == pytest.approx(0.5, abs=0.005)


def test_extreme_electron_fractions():
    c = nuclear_equilibrium(np.full(2, 1e32), 3.0, np.array([0.0, 1.0]))
    assert np.all(np.isfinite([c[name] for name in FRACTIONS]))
    np.testing.assert_allclose(c["x_n"], [1.0, 0.0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(c["x_p"], [0.0, 1.0], rtol=0, atol=1e-8)


def test_python_kernel_agrees(as_mode):
    out = np.empty(7)
    as_mode(equilibrium_kernel)(1e33, 1.5, 0.4, out)
    c = nuclear_equilibrium(1e33, 1.5, 0.4)
    np.testing.assert_allclose(out[:4], [c[name] for name in FRACTIONS], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("n_b, t, ye", [(0.0, 1.0, 0.5), (1e30, -1.0, 0.5), (1e30, 1.0, 1.1)])
def test_refusals(n_b, t, ye):
    with pytest.raises(QkepipeError) as caught:
        nuclear_equilibrium([1e30, n_b], [1.0, t], [0.5, ye])
    assert "zone 1" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
