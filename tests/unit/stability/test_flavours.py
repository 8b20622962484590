"""Three flavours: pairs of flavours are screened one by one, and the worst one is shown."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.species import SPECIES, SPECIES6
from qkepipe.stability import growth_rate, screen

R = np.array([1e6, 2e6, 3e6])


def moments(density, flux_factor):
    """Six species over r; densities [1e32 cm-3] and flux factors of shape (6, r)."""
    n = 1e32 * np.asarray(density, dtype=float)
    flux = C_LIGHT * n * np.asarray(flux_factor, dtype=float)
    dims = ("species", "r")
    return xr.Dataset(
        {
            "nu_number_density": (dims, n, {"units": "cm-3"}),
            "nu_number_flux": (dims, flux, {"units": "cm-2 s-1"}),
        },
        {"species": list(SPECIES6), "r": R},
        {"frame": "lab", "heavy_multiplicity": 1},
    )


def four(six):
    """The same field with one heavy flavour, that of mu."""
    return six.isel(species=[0, 1, 2, 3]).assign_coords(species=list(SPECIES))


def column(values):
    return np.repeat(np.array(values)[:, None], R.size, axis=1)


def test_equal_mu_and_tau_give_the_map_of_two_flavours():
    density = column([1.0, 0.9, 0.4, 0.45, 0.4, 0.45])
    factor = column([0.2, 0.4, 0.5, 0.5, 0.5, 0.5]) * [0.5, 1.0, 1.5]
    matter = xr.Dataset({"rho": ("r", [1e11, 1e10, 1e9]), "ye": ("r", [0.2, 0.3, 0.4])}, {"r": R})
    six = moments(density, factor)
    out, expected = screen(six, matter), screen(four(six), matter)
    assert expected["ffi_crossing"].values.any()
    for name in expected.data_vars:
        np.testing.assert_array_equal(out[name], expected[name], err_msg=name)
    assert not out["ffi_crossing_mutau"].values.any()
    assert (out["flavour_pair"] == 0).all()


def test_a_crossing_of_mu_and_tau_alone_is_seen():
    """nue dominates everywhere: only numu - numubar - (nutau - nutaubar) changes its sign."""
    density = column([5.0, 1.0, 0.5, 0.4, 0.5, 0.4])
    factor = column([0.3, 0.3, 0.2, 0.2, 0.6, 0.2])
    out = screen(moments(density, factor))
    assert (out["flavour_pair"] == 2).all() and (out["ffi_crossing_mutau"] == 1).all()
    assert not out["ffi_crossing_emu"].values.any() and not out["ffi_crossing_etau"].values.any()
    assert (out["instability"] == 5).all()
    np.testing.assert_array_equal(out["ffi_growth_estimate"], out["ffi_growth_estimate_mutau"])


def test_the_pair_may_change_from_cell_to_cell():
    density = column([1.0, 0.9, 0.1, 0.1, 0.1, 0.1])
    # a crossing of e and mu, of e and tau, of none
    density[2] = [0.1, 0.1, 0.1]
    factor = column([0.3, 0.3, 0.3, 0.3, 0.3, 0.3])
    density[2, 0], factor[2, 0] = 0.2, 0.8
    density[4, 1], factor[4, 1] = 0.2, 0.8
    out = screen(moments(density, factor))
    for i, pair in enumerate(("emu", "etau")):
        assert out[f"ffi_crossing_{pair}"].values[i] == 1 and out["flavour_pair"].values[i] == i
    assert out["instability"].values[2] == 0


def test_a_lazy_field_gives_the_same_map():
    pytest.importorskip("dask")
    density = column([1.0, 0.9, 0.4, 0.45, 0.3, 0.2])
    six = moments(density, column([0.2, 0.4, 0.5, 0.5, 0.4, 0.6]) * [0.5, 1.0, 1.5])
    expected = screen(six, lsa_cells=0)
    out = screen(six.chunk({"r": 1}), lsa_cells=0)
    assert out["instability"].chunks is not None
    for name in expected.data_vars:
        np.testing.assert_array_equal(out[name].values, expected[name].values, err_msg=name)


def nonlinear_rate(state, v, sign):
    """d rho/ds of three-flavour matrices (beam, 3, 3), homogeneous, self-interaction alone.

    H(v) = sum_j s_j (1 - v v_j) rho_j for neutrinos; antineutrinos rotate the other way round
    with the same H: their matrices are those of the convention in which H acts as -H*.
    """
    out = np.empty_like(state)
    for i in range(v.size):
        h = np.einsum("j,jab->ab", sign * (1.0 - v[i] * v), state)
        out[i] = -1j * (h @ state[i] - state[i] @ h)
    return out


def test_growth_of_three_flavours_is_the_fastest_of_the_pairs():
    """Eigenvalues of the numerically linearised equation of 3 x 3 matrices, all nine elements."""
    v = np.array([-0.9, -0.3, 0.2, 0.7, -0.5, 0.4, 0.95])
    sign = np.array([1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0])
    tilt = sign[:, None] * v[:, None] * [0.8, 0.4, -0.2]
    number = (1.0 + tilt) * [1.0, 0.5, 0.4]
    state = np.zeros((v.size, 3, 3), dtype=complex)
    state[:, range(3), range(3)] = number
    size = 9 * v.size

    def real(flat):
        return np.concatenate([flat.real.ravel(), flat.imag.ravel()])

    base, step = real(nonlinear_rate(state, v, sign)), 1e-6
    jacobian = np.empty((2 * size, 2 * size))
    for k in range(2 * size):
        kick = np.zeros(2 * size)
        kick[k] = step
        moved = state + (kick[:size] + 1j * kick[size:]).reshape(state.shape)
        jacobian[:, k] = (real(nonlinear_rate(moved, v, sign)) - base) / step
    measured = np.linalg.eigvals(jacobian).real.max()
    growth = []
    for a, b in ((0, 1), (0, 2), (1, 2)):
        g = number[:, a] - number[:, b]
        phi1 = (sign * g * v).sum()
        growth.append(growth_rate(v, g, sign, kappa=-phi1)[0])
    assert max(growth) > 0.01 and sorted(growth)[-2] > 0.0
    assert measured == pytest.approx(max(growth), rel=1e-4)
