"""The doors of moments: defined limits, refusals, labels, and no xarray on the way."""

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.mixing import asymptotic_moments, asymptotic_state, mixed_moments, sphere_quadrature
from qkepipe.mixing.directions import direction_grid
from qkepipe.mixing.moments import reconstruct
from qkepipe.species import SPECIES

ONE = np.ones(1)


def cell(number, factor):
    n = np.array(number)[:, None, None]
    return n, n * np.array(factor)[:, None, None]


@pytest.mark.parametrize("n_mu, n_component", [(8, 1), (32, 1), (8, 3)])
def test_reconstruction_has_its_moments(n_mu, n_component):
    """Density and flux in the discrete sums for all flux factors, 0 and 1 among them."""
    rng = np.random.default_rng(2)
    grid = direction_grid(n_mu, n_component)
    n_r = 200
    number = rng.uniform(0.0, 1.0, (4, 2, n_r))
    number[0, 0, :5] = 0.0
    factor = rng.uniform(0.0, 1.0, (4, 2, n_r))
    factor[:, :, :10], factor[:, :, 10:20] = 1.0, 0.0
    unit = rng.normal(size=(4, 2, n_component, n_r))
    unit /= np.linalg.norm(unit, axis=2, keepdims=True)
    flux = (number * factor)[:, :, None] * unit
    f = np.empty((4, 2, grid.weights.size, n_r))
    node = np.empty((4, 2, n_r), dtype=np.int64)
    offset = np.empty_like(flux)
    reconstruct(number, flux, grid.vectors, grid.weights, grid.limit, f, node, offset)
    assert np.all(f >= 0.0)
    np.testing.assert_allclose(
        np.einsum("semr,m->ser", f, grid.weights), number, rtol=0, atol=1e-14
    )
    found = np.einsum("semr,m,mc->secr", f, grid.weights, grid.vectors) + offset
    np.testing.assert_allclose(found, flux, rtol=0, atol=1e-13)


def test_largest_flux_factor_of_the_nodes():
    """More nodes resolve narrower beams; above the limit the error is more than 1e-12."""
    limits = [direction_grid(n, 1).limit for n in (8, 16, 32)]
    assert limits == sorted(limits)
    assert limits[2] == pytest.approx(0.985, abs=0.001)
    assert direction_grid(16, 3).limit == pytest.approx(0.93, abs=0.01)


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize(
    "number, factor, converted",
    [
        ([0.0, 0.0, 0.0, 0.0], [0.0] * 4, False),  # no neutrinos
        ([1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], False),  # a beam of one species
        ([1.0, 0.8, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], False),  # single-sided: one direction
        ([1.0, 0.8, 0.2, 0.2], [0.3, 0.3, 0.3, 0.3], False),  # no crossing
        ([1.0, 1.0, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0], True),  # two head-on beams
        ([1.0, 0.9, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], True),  # isotropic against a beam
        ([1e-300, 9e-301, 0.0, 0.0], [0.1, 0.35, 0.0, 0.0], True),
    ],
)
def test_limits_are_defined(number, factor, converted, vector):
    n, flux = cell(number, factor)
    if vector:
        flux = flux[:, :, None] * np.array([0.0, 0.6, 0.8])[:, None]
    out = mixed_moments(n, flux, ONE)
    assert out.converted.tolist() == [converted]
    assert np.all(np.isfinite(out.number)) and np.all(np.isfinite(out.flux))
    size = np.linalg.norm(out.flux, axis=2) if vector else np.abs(out.flux)
    assert np.all(size <= out.number * (1.0 + 1e-12))
    if not converted:
        assert np.array_equal(out.number, n) and np.array_equal(out.flux, flux)


def test_head_on_beams_mix_completely():
    """Equal beams of nue and nuebar: k = 0 in both lobes, and each flux keeps its direction."""
    out = mixed_moments(*cell([1.0, 1.0, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0]), ONE)
    third = 1.0 / 3.0
    np.testing.assert_allclose(out.number[:, 0, 0], [third] * 4, rtol=1e-14)
    np.testing.assert_allclose(out.flux[:, 0, 0], [third, -third, third, -third], rtol=1e-14)


def test_result_is_the_same_for_any_number_of_cells():
    rng = np.random.default_rng(4)
    number = rng.uniform(0.1, 1.0, (4, 20, 150))
    flux = number * rng.uniform(0.0, 1.0, number.shape)
    whole = mixed_moments(number, flux, np.ones(20))
    for i in (0, 74, 149):
        one = mixed_moments(number[..., i : i + 1], flux[..., i : i + 1], np.ones(20))
        assert np.array_equal(one.number, whole.number[..., i : i + 1])
        assert np.array_equal(one.flux, whole.flux[..., i : i + 1])


