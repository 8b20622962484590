"""Stability map of the classical field, or of the moments that the snapshot brings."""

from __future__ import annotations

import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.stability import screen
from qkepipe.stability.modes import Solver, solve_gases

__all__ = ["run"]


def run(
    config,
    snapshot: xr.Dataset,
    baseline: xr.Dataset | None = None,
    background: xr.Dataset | None = None,
    solver: Solver = solve_gases,
) -> xr.Dataset:
    """Screen every cell and solve the dispersion relation in some of them.

    Parameters
    ----------
    config : Config
    snapshot : Dataset
    baseline, background : Dataset, optional
        Classical field and matter on the study grid; without them the moments of the
        snapshot on its own zones are screened.
    solver : callable
        Of the dispersion relations, see :func:`qkepipe.stability.modes.analyse_cells`.

    Returns
    -------
    Dataset
        Kind ``stability``.

    Raises
    ------
    QkepipeError
        If there is neither a classical field nor moments.
    """
    if baseline is None:
        fluxes = {"nu_number_flux", "nu_number_flux_x"} & set(snapshot.variables)
        if "nu_number_density" not in snapshot or not fluxes:
            raise QkepipeError(
                Defect(
                    snapshot.attrs.get("source_file", "snapshot"),
                    "nu_number_density, nu_number_flux",
                    "no neutrino data in the snapshot",
                    "moments for field: moments",
                    "field: transport",
                )
            )
        field, matter = snapshot, snapshot
    else:
        field, matter = baseline, background
    found = screen(
        field,
        matter,
        crossing_tolerance=config.stability.crossing_tolerance,
        lsa_cells=config.stability.lsa_cells,
        lsa_choice=config.stability.lsa_choice,
        lsa_solver=solver,
    )
    # volumes of cells need all edges
    edges = {f"{dim}_edge" for dim in found.dims} & set(field.variables) - set(found.variables)
    return found.assign_coords({name: field[name].variable for name in sorted(edges)})
