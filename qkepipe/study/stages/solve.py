"""One case on the grid of the reference: quantum kinetics, relaxation or threshold mixing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe.constants import M_U_GRAM
from qkepipe.diagnostics import LINEAR_LEVELS, measured_growth
from qkepipe.diagnostics.radiation import mean_energy
from qkepipe.oscillation.vacuum import mixing_of, vacuum_angle
from qkepipe.phasespace import METRIC
from qkepipe.solvers.linear import fastest_in_run, growth_ratio
from qkepipe.solvers.seeds import seed_profile
from qkepipe.solvers.sphere import Record, Track, grid_of, run_sphere, time_step
from qkepipe.stability import screen
from qkepipe.study.stages.summary import summary_of
from qkepipe.units import KM_CM

__all__ = ["run"]

#: Interval of the records of the followed cell, in e-foldings, and their number.
_EFOLDS_PER_RECORD = 0.2
_RECORDS = 150


def run(
    config, case, background: xr.Dataset, checkpoint: Path | None = None, progress=None
) -> tuple[xr.Dataset, xr.Dataset]:
    """Solve one case.

    Parameters
    ----------
    config : Config
    case : Case
    background : Dataset
        Of the reference stage: on the solve grid, with the classical field ``f``.
    checkpoint : Path, optional
        Where the state is kept while the run is under way.
    progress : callable, optional
        See :func:`qkepipe.solvers.sphere.run_sphere`.

    Returns
    -------
    solution, summary : Dataset
    """
    settings = config.solve
    options = dict(case.options)
    predicted = {}
    if case.kind == "qke":
        more, predicted = _seed(config, options, background)
        more["crossings"] = settings.crossings
        more["record"] = _record(settings.record, background)
    else:
        more = {"crossings": settings.steady_crossings, "until": settings.steady_tolerance}
        if options.get("growth") == "dispersion":
            more["growth_ratio"] = growth_ratio(background, _growth_estimate(background))
    solution = run_sphere(
        background,
        case.kind,
        initial=background["f"].values,
        options=options,
        average_from=settings.average_from,
        cfl=settings.cfl,
        samples=settings.samples,
        checkpoint=checkpoint,
        checkpoint_seconds=config.run.checkpoint_seconds,
        progress=progress,
        **more,
    )
    solution.attrs.update(predicted)
    if "tracked_coherence" in solution:
        rate, window = measured_growth(
            solution["time_tracked"].values, solution["tracked_coherence"].values, *LINEAR_LEVELS
        )
        solution.attrs.update(
            growth_rate_measured=rate,
            growth_window_start=window[0],
            growth_window_end=window[1],
        )
    return solution, summary_of(config, case, solution, background)


def _record(settings, background: xr.Dataset) -> Record | None:
    """Cells nearest to the radii whose state is kept."""
    if not settings.radii_km:
        return None
    radii = np.array(settings.radii_km)[:, None] * KM_CM
    nearest = np.abs(background["r"].values - radii).argmin(axis=1)
    return Record(tuple(int(i) for i in np.unique(nearest)), settings.times)


def _growth_estimate(background: xr.Dataset) -> np.ndarray:
    """Growth estimate of fast modes in the classical field [s^-1], 0 without a crossing."""
    metric = [name for name in METRIC if name in background]
    field = background[["f", "energy_edge", "mu_edge", "r_edge", *metric]]
    return screen(field, lsa_cells=0)["ffi_growth_estimate"].values


def _vacuum_angle(background: xr.Dataset) -> np.ndarray:
    """Mixing angle in matter of nue of mean energy, shape (n_r,); normal ordering."""
    order = ("species", "energy", "mu", "r")
    energy = mean_energy(background["f"].transpose(*order).values[0], grid_of(background))
    mass = float(background.attrs.get("baryon_mass", M_U_GRAM))
    electrons = background["rho"].values * background["ye"].values / mass
    return vacuum_angle(energy, electrons, mixing_of("normal", 2))


def _seed(config, options: dict, background: xr.Dataset) -> tuple[dict, dict]:
    """Seed of a run and what linear theory predicts for it, in its coordinate time and radius.

    The seeded wave has the wavenumber of the mode that grows fastest with this attenuation;
    the cell of that mode is followed until its coherence saturates. Of three flavours e-mu is
    seeded so, and e-tau with noise of half the size: were their ratio the same everywhere, the
    run would be one of two flavours in another basis.
    """
    settings = config.solve
    mode = fastest_in_run(background, _growth_estimate(background), options["xi"])
    wavenumber, track, predicted = 0.0, None, {}
    if mode is not None:
        wavenumber = mode["wavenumber"]
        width = np.diff(background["r_edge"].values)[mode["index"]]
        predicted = {
            "growth_rate_predicted": mode["rate"],
            "growth_rate_collisionless": mode["collisionless_rate"],
            "growth_radius": mode["radius"],
            "growth_wavenumber": wavenumber,
            "cells_per_wavelength": float(2.0 * np.pi / (abs(wavenumber) * width)),
        }
        step = time_step(background, settings.cfl)
        interval = max(1, int(_EFOLDS_PER_RECORD / (mode["rate"] * step)))
        track = Track(mode["index"], interval, _RECORDS)
    amplitude = settings.seed.amplitude
    if settings.seed.kind == "vacuum":
        angle = _vacuum_angle(background)
        # that of the first cell is also that of what enters
        amplitude, profile = float(angle[0]), (angle / angle[0]).astype(complex)
    else:
        profile = seed_profile(
            settings.seed.kind,
            background["r"].values,
            settings.seed.number,
            np.full(background.sizes["r"], wavenumber),
        )
    if options.get("flavors") == 3:
        second = seed_profile("noise", background["r"].values, settings.seed.number + 1)
        profile = np.stack([profile, 0.5 * second])
    # with these and the grid the seed can be made again
    predicted |= {"seed_kind": settings.seed.kind, "seed_number": settings.seed.number}
    seed = {"seed_amplitude": amplitude, "seed_profile": profile, "track": track}
    if settings.seed.boundary == "noise":
        seed["boundary_seed"] = settings.seed.number + 2
    return seed, predicted
