"""Growth over the wavenumber, and modes of chosen cells, of fields of both kinds."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import QkepipeError
from qkepipe.species import SPECIES
from qkepipe.stability import analyse_cells, growth_rate, screen, wavenumber_scan
from qkepipe.stability.bins import parabolas
from qkepipe.stability.field import open_field

CELL = 3


def test_scan_against_beams(angular_field):
    """Both sectors and signs follow 12 beams in every bin; nothing else grows."""
    scan = wavenumber_scan(angular_field, {"r": CELL})
    assert scan["growth_rate"].dims == ("sector", "kappa")
    kappa = scan["kappa"].values
    assert kappa[0] == -kappa[-1] < 0.0
    assert (np.diff(kappa) > 0.0).all()
    edges = angular_field["mu_edge"].values
    _, g = open_field(angular_field).beams({"r": CELL})
    a, b, c = parabolas(edges, SQRT2_GF * g)[..., None]
    x, w = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(edges)[:, None]
    v = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * x).ravel()
    g = ((a + b * x + c * x**2) * half * w).ravel()
    top = float(scan["growth_rate"].max())
    assert top > 0.0
    for sector in ("sym", "brk"):
        for k in kappa[::12]:
            beams = C_LIGHT * growth_rate(v, g, np.ones(v.size), kappa=k, sector=sector)[0]
            found = float(scan["growth_rate"].sel(sector=sector, kappa=k))
            assert found == pytest.approx(beams, abs=0.01 * top)
    growing = scan["growth_rate"] > 0.0
    assert (np.isfinite(scan["real_frequency"]) == growing).all()
    assert not growing.isel(kappa=[0, -1]).any()
    mode = analyse_cells(angular_field, {"r": [CELL]}).isel(cell=0)
    assert top == pytest.approx(float(mode["lsa_growth_rate"]), rel=2e-3)
    assert top <= float(mode["lsa_growth_rate"]) * (1 + 1e-9)
    stability = screen(angular_field, lsa_cells=0)
    for name in ("potential_phi0", "potential_phi1"):
        assert scan.attrs[name] == pytest.approx(float(stability[name][CELL]), rel=0.02)


def test_collisional_and_slow_terms_enter(angular_field, matter):
    """Absorption changes the scan; an ordering needs energies and a known name."""
    without = wavenumber_scan(angular_field, {"r": CELL})
    strong = matter.assign(absorption=matter["absorption"] * 1e6)
    damped = wavenumber_scan(angular_field, {"r": CELL}, strong)
    assert float(damped["growth_rate"].max()) != pytest.approx(
        float(without["growth_rate"].max()), rel=1e-3
    )
    slow = wavenumber_scan(angular_field, {"r": 6}, ordering="inverted")
    assert slow.attrs["ordering"] == "inverted"
    with pytest.raises(QkepipeError, match="unknown ordering"):
        wavenumber_scan(angular_field, {"r": CELL}, ordering="invrted")


def test_moments_and_bins_agree(angular_field, moments_of):
    """The same maximum-entropy field as bins, as groups of moments and as grey moments."""
    cells = {"r": [2, 3]}
    bins = analyse_cells(angular_field, cells)["lsa_growth_rate"].values
    groups = analyse_cells(moments_of(angular_field, grey=False), cells)["lsa_growth_rate"].values
    grey = analyse_cells(moments_of(angular_field), cells)["lsa_growth_rate"].values
    # moments of 16 bins are those of the bins, not of the distribution behind them
    assert groups == pytest.approx(bins, rel=0.05)
    assert grey == pytest.approx(bins, rel=0.05)


def test_cells_of_more_dimensions(angular_field, moments_of):
    """Indices along every dimension of space choose cells point by point."""
    moments = moments_of(angular_field)
    flat = analyse_cells(moments, {"r": [2, 3]})
    wide = moments.expand_dims(theta=3).transpose("species", "theta", "r")
    found = analyse_cells(wide, {"theta": [0, 2], "r": [2, 3]})
    assert found["lsa_growth_rate"].values == pytest.approx(flat["lsa_growth_rate"].values)
    stability = screen(wide, lsa_cells=3)
    assert int(stability["lsa_growth_rate"].notnull().sum()) == 3


def test_fluxes_that_are_vectors_count_along_the_flux_of_lepton_number():
    """Parallel fluxes along (2, 1, 2)/3 are those of a radial field."""
    number = np.array([1.0, 0.9, 0.4, 0.4]) * 1e32
    along = C_LIGHT * number * [0.1, 0.4, 0.5, 0.5]
    space = ("z", "y", "x")
    shape = np.ones((1, 1, 2))
    data = {"nu_number_density": (("species", *space), number[:, None, None, None] * shape)}
    for axis, part in zip("xyz", (2 / 3, 1 / 3, 2 / 3), strict=True):
        flux = part * along[:, None, None, None] * shape
        data[f"nu_number_flux_{axis}"] = (("species", *space), flux)
    attrs = {"frame": "lab", "heavy_multiplicity": 1}
    coords = {"species": list(SPECIES), "z": [0.0], "y": [0.0], "x": [1e6, 2e6]}
    vectors = xr.Dataset(data, coords, attrs)
    radial = xr.Dataset(
        {
            "nu_number_density": (("species", "r"), number[:, None] * np.ones(2)),
            "nu_number_flux": (("species", "r"), along[:, None] * np.ones(2)),
        },
        {"species": list(SPECIES), "r": [1e6, 2e6]},
        attrs,
    )
    # the lepton number flows against the flux of nuebar, which dominate it
    a = analyse_cells(vectors, {"z": [0], "y": [0], "x": [1]})
    b = analyse_cells(radial, {"r": [1]})
    assert float(b["lsa_growth_rate"][0]) > 0.0
    np.testing.assert_allclose(a["lsa_growth_rate"], b["lsa_growth_rate"], rtol=1e-6)
    np.testing.assert_allclose(a["lsa_wavenumber"], -b["lsa_wavenumber"], rtol=1e-4)
