"""Redshift in runs: what is constant outside sources, and a uniform lapse as a change of clock.

Outside sources number and energy at infinity flow at a constant rate: a times the number
luminosity and a^2 times the luminosity of local observers. A black sphere of uniform lapse
source, radius R and temperature T sends 4 pi R^2 c n(T)/4 per local time, whatever the metric
outside, as long as R > 3 G M/c^2.

A metric with a constant lapse a (and X = 1) is flat space with another clock and other units
of energy: local quantities are those of flat space at the time a t, for every scheme.
"""

import numpy as np
import pytest
import xarray as xr

from qkepipe import schema
from qkepipe.constants import C_LIGHT, G_NEWTON, M_SUN
from qkepipe.diagnostics import summarise
from qkepipe.phasespace import METRIC, angle_grid, energy_grid, fermi_dirac, radial_grid
from qkepipe.solvers.sphere import flows, grid_of, run_sphere
from qkepipe.solvers.steady import steady_field
from qkepipe.species import SPECIES
from qkepipe.stability import screen
from qkepipe.study.load import load_config
from qkepipe.study.stages import background as background_stage
from qkepipe.study.stages import baseline as baseline_stage
from qkepipe.study.stages import ingest

KM = 1e5
R, T = 20 * KM, 5.0
HALF = 1.5 * G_NEWTON * M_SUN / C_LIGHT**2


def dataset(energy_edges, edges, n_mu, lapse, radial_metric, matter):
    """Background with local rates from ``matter(E, r)``: kappa* [cm^-1], f_eq and chi0."""
    edges = np.asarray(edges)
    centres = 0.5 * (edges[1:] + edges[:-1])
    radius = radial_grid(
        edges, lapse(centres), lapse(edges), radial_metric(centres), radial_metric(edges)
    )
    energy, angle = energy_grid(energy_edges), angle_grid(n_mu)
    absorption, f_eq, scattering = matter(energy.centres[:, None] / radius.lapse, radius.centres)
    over, n_r = ("species", "energy", "r"), centres.size
    profile = (2e6 / centres) ** 2
    data = {
        "rho": ("r", 1e12 * profile**2.5),
        "temperature": ("r", np.full(n_r, T)),
        "ye": ("r", np.full(n_r, 0.2)),
        "mu_e": ("r", 5.0 * profile),
        "mu_hat": ("r", 5.0 * profile),
        "absorption": (over, absorption),
        "emissivity": (over, C_LIGHT * absorption * f_eq),
        "scattering": (over, scattering),
        "scattering_transport": (over, 0.9 * scattering),
        **{n: ("r_edge" if n.endswith("edge") else "r", getattr(radius, n)) for n in METRIC},
    }
    coords = {
        "r": centres,
        "r_edge": edges,
        "energy": energy.centres,
        "energy_edge": energy.edges,
        "mu": angle.centres,
        "mu_edge": angle.edges,
        "species": list(SPECIES),
    }
    return schema.check(schema.set_attributes(xr.Dataset(data, coords)), "background")


def black_sphere(energy, r):
    shape = (4, *np.broadcast_shapes(energy.shape, r.shape))
    absorption = np.broadcast_to(np.where(r < R, 1e-4, 0.0), shape)
    return absorption, np.broadcast_to(fermi_dirac(energy, T, 0.0), shape), np.zeros(shape)


@pytest.fixture(scope="module")
def star():
    """Black sphere of 20 km in the metric of 1.5 solar masses, to 60 km; its summary."""
    edges = np.concatenate([np.linspace(18 * KM, R, 7), np.geomspace(R, 60 * KM, 25)[1:]])

    def lapse(r):
        return np.sqrt(1.0 - 2.0 * HALF / r)

    background = dataset(
        np.linspace(0.0, 60.0, 4), edges, 16, lapse, lambda r: 1.0 / lapse(r), black_sphere
    )
    field = steady_field(background, tolerance=1e-13)
    out = run_sphere(background, "classical", initial=field["f"].values, crossings=0.1, samples=8)
    return background, field, summarise(out, background)


