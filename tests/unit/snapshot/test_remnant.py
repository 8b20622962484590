"""The analytic remnant: lazy, deterministic, causal, with fluxes that are not parallel."""

import numpy as np
import pytest

from qkepipe import open_snapshot, schema
from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.snapshot.opening import lazy_cells, open_lazy
from qkepipe.snapshot.remnant import remnant_model, remnant_values


def test_blocks_do_not_change_the_values():
    """Other blocks and direct evaluation give the same numbers; nothing is computed at once."""
    one, two = remnant_model(18, chunk=18), remnant_model(18, chunk=5)
    assert two["rho"].chunks is not None
    x = one["x"].values
    direct = remnant_values(x[None, None, :], x[None, :, None], x[:, None, None])
    np.testing.assert_array_equal(two["rho"].values, direct[0])
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name].values, two[name].values)
    np.testing.assert_array_equal(two["nu_number_flux_z"].values[1], direct[10])


def test_moments_are_a_radiation_field():
    """Densities positive, fluxes causal, outward, and not parallel off the axis."""
    data = remnant_model(40).compute()
    schema.check(data, "snapshot")
    n = data["nu_number_density"].values
    flux = np.stack([data[f"nu_number_flux_{a}"].values for a in "xyz"], axis=-1)
    size = np.linalg.norm(flux, axis=-1)
    assert (n > 0).all() and (size < 0.999 * C_LIGHT * n).all()
    cosine = (flux[0] * flux[1]).sum(-1) / np.maximum(size[0] * size[1], 1e-300)
    moving = (size[:2] > 0.05 * C_LIGHT * n[:2]).all(0)
    # tens of degrees where the torus shines
    assert moving.any() and cosine[moving].min() < 0.95
    core = data["rho"].values > 3e14
    assert core.any() and (size[:, core] < 0.05 * C_LIGHT * n[:, core]).all()


def test_reader():
    """A format without a file; wrong options are refused in one line."""
    assert lazy_cells(None, "remnant", cells=300) == 300**3
    assert open_lazy(None, "remnant", cells=300)["rho"].nbytes == 8 * 300**3
    data = open_snapshot(format="remnant", cells=12)
    assert data.attrs["source_format"] == "remnant" and len(data.attrs["source_sha256"]) == 64
    with pytest.raises(QkepipeError, match="cells: 1; expected 2 to 4096"):
        open_snapshot(format="remnant", cells=1)
    with pytest.raises(QkepipeError, match="no such option"):
        open_snapshot(format="remnant", size=1)
