"""Resolution study of the classical field: its error on the base grid.

The field is solved again with other numbers of radial cells, angular bins and energy groups,
one at a time, each on a background of its own from the snapshot. With the factor F of the
configuration: F and F^2 times the cells and the groups (outer edges kept, groups split), and
1/F and F times the bins, as the cost of a solve grows with their number cubed.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics import default_profile_radii, diagnose, grid_errors
from qkepipe.diagnostics.quantities import values_at
from qkepipe.diagnostics.radii import inside_grid
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import geometric_radial_edges, split_energy_edges
from qkepipe.solvers.sphere import grid_of
from qkepipe.solvers.steady import steady_field
from qkepipe.study.stages.background import energy_edges, on_edges
from qkepipe.study.stages.baseline import moves
from qkepipe.units import KM_CM

__all__ = ["grids", "run"]

_WORDS = {"r": "radial cells", "mu": "angular bins", "energy": "energy groups"}
#: Smallest even number of angular bins.
_FEWEST_BINS = 4


def run(
    config, snapshot: xr.Dataset, background: xr.Dataset, baseline: xr.Dataset, progress=None
) -> xr.Dataset:
    """Solve the classical field on all grids and compare.

    Parameters
    ----------
    config : Config
    snapshot, background, baseline : Dataset
        Outputs of the stages before.
    progress : callable, optional
        Called with the fraction done and 0.

    Returns
    -------
    Dataset
        Over ``row``, see :func:`qkepipe.diagnostics.grid_errors`, at the profile radii and at
        the outer edge; attributes ``n_r``, ``n_mu`` and ``n_energy`` with the sizes of the grids.

    Raises
    ------
    QkepipeError
        Where a field does not settle: names the grid.
    """
    base = background.merge(baseline[["f"]], combine_attrs="override")
    edge = base["r_edge"].values[-1]
    chosen = np.array(config.report.profile_radii_km) * KM_CM
    if chosen.size == 0:
        chosen = default_profile_radii(base)
    radii = np.union1d(inside_grid(chosen, grid_of(base).radius), [edge])
    todo = [
        (axis, *grid)
        for axis, made in grids(config, energy_edges(config, snapshot)).items()
        for grid in made
    ]
    others: dict[str, dict[float, dict]] = {}
    sizes: dict[str, list[int]] = {}
    for k, (axis, size, edges, n_mu, energies) in enumerate(todo):
        fine = on_edges(config, snapshot, edges, n_mu, energies)
        values = _values(config, fine, radii, f"{size} {_WORDS[axis]}")
        others.setdefault(axis, {})[size / base.sizes[axis]] = values
        sizes.setdefault(axis, [base.sizes[axis]]).append(size)
        if progress is not None:
            progress((k + 1) / len(todo), 0.0)
    quantities = _quantities(base["f"], base)
    name = snapshot.attrs.get("snapshot", "snapshot")
    table = grid_errors(name, values_at(quantities, quantities, radii), others)
    table.attrs.update({f"n_{axis}": sorted(numbers) for axis, numbers in sizes.items()})
    return table


def grids(config, energies: np.ndarray) -> dict[str, list[tuple[int, np.ndarray, int, np.ndarray]]]:
    """Grids beside the base grid: for each axis its size, radial edges, bins, energy edges.

    ``energies`` are the edges of the base grid.
    """
    grid = config.grid
    factor = grid.refinement

    def radial(n: int) -> np.ndarray:
        return geometric_radial_edges(grid.r_in_km * KM_CM, grid.r_out_km * KM_CM, n)

    cells = [grid.n_r * factor, grid.n_r * factor**2]
    coarse = 2 * round(0.5 * grid.n_mu / factor)
    bins = [n for n in (coarse, grid.n_mu * factor) if n >= _FEWEST_BINS and n != grid.n_mu]
    split = [split_energy_edges(energies, parts) for parts in (factor, factor**2)]
    return {
        "r": [(n, radial(n), grid.n_mu, energies) for n in cells],
        "mu": [(n, radial(grid.n_r), n, energies) for n in bins],
        "energy": [(e.size - 1, radial(grid.n_r), grid.n_mu, e) for e in split],
    }


def _values(config, background: xr.Dataset, radii: np.ndarray, words: str) -> dict:
    """Values of the classical field on a grid."""
    try:
        field = steady_field(
            background, moving=moves(config, background), tolerance=config.solve.tolerance
        )
    except QkepipeError as error:
        raise QkepipeError(
            Defect(
                f"resolution study, {words}",
                "",
                str(error),
                hint="another grid.refinement; 1 makes no resolution study",
            )
        ) from None
    quantities = _quantities(field["f"], background)
    return values_at(quantities, quantities, radii)


def _quantities(field: xr.DataArray, background: xr.Dataset) -> xr.Dataset:
    """Diagnostics of a field over the coordinates that they are read with."""
    f = field.transpose("species", "energy", "mu", "r").values
    coordinates = {n: background[n].variable for n in ("r", "r_edge", "species")}
    return diagnose(f, background).assign_coords(coordinates)