def test_refusals_of_arrays():
    n, flux = cell([1.0, 0.9, 0.3, 0.3], [0.1, 0.35, 0.4, 0.4])
    n, flux = np.repeat(n, 3, axis=2), np.repeat(flux, 3, axis=2)
    with pytest.raises(QkepipeError, match=r"number flux \(nuebar, group 0, r 2\).*density 0.9"):
        mixed_moments(n, np.where(np.indices(n.shape)[2] + n == 2.9, 0.95, flux), ONE)
    with pytest.raises(QkepipeError, match=r"number density \(nue, group 0, r 0\): -1"):
        mixed_moments(-n, flux, ONE)
    with pytest.raises(QkepipeError, match="nan; expected finite"):
        mixed_moments(n * np.nan, flux, ONE)
    with pytest.raises(QkepipeError, match="inf.*expected finite"):
        mixed_moments(n, flux + np.inf, ONE)
    with pytest.raises(QkepipeError, match="mode: 'exact' is not defined for power_half"):
        mixed_moments(n, flux, ONE, prescription="power_half", mode="exact")
    with pytest.raises(QkepipeError, match="power_half needs the cosine mu"):
        mixed_moments(n, np.repeat(flux[:, :, None], 3, axis=2) / 2, ONE, prescription="power_half")
    for bad in (n[:3], n[0]):
        with pytest.raises(ValueError, match="number must have the shape"):
            mixed_moments(bad, flux, ONE)
    with pytest.raises(ValueError, match="flux must have the shape"):
        mixed_moments(n, flux[..., :2], ONE)
    with pytest.raises(ValueError, match="eweights"):
        mixed_moments(n, flux, np.ones(2))
    with pytest.raises(ValueError, match="n_mu"):
        mixed_moments(n, flux, ONE, n_mu=2)


# --- labels ------------------------------------------------------------------------------------


@pytest.fixture
def data():
    rng = np.random.default_rng(6)
    number = 1e33 * rng.uniform(0.3, 1.0, (4, 3, 2, 5))
    flux = C_LIGHT * number * rng.uniform(0.0, 0.9, number.shape)
    dims = ("species", "energy", "theta", "r")
    return xr.Dataset(
        {
            "nu_number_density": (dims, number, {"units": "cm-3", "frame": "lab"}),
            "nu_number_flux": (dims, flux),
        },
        coords={
            "species": list(SPECIES),
            "energy": ("energy", [5.0, 10.0, 20.0], {"units": "MeV"}),
            "r": ("r", np.arange(1.0, 6.0), {"units": "cm"}),
        },
    )


def test_labelled_moments(data):
    out = asymptotic_moments(data)
    n, flux = data["nu_number_density"].values, data["nu_number_flux"].values / C_LIGHT
    plain = mixed_moments(n.reshape(4, 3, 10), flux.reshape(4, 3, 10), np.ones(3))
    assert out["nu_number_density"].dims == data["nu_number_density"].dims
    assert np.array_equal(out["nu_number_density"].values, plain.number.reshape(n.shape))
    np.testing.assert_allclose(
        out["nu_number_flux"], C_LIGHT * plain.flux.reshape(n.shape), rtol=1e-14
    )
    assert np.array_equal(out["eln_xln_negative"].values.ravel(), plain.negative)
    assert np.array_equal(out["converted"].values.ravel(), plain.converted)
    assert 0 < out["converted"].sum() < out["converted"].size
    assert all(v.attrs["units"] and v.attrs["long_name"] for v in out.data_vars.values())
    assert out["nu_number_flux"].attrs["units"] == "cm-2 s-1"
    assert out["nu_number_density"].attrs["frame"] == "lab"
    assert out["r"].attrs["units"] == "cm"
    assert out.attrs["directions"] == "32 in mu"
    still = ~out["converted"]
    xr.testing.assert_equal(out["nu_number_flux"].where(still), data["nu_number_flux"].where(still))


def test_axes_chunks_grey_and_single_cells(data):
    plain = asymptotic_moments(data)
    turned = data.isel(species=[2, 0, 3, 1]).transpose("r", "energy", "species", "theta")
    other = asymptotic_moments(turned)
    assert other["nu_number_flux"].dims == ("r", "energy", "species", "theta")
    same = other["nu_number_flux"].transpose(*plain["nu_number_flux"].dims)
    np.testing.assert_array_equal(same.values, plain["nu_number_flux"].values)
    lazy = asymptotic_moments(data.chunk(r=2, energy=1))
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    xr.testing.assert_equal(lazy.compute(scheduler="synchronous"), plain)
    one = asymptotic_moments(data.isel(r=2, theta=1))
    np.testing.assert_array_equal(
        one["nu_number_density"], plain["nu_number_density"].isel(r=2, theta=1)
    )
    # one group alone is a grey field
    grey = asymptotic_moments(data.isel(energy=0, drop=True))
    group = asymptotic_moments(data.isel(energy=[0]))
    xr.testing.assert_equal(grey, group.isel(energy=0, drop=True))


def test_three_species_become_four(data):
    three = asymptotic_moments(data.isel(species=[0, 1, 2]))
    assert list(three["species"].values) == list(SPECIES)
    n = three["nu_number_density"]
    assert not np.allclose(n.sel(species="nux"), n.sel(species="nuxbar"))


