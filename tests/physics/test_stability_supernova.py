"""Moments of a two-dimensional supernova simulation: where they are certainly unstable.

|F_ELN| > c |n_ELN| is sufficient for a crossing whatever the angles are; it is evaluated here
from the variables of the file alone. Deep inside the field is isotropic and nue dominate, so
nothing is unstable, and matter outweighs neutrinos everywhere: no matter-neutrino resonance.
"""

import numpy as np
import pytest

from qkepipe import open_snapshot
from qkepipe.constants import C_LIGHT
from qkepipe.stability import screen


@pytest.fixture(scope="module")
def supernova(shared):
    """The excerpt, read and checked by the package."""
    return open_snapshot(shared / "ccsn_nsy_excerpt")


@pytest.fixture(scope="module")
def stability(supernova):
    """The map."""
    return screen(supernova, supernova, lsa_cells=0)


def test_every_certain_shell_is_flagged(supernova, stability):
    """The flux condition from the file alone: some shells, all of them fast."""
    n = supernova["nu_number_density"].values
    flux = supernova["nu_number_flux"].values
    eln = (n[0] - n[1]) - (n[2] - n[3])
    net = (flux[0] - flux[1]) - (flux[2] - flux[3])
    certain = abs(net) > C_LIGHT * abs(eln)
    assert 0 < certain.sum() < certain.size // 2
    np.testing.assert_array_equal(stability["ffi_flux_test"].values == 1, certain)
    assert (stability["instability"].values[certain] == 5).all()
    assert (stability["ffi_crossing"].values[certain] == 1).all()


def test_none_deep_inside(supernova, stability):
    """No crossing and nothing unstable at high density."""
    deep = supernova["rho"].values > 1e13
    assert deep.any()
    assert (stability["instability"].values[deep] == 0).all()
    assert (stability["ffi_crossing"].values[deep] == 0).all()


def test_no_resonance(stability):
    """The matter potential is above that of the neutrinos in every cell."""
    assert (stability["mnr_flag"] == 0).all()
    assert (stability["mnr_residual"] > 0.0).all()
    assert stability.attrs["cells_unknown"] == 0