def test_flows_are_constant_outside(star):
    """Number and energy at infinity, to the residual of the steady state."""
    background, field, summary = star
    outside = background["r_edge"].values >= R
    through = flows(field["f"].values, background)[..., outside]
    np.testing.assert_allclose(through / through[..., -1:], 1.0, rtol=1e-10)
    a = summary["lapse_edge"].values[outside]
    number = summary["number_luminosity_edge"].values[:, outside] * a
    energy = summary["luminosity_edge"].values[:, outside] * a**2
    np.testing.assert_allclose(number / number[:, :1], 1.0, rtol=1e-10)
    np.testing.assert_allclose(energy / energy[:, :1], 1.0, rtol=1e-10)
    cells = background["r"].values > R
    for name in ("number_luminosity_infinity", "luminosity_infinity"):
        values = summary[name].values[:, cells]
        np.testing.assert_allclose(values / values[:, :1], 1.0, rtol=1e-10)
    assert summary.attrs["steady_number_balance_error"] < 1e-10
    assert summary.attrs["steady_energy_balance_error"] < 1e-10


def test_luminosity_of_the_black_sphere(star):
    """4 pi R^2 (c/4) n and the same with e, of the local spectrum at the surface.

    Groups are wide: compare with the sums over the groups of the grid.
    """
    background, _, summary = star
    grid = grid_of(background)
    k = int(np.searchsorted(grid.radius.edges, R))
    a = grid.radius.lapse_edge[k]
    # what matter below the surface emits into the groups
    inside = grid.lapse[k - 1]
    spectrum = fermi_dirac(grid.energy.centres / inside, T, 0.0) * grid.energy.weights / a**3
    number = np.pi * R**2 * C_LIGHT * spectrum.sum()
    mean = (spectrum * grid.energy.centres).sum() / spectrum.sum() / a
    found = summary["number_luminosity_edge"].values[:, k]
    np.testing.assert_allclose(found, number, rtol=5e-3)
    outside = background["r"].values > 1.1 * R
    local = summary["mean_energy"].values[:, outside] * grid.lapse[outside]
    np.testing.assert_allclose(local, mean * a, rtol=5e-3)
    np.testing.assert_allclose(summary["mean_energy_infinity"].values[:, outside], local)


def test_stages_take_the_metric_of_the_snapshot():
    """The analytic model: rates at local energies, luminosities at infinity below local ones."""
    small = {
        "grid": {"n_r": 24, "n_mu": 8, "n_energy": 3},
        "background": {"group_average": False},
    }
    config = load_config(small)
    snapshot = ingest.run(config, config.snapshots[0])
    matter = background_stage.run(config, snapshot)
    assert matter.attrs["gravity"] == "snapshot"
    assert matter["energy"].attrs["frame"] == "infinity"
    a = np.sqrt(1.0 - 2.0 * HALF / matter["r"].values)
    np.testing.assert_allclose(matter["lapse"], a, rtol=1e-6)
    local = matter["energy"].values[:, None] / matter["lapse"].values
    potential = (matter["mu_e"] - matter["mu_hat"]).values
    found = (matter["emissivity"] / (C_LIGHT * matter["absorption"])).sel(species="nue")
    exact = fermi_dirac(local, matter["temperature"].values, potential)
    np.testing.assert_allclose(found.transpose("energy", "r"), exact, rtol=1e-8)
    field = baseline_stage.run(config, snapshot, matter)
    ratio = field["luminosity_infinity"] / field["luminosity"]
    np.testing.assert_allclose(
        ratio.transpose("species", "r"), np.broadcast_to(a**2, (4, 24)), rtol=1e-6
    )
    flat = background_stage.run(load_config(small | {"background": {"gravity": "flat"}}), snapshot)
    assert flat["energy"].attrs["frame"] == "local"
    assert all(np.all(flat[name] == 1.0) for name in METRIC)


CLOCK = 0.8
EDGES = np.geomspace(2e6, 6e6, 25)


