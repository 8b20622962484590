"""Asymptotic state of a labelled radiation field."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.mixing.bgk import C_TAU, bgk_step, check_directions, growth_estimate
from qkepipe.mixing.groups import group_step
from qkepipe.mixing.kernels import eln_xln, lobes
from qkepipe.mixing.prescription import Prescription
from qkepipe.mixing.quadrature import quadrature_of
from qkepipe.mixing.registry import get_prescription
from qkepipe.species import SPECIES, SPECIES6

__all__ = ["asymptotic_state", "describe", "four_species", "mixed_arrays", "origin", "rates"]


def mixed_arrays(f, eweights, mweights, mu, prescription="box", flavors=3, rtol=1e-12):
    """Apply the asymptotic map once.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
        Occupations (or densities) of nue, nuebar, nux, nuxbar; not changed.
    eweights : ndarray (n_energy,)
        Number weights [cm^-3].
    mweights, mu : ndarray (n_mu,)
        Quadrature in mu; weights sum to 1. ``mu`` None: directions on the full sphere.
    prescription, flavors, rtol
        As in :func:`asymptotic_state`.

    Returns
    -------
    mixed : ndarray (4, n_energy, n_mu, n_r)
    survival : ndarray (n_mu, n_r)
        eta = (1 + (flavors - 1) k)/flavors.
    negative, positive : ndarray (n_r,)
        Absolute integrals of the lobes of ELN - XLN [cm^-3].
    """
    mixed = np.array(f, dtype=float, order="C")
    state = bgk_step(
        mixed,
        eweights,
        mweights,
        mu,
        0.0,
        flavors=flavors,
        prescription=prescription,
        mode="map",
        rtol=rtol,
    )
    survival = (1.0 + (flavors - 1) * state.k) / flavors
    return mixed, survival, state.negative, state.positive


def _mixed_six(f, eweights, mweights, rule, rtol):
    """As :func:`mixed_arrays` for six species, with the lobes of the fastest pair."""
    mixed = np.array(f, dtype=float, order="C")
    state = rule.kernel(mixed, eweights, mweights, np.inf, rtol=rtol)
    fastest = state.fastest()[None]
    negative, positive = (
        np.take_along_axis(lobe, fastest, axis=0)[0] for lobe in (state.negative, state.positive)
    )
    return mixed, state.matrix[0, 0], negative, positive, state.steps > 0


def _mixed_groups(f, eweights, mweights, rule, flavors, rtol):
    """As :func:`mixed_arrays` with the survival probability of each sector and group."""
    mixed = np.array(f, dtype=float, order="C")
    g = np.empty(f.shape[2:])
    negative, positive = np.empty((2, f.shape[3]))
    eln_xln(mixed, eweights, g)
    lobes(g, mweights, negative, positive)
    state = group_step(
        mixed, eweights, mweights, flavors=flavors, prescription=rule.name, rtol=rtol
    )
    survival = (1.0 + (flavors - 1) * state.k) / flavors
    return mixed, survival, negative, positive, np.any(state.k != 1.0, axis=(0, 1))


def _block(f, eweights, mweights, mu, prescription, flavors, rtol):
    """Core axes (species, energy, mu) last, as apply_ufunc delivers them."""
    if not np.all(np.isfinite(f)):
        raise QkepipeError(Defect("field", "f", "values that are not finite", "finite values"))
    space = f.shape[:-3]
    flat = np.moveaxis(f.reshape((-1, *f.shape[-3:])), 0, -1)
    rule = get_prescription(prescription, flavors)
    if rule.species == 6:
        mixed, survival, negative, positive, converted = _mixed_six(
            flat, eweights, mweights, rule, rtol
        )
    elif "mu" not in rule.axes:
        mixed, survival, negative, positive, converted = _mixed_groups(
            flat, eweights, mweights, rule, flavors, rtol
        )
    else:
        mixed, survival, negative, positive = mixed_arrays(
            flat, eweights, mweights, mu, prescription, flavors, rtol
        )
        converted = np.any(survival != 1.0, axis=0)
    return (
        np.moveaxis(mixed, -1, 0).reshape(f.shape),
        np.moveaxis(survival, -1, 0).reshape((*space, *survival.shape[:-1])),
        negative.reshape(space),
        positive.reshape(space),
        converted.reshape(space),
    )


def four_species(f: xr.DataArray) -> xr.DataArray:
    """Array with the species nue, nuebar, nux, nuxbar; without nuxbar it is that of nux."""
    if "species" not in f.dims or "species" not in f.coords:
        raise QkepipeError(
            Defect("field", "species", "no such axis with labels", ", ".join(SPECIES))
        )
    labels = [str(s) for s in f["species"].values]
    if labels == list(SPECIES):
        return f
    if sorted(labels) == sorted(SPECIES):
        return f.sel(species=list(SPECIES))
    if sorted(labels) == sorted(SPECIES[:3]):
        # one label for both heavy species: nuxbar starts equal to nux
        expanded = f.sel(species=["nue", "nuebar", "nux", "nux"])
        return expanded.assign_coords(species=list(SPECIES))
    raise QkepipeError(
        Defect(
            "field",
            "species",
            ", ".join(labels),
            ", ".join(SPECIES),
            "averaging mu and tau first: nux is one heavy flavour"
            + (", or prescription 'pairwise'" if sorted(labels) == sorted(SPECIES6) else ""),
        )
    )


#: Units and long names of what every asymptotic state comes with.
_DESCRIBED = {
    "survival_probability": ("1", "survival probability of the electron flavour"),
    "converted": ("1", "whether the prescription converts anything here"),
    "growth_estimate": ("s-1", "fast growth estimate sqrt(2) G_F sqrt(A B)/hbar"),
    "relaxation_time": ("s", "relaxation time 2 pi over the growth estimate"),
    "eln_xln_negative": ("cm-3", "integral of the negative part of ELN-XLN, absolute"),
    "eln_xln_positive": ("cm-3", "integral of the positive part of ELN-XLN"),
}


def describe(out: xr.Dataset) -> None:
    """Set units and long names of the variables besides f or the moments."""
    for name, (units, long_name) in _DESCRIBED.items():
        if name in out:
            out[name].attrs = {"units": units, "long_name": long_name}


def origin(rule: Prescription, flavors: int, rtol: float) -> dict:
    """Attributes that say how a state was made."""
    return {
        "prescription": rule.name,
        "flavors": flavors,
        "rtol": rtol,
        "source": rule.source,
        "validity": rule.valid,
    }


def rates(negative: xr.DataArray, positive: xr.DataArray, rtol: float) -> xr.Dataset:
    """Growth estimate, relaxation time and the lobes [cm^-3] themselves."""
    unstable = np.minimum(negative, positive) > rtol * (negative + positive)
    growth = growth_estimate(negative, positive).where(unstable, 0.0)
    return xr.Dataset(
        {
            "growth_estimate": growth,
            "relaxation_time": xr.where(growth == 0.0, np.inf, C_TAU / growth.where(growth != 0.0)),
            "eln_xln_negative": negative,
            "eln_xln_positive": positive,
        }
    )


def _ordered_species(f: xr.DataArray, rule: Prescription) -> xr.DataArray:
    """Array with the species of a prescription, in their order."""
    if rule.species == 4:
        return four_species(f)
    labels = [str(s) for s in f["species"].values] if "species" in f.coords else []
    if sorted(labels) == sorted(SPECIES6):
        return f.sel(species=list(SPECIES6))
    absent = [name for name in SPECIES6 if name not in labels]
    raise QkepipeError(
        Defect(
            "field",
            "species",
            f"{', '.join(labels) or 'no labels'} with prescription {rule.name!r}"
            + (f", which also needs {', '.join(absent)}" if absent else ""),
            ", ".join(SPECIES6),
            "a prescription for four species, such as 'box'",
        )
    )


def _check_spectrum(f: xr.DataArray, rule: Prescription) -> None:
    """Refuse a field without ascending energies where the factor depends on them."""
    if "energy" not in f.dims:
        found = "no such axis"
    elif "energy" in f.coords and np.any(np.diff(f["energy"].values) <= 0.0):
        found = "not ascending"
    else:
        return
    raise QkepipeError(
        Defect("field", "energy", f"{found} with prescription {rule.name!r}", "ascending energies")
    )


def asymptotic_state(
    f: xr.DataArray | xr.Dataset,
    prescription: str = "box",
    flavors: int = 3,
    rtol: float = 1e-12,
) -> xr.Dataset:
    """Predict the state that flavour conversion leads to, cell by cell.

    Parameters
    ----------
    f : DataArray or Dataset
        Occupation f(species, energy, mu, ...) [1] (a Dataset with ``lapse``: energies at
        infinity) with labelled species (nue, nuebar, nux,
        nuxbar; nux is one heavy flavour; without nuxbar it is taken equal to nux; for
        ``pairwise`` the six of :data:`qkepipe.species.SPECIES6`), or a
        Dataset with ``f`` and ``energy_edge``, ``mu_edge``. Without an energy axis:
        energy-integrated density per d(mu)/2 [cm^-3]. Without axisymmetry:
        f(species, energy, direction, ...) with ``direction_weight`` along ``direction``
        (other coordinates, such as the unit vectors nx, ny, nz, are carried along), for
        prescriptions that need no mu. Weights are found as in
        :func:`qkepipe.mixing.quadrature.quadrature_of`; further axes (r, theta, time) are
        free, dask arrays stay lazy.
    prescription : str
        Key of :data:`qkepipe.mixing.PRESCRIPTIONS`. One that needs a mask is applied to all
        cells: select those it holds for.
    flavors : {2, 3}
        One of those of the prescription. In two flavours nux is the partner of nue and
        equipartition means 1/2 each.
    rtol : float
        A lobe below this fraction of both counts as no crossing: 1e-12 for smooth fields,
        the noise level (1e-6 to 1e-3) for data of a simulation.

    Returns
    -------
    Dataset
        ``f`` (four species; six for ``pairwise``), ``survival_probability`` (mu or direction,
        ...; the same for neutrinos, antineutrinos and all energies; of a prescription by sector
        or energy (sector nu, nubar; energy, ...), the same in all directions), ``converted``
        (false without a crossing and where a prescription makes no statement),
        ``growth_estimate`` kappa sqrt(A B) [s-1], 0 without a crossing; ``relaxation_time``
        2 pi/growth_estimate [s], missing for a prescription by sector or energy, as it is that
        of fast conversion; ``eln_xln_negative`` and ``eln_xln_positive`` A and B [cm-3], with
        six species those of the fastest pair of flavours. The last four are missing (NaN) if the
        width of a single energy group is not known.

    Raises
    ------
    QkepipeError
        Unknown prescription, one without this number of flavours, one that needs mu where
        directions fill the sphere, or energies that the field lacks; missing or unordered
        axes, values that are not finite or below zero.
    """
    rule = get_prescription(prescription, flavors)
    if isinstance(f, xr.Dataset):
        if "f" not in f:
            raise QkepipeError(Defect("field", "f", "missing", "f(species, energy, mu, r)"))
        quadrature = quadrature_of(f)
        values = f["f"]
    else:
        quadrature = quadrature_of(f)
        values = f
    values = _ordered_species(values, rule)
    energy = ["energy"] if "energy" in values.dims else []
    work = values if energy else values.expand_dims(energy=1)
    if work.chunks is None and float(work.min()) < -1e-12:
        raise QkepipeError(
            Defect("field", "f", f"smallest value {float(work.min()):g}", "no negative values")
        )
    axis = quadrature.axis
    if quadrature.mu is None:
        check_directions(rule)
    if "energy" in rule.axes:
        _check_spectrum(values, rule)
    core = ["species", "energy", axis]
    of_survival = [axis] if "mu" in rule.axes else ["sector", "energy"]
    work = work.astype(float, copy=False)
    if work.chunks is not None:
        work = work.chunk(dict.fromkeys(core, -1))
    mixed, survival, negative, positive, converted = xr.apply_ufunc(
        _block,
        work,
        kwargs={
            "eweights": quadrature.eweights,
            "mweights": quadrature.mweights,
            "mu": quadrature.mu,
            "prescription": prescription,
            "flavors": flavors,
            "rtol": rtol,
        },
        input_core_dims=[core],
        output_core_dims=[core, of_survival, [], [], []],
        dask="parallelized",
        dask_gufunc_kwargs={"output_sizes": {"sector": 2}} if "sector" in of_survival else None,
        output_dtypes=[float] * 4 + [bool],
    )
    if "sector" in of_survival:
        survival = survival.assign_coords(sector=["nu", "nubar"])
    if not energy:
        mixed = mixed.isel(energy=0)
        if "energy" in of_survival:
            survival = survival.isel(energy=0)
            of_survival.remove("energy")
    if isinstance(f, xr.Dataset) and "lapse" in f:
        # energies at infinity: local densities have the measure dE_inf^3/a^3
        negative, positive = negative / f["lapse"] ** 3, positive / f["lapse"] ** 3
    space = [d for d in values.dims if d not in core]
    found = rates(negative, positive, rtol)
    if not quadrature.absolute:
        found = found * np.nan
    if "mu" not in rule.axes:
        found["relaxation_time"] = found["relaxation_time"] * np.nan
    out = xr.Dataset(
        {
            "f": mixed.transpose(*values.dims),
            "survival_probability": survival.transpose(*of_survival, *space),
            "converted": converted.transpose(*space),
        }
    ).assign(found.data_vars)
    out["f"].attrs = {
        "units": values.attrs.get("units", "1" if energy else "cm-3"),
        "long_name": "neutrino occupation, mixed",
    }
    describe(out)
    for name in ("r", "energy", axis):
        if name in out.coords and name in f.coords:
            out[name].attrs = dict(f[name].attrs)
    out.attrs = {
        **origin(rule, flavors, rtol),
        "mu_quadrature": quadrature.mu_source,
        "energy_quadrature": quadrature.energy_source,
    }
    return out
