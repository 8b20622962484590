"""Collisional instability: one-energy closed form, many energies, and why means fail.

One energy, isotropic, with A = (g - gbar)/2, G = (g + gbar)/2, gamma and alpha the half sum
and half difference of Gamma and Gammabar: w = -A - i gamma +- sqrt(A^2 - alpha^2 + 2 i G alpha).
For 24 energies (rows H of the reference table) number-weighted mean rates in this formula
are wrong in size and sign; the multi-energy screen must give the exact growth.
"""

import json

import numpy as np
import pytest

from qkepipe.constants import SQRT2_GF
from qkepipe.stability import growth_rate
from qkepipe.stability.collisional import BRANCHES, collisional_growth


def _closed(g, gbar, gamma, gammabar):
    a, total = 0.5 * (g - gbar), 0.5 * (g + gbar)
    mean, alpha = 0.5 * (gamma + gammabar), 0.5 * (gamma - gammabar)
    root = np.sqrt(complex(a * a - alpha * alpha, 2 * total * alpha))
    return max((-a - 1j * mean + s * root).imag for s in (1, -1))


@pytest.mark.parametrize(
    "case",
    [(1.0, 0.8, 1e-2, 1e-3), (1.0, 0.8, 1e-3, 1e-2), (1.0, 1.0, 1e-2, 1e-3),
     (1.0, 1.0, 1e-3, 1e-2), (0.8, 1.0, 1e-2, 1e-3), (1.0, 0.8, 1e-6, 3e-7), (1.0, 0.2, 0.5, 2.0)],
)  # fmt: skip
def test_one_energy(case):
    """Screen and eigenvalue against the closed form, near and far from the resonance."""
    expected = _closed(*case)
    g, gbar, gamma, gammabar = case
    # v = 0 leaves the isotropic mode alone
    exact, _ = growth_rate([0.0, 0.0], [g, gbar], [1, -1], gamma=[gamma, gammabar])
    assert exact == pytest.approx(expected, rel=1e-9)
    growth, _ = collisional_growth(*(np.array([x]) for x in case))
    assert growth == pytest.approx(max(0.0, expected), rel=1e-5)


def test_resonance_grows_as_the_square_root():
    """A = 0: Im w = -gamma + sqrt(G alpha), beyond the rates themselves."""
    growth, branch = collisional_growth(*(np.array([x]) for x in (1.0, 1.0, 2e-6, 0.0)))
    assert BRANCHES[int(branch)] == "resonance"
    assert growth == pytest.approx(np.sqrt(1e-6), rel=2e-3)


@pytest.mark.parametrize(
    ("row", "growth", "branch"),
    [("H1", 4.0739e-6, "plus"), ("H3", 0.0, "none"), ("H6", 1.17209e-5, "minus")],
)
def test_many_energies(shared, row, growth, branch):
    """24 energies; number-weighted rates give 1.27e-5, 1.27e-5 and 1.33e-5 instead."""
    beams = json.loads((shared / "reference" / "growth_rates_beams.json").read_text())[row]
    sign, gamma, g = (np.array(beams[k]) for k in ("sign", "gamma", "g"))
    groups = []
    for s in (1, -1):
        rates = np.unique(gamma[sign == s])
        strength = np.array([g[(sign == s) & (gamma == x)].sum() for x in rates])
        size = 24 - rates.size  # equal rates of two energies are one group
        groups.append((np.pad(strength, (0, size)), np.pad(rates, (0, size))))
    value, kind = collisional_growth(groups[0][0], groups[1][0], groups[0][1], groups[1][1])
    assert value == pytest.approx(growth, rel=2e-5)
    assert BRANCHES[int(kind)] == branch


def test_first_order_formula_of_johns():
    """Documented approximation: 0.31384 where the exact growth is 0.30434 cm^-1.

    Corrected form of Johns (2023), n_e = 3e33, nbar_e = 2.5e33, n_x = 1e33, mean free paths
    0.417 and 4.36 km, opacities times 1e4. At n_e = nbar_e it fails: 78.7 against 0.7697.
    """
    ne, nx = 3e33, 1e33
    rate, ratebar = 0.5e4 / 0.417e5, 0.5e4 / 4.36e5
    omega = 0.304e-5
    for nebar, formula, exact in ((2.5e33, 0.31384, 0.30434), (3e33, 78.7, 0.7697)):
        s, d = SQRT2_GF * (ne + nebar - 2 * nx), SQRT2_GF * (ne - nebar)
        first = 0.5 * (rate - ratebar) * s / np.sqrt(d**2 + 4 * omega * s) - 0.5 * (rate + ratebar)
        assert first == pytest.approx(formula, rel=1e-3)
        g, gbar = SQRT2_GF * (ne - nx), SQRT2_GF * (nebar - nx)
        full, _ = growth_rate([0.0, 0.0], [g, gbar], [1, -1], omega=omega, gamma=[rate, ratebar])
        assert full == pytest.approx(exact, rel=1e-4)
        screened, _ = collisional_growth(*(np.array([x]) for x in (g, gbar, rate, ratebar)))
        assert screened == pytest.approx(exact, rel=1e-3)


def test_gapless_roots_may_be_complex():
    """Growth from a complex pair of gapless roots is not missed.

    h(y) = sum g/(y + Gamma) - sum gbar/(y + Gammabar) has a pair y = 0.15 +- 0.1 i here (in
    units of 1e-4): built from its zeros, with poles at -Gamma on the negative axis.
    """
    y = np.array([1.5e-5 + 1e-5j, 1.5e-5 - 1e-5j])
    poles = 1e-4 * np.array([0.1, 0.4, 0.9])
    # residues of (y - y1)(y - y2)/prod(y + poles): strengths s g, signs as they come
    strength = np.array(
        [np.prod(-p - y).real / np.prod(np.delete(poles, i) - p) for i, p in enumerate(poles)]
    )
    g, gbar = np.maximum(strength, 0), np.maximum(-strength, 0)
    growth, branch = collisional_growth(g, gbar, poles, poles)
    exact, _ = growth_rate(np.zeros(3), strength, np.ones(3), gamma=poles)
    assert exact == pytest.approx(1.5e-5, rel=1e-3)
    assert growth == pytest.approx(exact, rel=1e-6)
    assert BRANCHES[int(branch)] == "plus"
