"""A synthetic study with datasets of the schema and plausible sizes."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics import grid_errors
from qkepipe.diagnostics.boundaries import boundaries
from qkepipe.diagnostics.quantities import values_at
from qkepipe.diagnostics.region_table import region_table
from qkepipe.diagnostics.regions import regions
from qkepipe.schema import check, set_attributes
from qkepipe.species import SPECIES

R_EDGE = np.geomspace(3e6, 5e7, 61)
R = 0.5 * (R_EDGE[1:] + R_EDGE[:-1])
E_EDGE = np.geomspace(1.0, 100.0, 9)
E = np.sqrt(E_EDGE[1:] * E_EDGE[:-1])
MU_EDGE = np.linspace(-1.0, 1.0, 17)
MU = 0.5 * (MU_EDGE[1:] + MU_EDGE[:-1])
SHOCK, GAIN = 1.5e7, 9e6
MEAN = np.array([11.0, 14.0, 18.0, 18.5])
FLUX = np.array([1.6e57, 1.3e57, 0.9e57, 0.85e57])
SHELL = (R > 6e6) & (R < 2e7)
#: Its gradient alone leaves e-folds that fall outwards through the shell.
PHI0 = 0.01 * (R / R[0]) ** -2.0


def make_snapshot(name: str) -> xr.Dataset:
    rho = 1e12 * (R / R[0]) ** -4
    velocity = np.where(R > SHOCK, -3e9 * (R / SHOCK) ** -0.5, -2e8)
    fields = {
        "rho": rho,
        "temperature": 5.0 * R[0] / R,
        "ye": np.clip(0.1 + 0.4 * (R - R[0]) / 1e7, 0.1, 0.49),
        "velocity_r": velocity,
    }
    data = xr.Dataset(
        {n: ("r", v) for n, v in fields.items()},
        coords={"r": R, "r_edge": ("r_edge", R_EDGE), "time": 0.15},
        attrs={
            "simulation": f"synthetic model {name}",
            "source_format": "analytic",
            "source_sha256": "0" * 64,
            "warnings": "model: ye: 2 zones were clipped",
        },
    )
    return check(set_attributes(data), "snapshot")


def make_background(snapshot: xr.Dataset) -> xr.Dataset:
    data = snapshot.copy()
    data["x_p"] = data["ye"].copy(deep=True)
    data["x_n"] = 1.0 - data["ye"]
    data["composition_source"] = ("r", np.where(R < 1e7, 1, 2))
    for name in ("x_p", "x_n", "composition_source"):
        data[name].attrs = {"units": "1"}
    data.attrs.update(
        shock_radius=SHOCK,
        rates_source="computed: beta, scattering_nucleons",
        rates_processes="beta: Absorption by nucleons (A 1985).\nscattering_nucleons: Elastic.",
        rates_g_a=1.2723,
        rates_sin2_theta_w=0.2312,
        weak_magnetism="form_factors",
        group_average="on",
        gravity="computed",
        lapse_source="computed from the mass",
        largest_redshift=0.0831,
        **{f"group_coverage_{s}": 0.97 if s == "nuebar" else 0.9995 for s in SPECIES},
        **{f"group_coverage_energy_{s}": 0.95 for s in SPECIES},
        warnings="matter: composition: 60 zones completed with free nuclei",
    )
    return data.assign_coords(energy=("energy", E, {"units": "MeV"}), mu=("mu", MU))


def make_stability(stable: bool, directions: int = 0, name: str = "") -> xr.Dataset:
    unstable = SHELL & (not stable)
    growth = np.where(unstable, 3e9 * (R / R[0]) ** -3.0, 0.0)
    lsa = np.where(unstable & (np.arange(R.size) % 3 == 0), 1.1 * growth, np.nan)
    # falls outwards, so that the outer cells of the shell cannot be decided at small xi
    efolds = np.where(unstable, 3e6 * (R / R[0]) ** -5.0, 0.0)
    fields = {
        "ffi_crossing": unstable.astype("int8"),
        "ffi_crossing_mu": np.where(unstable, 0.5 + 0.3 * R / R[-1], np.nan),
        "eln_xln_positive": 1e32 * (R / R[0]) ** -3.0,
        "eln_xln_negative": np.where(unstable, 1e31 * (R / R[0]) ** -3.0, 0.0),
        "ffi_growth_estimate": growth,
        "cfi_growth_estimate": np.where(R < 4e6, 2e5, 0.0),
        "slow_growth_normal": np.where(R > 3e7, 1e3, 0.0),
        "slow_growth_inverted": np.where(R > 1e7, 4e3, 0.0),
        "mnr_flag": np.zeros(R.size, dtype="int8"),
        "gradient_efolds": efolds,
        "lsa_growth_rate": lsa,
        "instability": np.where(unstable, 5, 0).astype("int8"),
        "potential_matter": 1e3 * (R / R[0]) ** -4.0,
        "potential_phi0": PHI0,
        "potential_phi1": 0.4 * (R / R[0]) ** -3.0,
    }
    data = xr.Dataset(
        {n: ("r", v) for n, v in fields.items()},
        coords={"r": R, "r_edge": ("r_edge", R_EDGE)},
        attrs={"omitted": "", "crossing_tolerance": 1e-3},
    )
    if directions:
        data = data.expand_dims(theta=np.linspace(0.1, 3.0, directions)).copy(deep=True)
        data["theta"].attrs["units"] = "rad"
        data["ffi_crossing"][1:, :] = 0
    data["instability"].attrs.update(flag_values=[0, 5], flag_meanings="none fast")
    if name:
        data["r"].attrs["long_name"] = name
    return check(set_attributes(data), "stability")


def make_regions(stability: xr.Dataset, matter: xr.Dataset, field) -> xr.Dataset:
    """Table of the regions of a map."""
    return region_table("s15", stability, regions(stability, matter, boundaries(matter, field)))


def make_modes(stable: bool) -> xr.Dataset:
    """Two cells with bands on both sides of kappa = 0 and a change of sign at mu = 0.5."""
    kappa = np.array([1.0, 0.2])[:, None] * np.linspace(-4.0, 4.0, 81)
    height = np.array([3e9, 2e8])[:, None] * (not stable)
    sym = height * np.sqrt(np.maximum(0.0, 1.0 - (kappa / kappa[:, -1:] * 3.0 + 0.5) ** 2))
    data = xr.Dataset(
        {
            "kappa": (("cell", "wavenumber"), kappa),
            "growth_rate": (("cell", "sector", "wavenumber"), np.stack([sym, 0.2 * sym], axis=1)),
            "eln_xln": (("cell", "mu"), np.array([[1e32], [1e31]]) * (0.5 - MU)),
            "why": ("cell", ["fastest", "at the nuebar sphere"]),
            "place": ("cell", ["r = 61 km", "r = 46 km; theta = 60 deg"]),
            "radius": ("cell", [6.1e6, 4.6e6]),
        },
        coords={"sector": ["sym", "brk"], "mu": MU},
    )
    return data


def make_calibration() -> xr.Dataset:
    """Scores of three prescriptions in two cells; one makes no statement in the first."""
    survival = 0.5 + 0.25 * (1.0 + MU)
    names = ["angle", "number_nue", "number_nuebar", "energy_nue", "energy_nuebar", "lepton_number"]
    score = np.array([[0.3, 0.05, np.nan], [0.2, 0.02, 0.1]])[:, :, None] * np.ones(len(names))
    boxes = np.stack([survival, survival**2])
    return xr.Dataset(
        {
            "survival_box": (("cell", "mu"), boxes),
            "survival_seed": (("cell", "seed", "mu"), boxes[:, None] + [[0.01], [-0.01]]),
            "box_spread": ("cell", [0.02, 0.02]),
            "box_survival": (("cell", "sector"), [[0.7, 0.8], [0.6, 0.7]]),
            "neutrino_share": (("cell", "mu"), np.full((2, MU.size), 1.0 / MU.size)),
            "statement": (("cell", "prescription"), [[1, 1, 0], [1, 1, 1]]),
            "valid": ("prescription", ["always", "anywhere", "a step"]),
            "survival_probability": (
                ("cell", "prescription", "mu"),
                np.array([1.0, 0.9, 0.8])[:, None] * np.stack([survival, survival])[:, None],
            ),
            "score": (("cell", "prescription", "quantity"), score),
            "place": ("cell", ["r = 61 km", "r = 46 km; theta = 60 deg"]),
            "radius": ("cell", [6.1e6, 4.6e6]),
        },
        coords={
            "prescription": ["none", "box", "bd21"],
            "quantity": names,
            "mu": MU,
            "mu_edge": MU_EDGE,
        },
        attrs={
            "snapshot": "s15",
            "cells": 40,
            "unstable_cells": 5,
            "chosen_cells": 3,
            "crossing_tolerance": 1e-3,
            "deepest_crossing": 0.3,
            "left_out": "r = 80 km: too many cells",
        },
    )


def _at_edges(values: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(R_EDGE, R, row) for row in values])


def make_summary(
    kind: str, scheme: str, xi: float | None = None, strength: float = 0.0, resolution=1.0, **attrs
) -> xr.Dataset:
    """``strength``: how much of the difference between the flavours is mixed outside."""
    mix = strength * np.clip((R - 6e6) / 1e7, 0.0, 1.0) * (1.0 + 0.02 * (resolution - 1.0))
    flux = FLUX[:, None] * np.clip((R - R[0]) / 2e6 + 0.05, 0.0, 1.0)
    energy = MEAN[:, None] * (1.0 + 0.3 * R[0] / R)
    for a, b in ((0, 2), (1, 3)):
        for values in (flux, energy):
            half = 0.5 * mix * (values[a] - values[b])
            values[a] -= half
            values[b] += half
    heating = 1e21 * (R / R[0]) ** -2.0 * flux[:2].sum(axis=0) / FLUX[:2].sum()
    cooling = 1e21 * (GAIN / R[0]) ** -2.0 * (R / GAIN) ** -6.0
    spectrum = (E / MEAN[:, None]) ** 2 * np.exp(-3.0 * E / MEAN[:, None]) * FLUX[:, None] * 1e-27
    angular = np.exp(-(((MU - 1.0) / np.array([0.5, 0.45, 0.35, 0.35])[:, None]) ** 2))
    angular = angular * 1e-26 * FLUX[:, None] * (1.0 - 0.2 * strength)
    profile = np.array([5e6, 1e7, 2e7, 4.9e7])
    dilute = (profile / profile[0])[:, None, None] ** -2.0
    time = np.linspace(1e-5, 5e-3, 80)
    over, edges = ("species", "r"), ("species", "r_edge")
    data = xr.Dataset(
        {
            "luminosity": (over, 1.602e-6 * flux * energy),
            "number_luminosity": (over, flux),
            "luminosity_edge": (edges, _at_edges(1.602e-6 * flux * energy)),
            "number_luminosity_edge": (edges, _at_edges(flux)),
            "luminosity_infinity": (over, 1.602e-6 * flux * energy),
            "number_luminosity_infinity": (over, flux),
            "mean_energy": (over, energy),
            "mean_energy_infinity": (over, energy),
            "mean_energy_flux": (over, 0.98 * energy),
            "rms_energy": (over, 1.15 * energy),
            "number_density": (over, flux / R**2 * 1e-10),
            "flux_factor": (over, np.ones((4, 1)) * (1.0 - R[0] / R)),
            "steadiness": (over, np.full((4, R.size), 0.002)),
            "number_flux_rms": (over, 0.01 * flux / R**2),
            "heating_rate": ("r", heating),
            "cooling_rate": ("r", cooling),
            "net_heating_rate": ("r", heating - cooling),
            "ye_dot": ("r", 1.0 * (R / R[0]) ** -2.0),
            "rho": ("r", 1e12 * (R / R[0]) ** -4),
            "temperature": ("r", 5.0 * R[0] / R),
            "neutrinosphere_radius": ("species", np.array([5.2e6, 4.6e6, 4.0e6, 4.0e6])),
            "effective_sphere_radius": ("species", np.array([4.4e6, 3.5e6, np.nan, np.nan])),
            "inner_optical_depth": ("species", np.array([40.0, 20.0, 6.0, 5.0])),
            "inner_effective_optical_depth": ("species", np.array([12.0, 1.2, 0.4, 0.4])),
            "gain_radius": ((), GAIN * (1.0 + 0.02 * strength), {"status": "found"}),
            "net_heating_gain_region": ((), 4e51 * (1.0 - 0.3 * strength),
                                        {"status": "found", "outer_limit": "shock"}),
            "net_cooling_below_gain": ((), 2e52 * (1.0 + 0.1 * strength), {"status": "found"}),
            "angular_distribution": (("profile_radius", "species", "mu"), angular * dilute),
            "spectrum": (("profile_radius", "species", "energy"), spectrum * dilute),
            "number_flux_out": (
                ("time_sample", "species"),
                flux[:, -1] * (1.0 + 0.05 * np.exp(-time / 1e-3)[:, None]),
            ),
        },
        coords={
            "species": list(SPECIES), "r": R, "r_edge": ("r_edge", R_EDGE), "energy": E,
            "energy_edge": ("energy_edge", E_EDGE), "mu": MU, "mu_edge": ("mu_edge", MU_EDGE),
            "profile_radius": profile, "time_sample": time,
        },
        attrs={
            "kind": kind, "scheme": scheme, "resolution": resolution, "crossings": 3.0,
            "n_steps": 9000, "average_from": 0.6, "number_balance_error": 2e-15,
            "eln_balance_error": 3e-6, "quasi_steadiness": 0.004, **attrs,
        },
    )  # fmt: skip
    if kind == "qke":
        seen = strength > 0.0
        data["coherence_max"] = (
            "time_sample",
            np.minimum(0.45, 1e-6 * np.exp(1.2e4 * seen * time)),
        )
        tracked = np.linspace(1e-5, 1.1e-3, 40)
        data = data.assign_coords(time_tracked=("time_tracked", tracked, {"units": "s"}))
        data["tracked_coherence"] = ("time_tracked", 1e-6 * np.exp(1.2e4 * seen * tracked))
        data.attrs.update(xi=xi, seed_amplitude=1e-6, max_polarisation_over_trace=1.0 + 2e-12)
        if seen:
            data.attrs.update(
                growth_rate_predicted=1.23e4, growth_rate_measured=1.2e4,
                growth_window_start=2e-4, growth_window_end=8e-4, cells_per_wavelength=14.0,
            )  # fmt: skip
        else:
            data.attrs.update(growth_rate_predicted=1.23e4, growth_rate_measured=np.nan)
    return check(set_attributes(data), "summary")


def make_baseline() -> xr.Dataset:
    """The classical field of the study grid, without f."""
    field = make_summary("classical", "classical")
    field = field.drop_dims(["time_sample", "profile_radius"])
    field.attrs = {
        "residual": 5e-10, "corrections": 31, "unsettled": 2, "fluid": "moving, first order in v/c",
        "steady_number_balance_error": 3e-10, "steady_energy_balance_error": 4e-10,
        "moments_difference_nue": 0.07, "radiation_source": "classical transport",
    }  # fmt: skip
    return field


def make_resolution(name: str) -> xr.Dataset:
    """Errors of the classical summary: e_r, e_mu, e_energy in the ratio 1:2:4."""
    classical = make_summary("classical", "classical")
    radii = np.append(classical["profile_radius"].values, R_EDGE[-1])
    values = values_at(classical, classical, radii)
    others = {}
    for axis, error in (("r", 0.01), ("mu", 0.02), ("energy", 0.04)):
        # first order, so that a grid twice as fine removes half of the error
        fine = {key: value * (1.0 + 0.5 * error) for key, value in values.items()}
        finer = {key: value * (1.0 + 0.75 * error) for key, value in values.items()}
        others[axis] = {2.0: fine, 4.0: finer}
    return grid_errors(name, values, others)


def default_cases() -> dict[str, xr.Dataset]:
    """Classical, three attenuations, two relaxations and a threshold."""
    return {
        "classical": make_summary("classical", "classical"),
        "qke_xi1e-4": make_summary("qke", "attenuated", 1e-4, 0.30),
        "qke_xi2e-4": make_summary("qke", "attenuated", 2e-4, 0.42),
        "qke_xi4e-4": make_summary("qke", "attenuated", 4e-4, 0.44),
        "bgk_box": make_summary("bgk", "box", strength=0.5, c_tau=6.283),
        "threshold_rho1e11": make_summary("threshold", "pair", strength=0.9, density=1e11),
    }
