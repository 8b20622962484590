"""Mixing parameters, PMNS matrix, components and refusals of the vacuum Hamiltonian."""

import numpy as np
import pytest

from qkepipe import constants
from qkepipe.errors import QkepipeError
from qkepipe.oscillation import vacuum
from qkepipe.oscillation.vacuum import ThreeFlavors, TwoFlavors, mixing_of, vacuum_hamiltonian


@pytest.mark.parametrize("ordering", vacuum.ORDERINGS)
def test_pmns_matrix(ordering):
    """Unitary, with the moduli that define the angles, and the Jarlskog invariant of its phase."""
    m = mixing_of(ordering, 3)
    u = m.mixing_matrix()
    np.testing.assert_allclose(u @ u.conj().T, np.eye(3), rtol=0, atol=1e-15)
    modulus = np.abs(u) ** 2
    assert modulus[0, 2] == pytest.approx(constants.SIN2_THETA_13[ordering])
    assert modulus[0, 1] / (1 - modulus[0, 2]) == pytest.approx(constants.SIN2_THETA_12)
    assert modulus[1, 2] / (1 - modulus[0, 2]) == pytest.approx(constants.SIN2_THETA_23[ordering])
    s12, s13, s23 = np.sin([m.theta_12, m.theta_13, m.theta_23])
    c12, c13, c23 = np.cos([m.theta_12, m.theta_13, m.theta_23])
    jarlskog = (u[1, 2] * u[0, 1] * u[0, 2].conj() * u[1, 1].conj()).imag
    expected = s12 * c12 * s13 * c13**2 * s23 * c23 * np.sin(m.delta_cp)
    assert jarlskog == pytest.approx(expected, rel=1e-12)


def test_orderings():
    """The third mass is the largest or the smallest; dm^2_32 is the fitted one where inverted."""
    assert mixing_of("normal", 2).delta_m2 == constants.DELTA_M2_ATM
    assert mixing_of("inverted", 2).delta_m2 == -constants.DELTA_M2_ATM
    assert mixing_of("normal", 3).delta_m2_31 == constants.DELTA_M2_3L["normal"]
    m = mixing_of("inverted", 3)
    assert m.delta_m2_31 - m.delta_m2_21 == pytest.approx(constants.DELTA_M2_3L["inverted"])


@pytest.mark.parametrize("flavors", [2, 3])
def test_eigenvalues(flavors):
    """Gaps are dm^2/(2 E): 6.33466e-6 cm^-1 for 2.5e-3 eV^2 at 10 MeV."""
    mixing = (
        TwoFlavors(2.5e-3, 0.3)
        if flavors == 2
        else ThreeFlavors(2.5e-4, 2.5e-3, 0.5, 0.3, 0.7, 1.0)
    )
    h = vacuum_hamiltonian([10.0, 20.0], mixing)
    assert h.shape == (flavors**2, 2)
    np.testing.assert_allclose(h[:flavors].sum(axis=0), 0.0, rtol=0, atol=1e-20)
    matrix = np.zeros((flavors, flavors), dtype=complex)
    k = flavors
    for a in range(flavors):
        matrix[a, a] = h[a, 0]
        for b in range(a + 1, flavors):
            matrix[a, b], matrix[b, a] = h[k, 0] + 1j * h[k + 1, 0], h[k, 0] - 1j * h[k + 1, 0]
            k += 2
    levels = np.linalg.eigvalsh(matrix)
    assert levels[-1] - levels[0] == pytest.approx(6.33466e-6, rel=1e-6)
    if flavors == 3:
        assert levels[1] - levels[0] == pytest.approx(6.33466e-7, rel=1e-6)
    np.testing.assert_allclose(h[:, 1], 0.5 * h[:, 0])


def test_matter():
    """lambda at rho Ye = 1 g/cm^3 with baryons of an atomic mass unit: 3.867929e-9 cm^-1."""
    potential = vacuum.matter_potential(1.0 / constants.M_U_GRAM)
    assert potential == pytest.approx(3.867929e-9, rel=1e-6)
    for flavors in (2, 3):
        h = vacuum.matter_hamiltonian([1.0, 3.0], flavors)
        assert h.shape == (flavors**2, 2)
        np.testing.assert_allclose(h[0] - h[1], [1.0, 3.0])
        np.testing.assert_allclose(h[:flavors].sum(axis=0), 0.0, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: mixing_of("invertd", 2), "did you mean 'inverted'"),
        (lambda: mixing_of("normal", 4), "flavors: 4"),
        (lambda: vacuum_hamiltonian([1.0, 0.0], mixing_of("normal", 2)), "energy"),
        (lambda: vacuum_hamiltonian([1.0, np.nan], mixing_of("normal", 3)), "energy"),
        (lambda: vacuum_hamiltonian(1.0, TwoFlavors(np.nan, 0.1)), "mixing"),
    ],
)
def test_refusals(call, line):
    with pytest.raises(QkepipeError, match=line) as found:
        call()
    assert len(found.value.defects) == 1


def test_the_angle_of_the_vacuum_term_in_matter():
    """Small where matter dominates, that of the vacuum without it, 90 degrees at resonance."""
    mixing = mixing_of("normal", 2)
    omega = mixing.delta_m2 * 1e-12 / (2 * 15.0) / constants.HBAR_C
    dense = 1e32
    expected = omega * np.sin(2 * mixing.theta) / (constants.SQRT2_GF * dense)
    assert vacuum.vacuum_angle(15.0, dense, mixing) == pytest.approx(expected, rel=1e-4)
    assert vacuum.vacuum_angle(15.0, 0.0, mixing) == pytest.approx(2 * mixing.theta)
    resonance = omega * np.cos(2 * mixing.theta) / constants.SQRT2_GF
    assert vacuum.vacuum_angle(15.0, resonance, mixing) == pytest.approx(np.pi / 2)