def crossing_field():
    """More nue than nuebar at mu = -1, fewer at mu = 1, few nux: fast-unstable."""
    mu = angle_grid(8).centres[:, None]
    spectrum = fermi_dirac(np.array([6.0, 25.0]), 5.0, 0.0)[None, :, None, None]
    f = np.broadcast_to(spectrum, (4, 2, 8, 24)).copy()
    f[0] *= 1.1 * np.exp(-0.4 * (1 + mu))
    f[2:] *= 0.3
    return f


def envelope(energy, r):
    strength = np.array([2.0, 1.0, 0.5, 0.5])[:, None, None] * 1e-7 * (2e6 / r) ** 8
    absorption = strength * (energy / 10) ** 2
    f_eq = np.broadcast_to(fermi_dirac(energy, 6.0 * (2e6 / r), 0.0), absorption.shape)
    return absorption, f_eq, 0.5 * absorption


@pytest.fixture(scope="module")
def clocks():
    """The same matter in flat space and with a lapse of 0.8 everywhere."""

    def make(a):
        return dataset(
            a * np.array([0.0, 10.0, 40.0]),
            EDGES,
            8,
            lambda r: np.full(r.shape, a),
            np.ones_like,
            envelope,
        )

    return make(1.0), make(CLOCK)


OPTIONS = {
    "classical": {},
    "qke": {"xi": 2e-6},
    "bgk": {"prescription": "box", "c_tau": 1e5, "tolerance": 1e-6},
    "threshold": {"density": 1e11},
}


@pytest.mark.parametrize("scheme", OPTIONS)
def test_uniform_lapse_is_another_clock(clocks, scheme):
    """Same field after the same number of crossings; times are longer by 1/a."""
    start = crossing_field()
    runs = [
        run_sphere(
            b, scheme, initial=start, options=OPTIONS[scheme], seed_amplitude=1e-3,
            crossings=1.0, samples=8,
        )
        for b in clocks
    ]  # fmt: skip
    assert runs[0].attrs["n_steps"] == runs[1].attrs["n_steps"]
    np.testing.assert_allclose(runs[1]["time_sample"], runs[0]["time_sample"] / CLOCK, rtol=1e-12)
    np.testing.assert_allclose(runs[1]["f"], runs[0]["f"], rtol=1e-7, atol=1e-12)
    a, b = (summarise(run, background) for run, background in zip(runs, clocks, strict=True))
    for name in (
        "number_luminosity_edge", "luminosity_edge", "luminosity", "mean_energy", "rms_energy",
        "number_density", "flux_factor", "heating_rate", "cooling_rate", "ye_dot",
        "neutrinosphere_radius", "gain_radius",
    ):  # fmt: skip
        np.testing.assert_allclose(b[name], a[name], rtol=1e-6, atol=1e-6 * np.abs(a[name]).max())
    np.testing.assert_allclose(
        b["luminosity_infinity"], CLOCK**2 * a["luminosity_infinity"], rtol=1e-6
    )
    if scheme == "qke":
        np.testing.assert_allclose(b["coherence"], a["coherence"], rtol=1e-6)


def test_mixing_acts_in_these_runs(clocks):
    """The comparison above means something: conversion and relaxation have changed the field."""
    start = crossing_field()
    fields = {
        scheme: run_sphere(
            clocks[1], scheme, initial=start, options=options, seed_amplitude=1e-3,
            crossings=1.0, samples=8,
        )["f"].values
        for scheme, options in OPTIONS.items()
    }  # fmt: skip
    for scheme in ("qke", "bgk", "threshold"):
        assert np.abs(fields[scheme] / fields["classical"] - 1.0).max() > 0.02


def test_stability_map_is_local(clocks):
    """Growth and potentials of a local observer do not know the clock at infinity."""
    f = crossing_field()
    maps = [screen(b.assign(f=(("species", "energy", "mu", "r"), f)), b) for b in clocks]
    for name in ("ffi_growth_estimate", "potential_phi0", "lsa_growth_rate", "cfi_growth_estimate"):
        np.testing.assert_allclose(maps[1][name], maps[0][name], rtol=1e-9)
    assert float(maps[0]["ffi_growth_estimate"].max()) > 0.0
