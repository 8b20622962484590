"""Matter and weak rates of a snapshot on the grid of the study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from qkepipe.eos import read_eos
from qkepipe.errors import Defect, QkepipeError
from qkepipe.matter import EosTable, thermodynamics
from qkepipe.matter.gravity import metric
from qkepipe.opacity import CONSTANTS, PROCESSES, check_coverage, rates
from qkepipe.phasespace import (
    METRIC,
    angle_grid,
    energy_grid,
    geometric_energy_edges,
    geometric_radial_edges,
    radial_grid,
)
from qkepipe.schema import check, set_attributes
from qkepipe.snapshot import regrid, shock_radius
from qkepipe.units import KM_CM

__all__ = ["energy_edges", "on_edges", "run"]

_GIVEN_RATES = ("emissivity", "absorption", "scattering")
_NUCLEI = ("x_alpha", "x_heavy", "abar", "zbar")
#: Mass fraction of bound nucleons without which matter counts as free nucleons.
_DISSOCIATED = 0.01


def run(config, snapshot: xr.Dataset) -> xr.Dataset:
    """Background on the base grid of the configuration.

    Parameters
    ----------
    config : Config
    snapshot : Dataset
        Kind ``snapshot``.

    Returns
    -------
    Dataset
        Kind ``background``.

    Raises
    ------
    QkepipeError
        Where the snapshot does not cover the grid, or leaves the range of the equation of
        state, of the composition fallback or of its own rates, where the energy groups miss a
        tenth of a spectrum, or where those of the snapshot are asked for and it has none.
    """
    grid = config.grid
    edges = geometric_radial_edges(grid.r_in_km * KM_CM, grid.r_out_km * KM_CM, grid.n_r)
    return on_edges(config, snapshot, edges, grid.n_mu, energy_edges(config, snapshot))


def on_edges(
    config, snapshot: xr.Dataset, edges: np.ndarray, n_mu: int, energies: np.ndarray
) -> xr.Dataset:
    """Background on given radial edges [cm], ``n_mu`` angular bins and energy edges [MeV]."""
    source = snapshot.attrs.get("source_file", "snapshot")
    energy = energy_grid(energies)
    angle = angle_grid(n_mu, config.grid.mu_power)
    processes = _processes(config, snapshot)
    matter, warnings = thermodynamics(
        regrid(snapshot, edges).drop_vars(("lapse", "radial_metric"), errors="ignore"),
        config.background.cold_composition,
        source,
        composition=processes != ("table",),
        eos=_eos(config.background.eos),
    )
    matter = _with_nuclei(matter, processes, source)
    space = metric(snapshot, edges, config.background.gravity)
    radius = radial_grid(edges, *(space[n].values for n in METRIC))
    local = _local(energy.edges, radius.lapse)
    if config.grid.energy_groups == "snapshot" and processes == ("table",):
        _require_flat(space.attrs["gravity"], source)
    coverage, outside = check_coverage(matter, local, source)
    block = config.background
    changed = {n: v for n, v in vars(block.overrides).items() if v is not None}
    weak = rates(
        matter,
        local,
        processes,
        replace(CONSTANTS[block.constants], **changed),
        block.weak_magnetism,
        block.group_average,
        block.pair_species,
    )
    out = matter.drop_vars([n for n in (*_GIVEN_RATES, "energy", "scattering_transport")
                            if n in matter.variables])  # fmt: skip
    out = out.drop_dims([d for d in ("energy",) if d in out.dims])
    out = out.merge(weak, compat="override", combine_attrs="drop_conflicts")
    out = out.assign_coords(
        energy_edge=("energy_edge", energy.edges),
        mu=("mu", angle.centres),
        mu_edge=("mu_edge", angle.edges),
        r=("r", radius.centres),
        r_edge=("r_edge", radius.edges),
    ).assign(space.data_vars)
    energies = "local" if space.attrs["gravity"] == "flat" else "infinity"
    out["energy"].attrs["frame"] = out["energy_edge"].attrs["frame"] = energies
    out.attrs.update(snapshot.attrs)
    out.attrs.update(weak.attrs | coverage | space.attrs)
    out.attrs["frame"] = f"static observer, energies {energies}"
    out.attrs["warnings"] = "\n".join(str(w) for w in [*warnings, *outside])
    shock = shock_radius(snapshot)
    if shock is not None:
        out.attrs["shock_radius"] = float(shock)
    return check(set_attributes(out), "background", source)


def energy_edges(config, snapshot: xr.Dataset) -> np.ndarray:
    """Edges of the energy groups [MeV], shape (n + 1,)."""
    grid = config.grid
    if grid.energy_groups == "geometric":
        return geometric_energy_edges(grid.n_energy, grid.energy_first_MeV, grid.energy_last_MeV)
    if "energy_edge" not in snapshot.variables:
        raise QkepipeError(
            Defect(snapshot.attrs.get("source_file", "snapshot"), "energy_edge",
                   "the snapshot has no energy groups",
                   "rates or moments by energy, with the edges of their groups",
                   "grid.energy_groups: geometric")
        )  # fmt: skip
    return snapshot["energy_edge"].values.astype(float)


def _require_flat(gravity: str, source: str) -> None:
    """Groups of the study hold energies at infinity, those of given rates local energies."""
    if gravity != "flat":
        raise QkepipeError(
            Defect("configuration", "grid.energy_groups",
                   f"snapshot, but with gravity ({gravity}) the groups of the study are not those "
                   f"of the rates of {source}, which hold local energies",
                   "a flat metric with the groups of the snapshot",
                   "background.gravity: flat, or grid.energy_groups: geometric")
        )  # fmt: skip


def _local(edges: np.ndarray, lapse: np.ndarray) -> xr.DataArray:
    """Local energies of the edges of groups, E_inf over the lapse [MeV], over (energy_edge, r)."""
    return xr.DataArray(
        edges[:, None] / lapse, dims=("energy_edge", "r"), coords={"energy_edge": edges}
    )


def _eos(block) -> EosTable | None:
    """Table of the configuration, if it names one."""
    if block.format == "none":
        return None
    return read_eos(block.path, block.format, block.electron_mass, block.nucleon_masses)


def _processes(config, snapshot: xr.Dataset) -> tuple[str, ...]:
    """Rates of the snapshot where it has them, unless the configuration decides."""
    choice = config.background.rates
    given = all(name in snapshot for name in _GIVEN_RATES)
    if choice == "snapshot" or (choice == "auto" and given):
        return ("table",)
    return tuple(config.background.processes)


def _with_nuclei(matter: xr.Dataset, processes, source: str) -> xr.Dataset:
    """Matter with the nuclei that the processes need, none of them in fully dissociated matter.

    A snapshot may give free nucleons only; what the rest is made of cannot be guessed.
    """
    users = [p for p in processes if set(_NUCLEI) & set(PROCESSES[p].needs)]
    absent = [n for n in _NUCLEI if any(n in PROCESSES[p].needs for p in users)]
    absent = [n for n in absent if n not in matter]
    if not absent:
        return matter
    bound = (1.0 - matter["x_n"] - matter["x_p"]).values
    if bound.max() > _DISSOCIATED:
        raise QkepipeError(
            Defect(
                source,
                ", ".join(absent),
                f"not in the snapshot, whose free nucleons leave {bound.max():.3g} of the mass "
                f"bound at r = {matter['r'].values[int(bound.argmax())] / KM_CM:.4g} km",
                "the bound composition, needed by " + ", ".join(users),
                "background.processes without them, or a column map with it",
            )
        )
    nothing = {
        n: (("r",), np.full(bound.size, np.nan if n.endswith("bar") else 0.0)) for n in absent
    }
    return matter.assign(nothing)
