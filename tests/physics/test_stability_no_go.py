"""Theorems about the roots that hold for every gas.

No-go: where all s_j g_j have one sign there is no growth at any wavenumber, whatever the
vacuum and damping terms, and Im w <= -min Gamma. Invariances: (v, kappa) -> (-v, -kappa);
a common scale of all inputs; (s, g, omega) -> (-s, -g, -omega); the sum of the two breaking
and the two preserving blocks is the three-dimensional problem.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.stability import growth_rate

SECTORS = ("sym", "brk")
seeds = st.integers(0, 2**32 - 1)


def _gas(seed, n=None):
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(2, 12))
    return {
        "v": rng.uniform(-1, 1, n),
        "g": rng.normal(size=n),
        "sign": rng.choice([-1.0, 1.0], n),
        "omega": rng.normal(size=n) * 10.0 ** rng.uniform(-3, 0),
        "gamma": rng.uniform(0, 1, n) * 10.0 ** rng.uniform(-3, 0),
    }, rng.normal()


@given(seed=seeds, sector=st.sampled_from(SECTORS), positive=st.booleans())
@settings(max_examples=150, deadline=None)
def test_one_sign_does_not_grow(seed, sector, positive):
    """Neutrinos and antineutrinos with s g of one sign only damp."""
    gas, kappa = _gas(seed)
    gas["g"] = (1 if positive else -1) * gas["sign"] * np.abs(gas["g"])
    growth, _ = growth_rate(**gas, kappa=kappa, sector=sector)
    size = np.abs(gas["g"]).sum() + np.abs(kappa) + np.abs(gas["omega"]).max()
    assert growth <= -gas["gamma"].min() + 1e-11 * size


@given(seed=seeds, sector=st.sampled_from(SECTORS))
@settings(max_examples=100, deadline=None)
def test_invariances(seed, sector):
    """Mirror, scale and exchange of neutrinos and antineutrinos."""
    gas, kappa = _gas(seed)
    growth, _ = growth_rate(**gas, kappa=kappa, sector=sector)
    size = np.abs(gas["g"]).sum() + np.abs(kappa) + np.abs(gas["omega"]).max()
    near = {"rel": 1e-8, "abs": 1e-11 * size}
    mirror, _ = growth_rate(**{**gas, "v": -gas["v"]}, kappa=-kappa, sector=sector)
    assert mirror == pytest.approx(growth, **near)
    scaled = {k: 7.0 * gas[k] for k in ("g", "omega", "gamma")}
    larger, _ = growth_rate(**{**gas, **scaled}, kappa=7.0 * kappa, sector=sector)
    assert larger == pytest.approx(7.0 * growth, rel=1e-8, abs=7e-11 * size)
    swapped = {k: -gas[k] for k in ("sign", "g", "omega")}
    other, _ = growth_rate(**{**gas, **swapped}, kappa=kappa, sector=sector)
    assert other == pytest.approx(growth, **near)


@pytest.mark.parametrize("seed", range(8))
def test_sectors_are_blocks_of_the_general_problem(seed):
    """Rings of 5 azimuths with the full coupling 1 - v.v' have the faster of both sectors.

    Five azimuths integrate cos^2 and sin^2 exactly, so the reduction has no error.
    """
    gas, kappa = _gas(seed, n=5)
    azimuth = 2 * np.pi * np.arange(5) / 5
    across = np.sqrt(1 - gas["v"] ** 2)
    direction = np.stack(
        [
            np.outer(across, np.cos(azimuth)).ravel(),
            np.outer(across, np.sin(azimuth)).ravel(),
            np.repeat(gas["v"], 5),
        ]
    )
    s_g = np.repeat(gas["sign"] * gas["g"], 5) / 5
    shift = np.repeat(gas["sign"] * gas["omega"] + 1j * gas["gamma"], 5)
    matrix = np.diag(kappa * direction[2] - shift) - (1 - direction.T @ direction) * s_g
    general = np.linalg.eigvals(matrix).imag.max()
    sectors = max(growth_rate(**gas, kappa=kappa, sector=s)[0] for s in SECTORS)
    # beams decoupled from both sectors only damp
    floor = max(sectors, -gas["gamma"].min())
    assert general == pytest.approx(floor, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("sector", SECTORS)
@pytest.mark.parametrize("kappa", [-0.7, 0.0, 0.7])
def test_hundreds_of_beams(sector, kappa):
    """300 beams, some along the axis, nearly equal or empty, in any order and cut in parts."""
    gas, _ = _gas(11, n=300)
    gas["v"][:4] = (1.0, -1.0, 1.0, -1.0)
    gas["v"][10:20] = gas["v"][20:30] + 1e-14
    gas["g"][40:50] = 0.0
    # empty beams are no roots
    growth, frequency = growth_rate(**gas, kappa=kappa, sector=sector)
    assert growth > 0.0
    order = np.random.default_rng(0).permutation(300)
    shuffled = {name: array[order] for name, array in gas.items()}
    assert growth_rate(**shuffled, kappa=kappa, sector=sector) == pytest.approx(
        (growth, frequency), rel=1e-9
    )
    halves = {name: np.concatenate([array, array]) for name, array in gas.items()}
    halves["g"] *= 0.5
    assert growth_rate(**halves, kappa=kappa, sector=sector) == pytest.approx(
        (growth, frequency), rel=1e-9
    )