@pytest.mark.parametrize("names", [("", "_theta", "_phi"), ("_x", "_y", "_z")])
def test_vector_fluxes(data, names):
    """A radial flux written as a vector: lobes within the error of the nodes."""
    radial = asymptotic_moments(data)
    flux = data["nu_number_flux"]
    vector = data.drop_vars("nu_number_flux").assign(
        {f"nu_number_flux{n}": flux * part for n, part in zip(names, (0.6, 0.0, 0.8), strict=True)}
    )
    out = asymptotic_moments(vector)
    scale = data["nu_number_density"].sum(["species", "energy"])
    error = abs(out["eln_xln_negative"] - radial["eln_xln_negative"]) / scale
    assert float(error.max()) < 3e-3
    assert out.attrs["directions"] == "16 x 32 on the sphere"
    if names[0] == "":
        # axisymmetric data may lack one angle: it is 0
        lacking = asymptotic_moments(vector.drop_vars("nu_number_flux_theta"))
        xr.testing.assert_allclose(lacking["nu_number_density"], out["nu_number_density"])


def test_refusals_of_labels(data):
    too_large = data.assign(
        nu_number_flux=data["nu_number_flux"].where(
            (data["r"] != 3.0) | (data["species"] != "nux"), 1e45
        )
    )
    with pytest.raises(QkepipeError, match=r"number flux \(nux, group 0, theta 0, r 2\)"):
        asymptotic_moments(too_large)
    with pytest.raises(QkepipeError, match="of its chunk"):
        asymptotic_moments(too_large.chunk(r=2)).compute(scheduler="synchronous")
    with pytest.raises(QkepipeError, match="the only cell"):
        asymptotic_moments(too_large.isel(theta=0, r=2))
    with pytest.raises(QkepipeError, match="nu_number_density: missing"):
        asymptotic_moments(data.drop_vars("nu_number_density"))
    with pytest.raises(QkepipeError, match="nu_number_flux: missing"):
        asymptotic_moments(data.drop_vars("nu_number_flux"))
    with pytest.raises(QkepipeError, match="nu_number_flux: has dimensions"):
        asymptotic_moments(data.assign(nu_number_flux=data["nu_number_flux"].isel(theta=0)))
    data["nu_number_density"].attrs["spectral"] = "per_MeV"
    with pytest.raises(QkepipeError, match="spectral = 'per_MeV'"):
        asymptotic_moments(data)


# --- full sphere -------------------------------------------------------------------------------


@pytest.fixture
def sphere():
    vectors, weights = sphere_quadrature(6, 12)
    rng = np.random.default_rng(8)
    return xr.DataArray(
        rng.uniform(0.0, 1.0, (4, 2, weights.size, 3)),
        dims=("species", "energy", "direction", "r"),
        coords={
            "species": list(SPECIES),
            "energy": [5.0, 15.0],
            "direction_weight": ("direction", 4.0 * np.pi * weights),
            **{f"n{a}": ("direction", vectors[:, c]) for c, a in enumerate("xyz")},
        },
    )


def test_directions_on_the_full_sphere(sphere):
    out = asymptotic_state(sphere)
    assert out["f"].dims == sphere.dims and "nz" in out["f"].coords
    assert out["survival_probability"].dims == ("direction", "r")
    weight = sphere["direction_weight"] / sphere["direction_weight"].sum()
    trace = [(f.sel(species="nue") + 2 * f.sel(species="nux")).values for f in (sphere, out["f"])]
    np.testing.assert_allclose(trace[1], trace[0], rtol=1e-14)
    eta = out["survival_probability"]
    assert np.allclose(eta.min("direction"), 1.0 / 3.0, rtol=1e-15)
    assert float((weight * eta).sum("direction").min()) > 1.0 / 3.0


def test_refusals_on_the_sphere(sphere):
    with pytest.raises(QkepipeError, match="power_half needs the cosine mu"):
        asymptotic_state(sphere, "power_half")
    with pytest.raises(QkepipeError, match="direction_weight: missing"):
        asymptotic_state(sphere.drop_vars("direction_weight"))
    with pytest.raises(QkepipeError, match="direction_weight: not a weight"):
        asymptotic_state(sphere.assign_coords(direction_weight=-sphere["direction_weight"]))
    with pytest.raises(QkepipeError, match="an axis beside mu"):
        asymptotic_state(sphere.rename(r="mu").assign_coords(mu=[-0.5, 0.0, 0.5]))


# --- library -----------------------------------------------------------------------------------

ALONE = """
import sys
import numpy as np
import qkepipe.mixing.kernels, qkepipe.mixing.bgk
from qkepipe.mixing import PRESCRIPTIONS, bgk_step, mixed_moments
mu, w = np.polynomial.legendre.leggauss(8)
f = np.exp(np.multiply.outer([[0.3], [1.1], [1.0], [1.0]], mu - 1))[..., None].copy()
for name, rule in PRESCRIPTIONS.items():
    if rule.species == 4 and rule.axes == ("mu",):
        bgk_step(f.copy(), np.ones(1), w / 2, mu, 0.0, flavors=2, prescription=name, mode="map")
mixed_moments(f[:, :, 0], 0.1 * f[:, :, 0], np.ones(1))
print(sorted({"xarray", "pandas", "netCDF4", "dask"} & set(sys.modules)))
"""


def test_kernels_load_without_xarray():
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
