"""Asymptotic state of labelled moments."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError
from qkepipe.mixing.bgk import check_mode
from qkepipe.mixing.moments import NODES, check_moments, mixed_moments
from qkepipe.mixing.registry import get_prescription
from qkepipe.mixing.state import describe, four_species, origin, rates
from qkepipe.schema import CARTESIAN, VARIABLES

__all__ = ["asymptotic_moments"]

_DENSITY = "nu_number_density"
_FLUX = "nu_number_flux"


def _flux_names(data: xr.Dataset) -> list[str]:
    """The radial flux, or three orthogonal components."""
    cartesian = [f"{_FLUX}_{axis}" for axis in ("x", "y", "z")]
    if set(cartesian) & set(data.data_vars) or set(CARTESIAN) & set(data[_DENSITY].dims):
        names = cartesian
    elif f"{_FLUX}_theta" in data or f"{_FLUX}_phi" in data:
        names = [_FLUX, f"{_FLUX}_theta", f"{_FLUX}_phi"]
    else:
        names = [_FLUX]
    # axisymmetric data may lack one angle
    optional = {f"{_FLUX}_theta", f"{_FLUX}_phi"}
    missing = [name for name in names if name not in data and name not in optional]
    if missing:
        raise QkepipeError(
            Defect("moments", ", ".join(missing), "missing", "number fluxes with number densities")
        )
    return names


def _block(number, *fluxes, sizes, lazy, prescription, flavors, n_mu, rtol):
    """Core axes (species, energy) last, as apply_ufunc delivers them."""
    space = number.shape[:-2]
    n, *parts = (np.moveaxis(x.reshape((-1, *x.shape[-2:])), 0, -1) for x in (number, *fluxes))
    flux = np.stack(parts, axis=2) / C_LIGHT

    def cell(i):
        index = np.unravel_index(i, space)
        text = ", ".join(f"{dim} {j}" for dim, j in zip(sizes, index, strict=True))
        return f"{text} of its chunk" if lazy else text or "the only cell"

    check_moments(n, flux, cell)
    out = mixed_moments(
        n,
        flux[:, :, 0] if len(parts) == 1 else flux,
        np.ones(n.shape[1]),
        prescription=prescription,
        flavors=flavors,
        n_mu=n_mu,
        rtol=rtol,
    )
    mixed = out.flux.reshape(flux.shape)
    results = [out.number]
    for c, part in enumerate(parts):
        # what is not converted keeps every bit, the change of units included
        results.append(np.where(mixed[:, :, c] == flux[:, :, c], part, C_LIGHT * mixed[:, :, c]))
    cells = (out.negative, out.positive, out.converted)
    return (
        *(np.moveaxis(x, -1, 0).reshape(number.shape) for x in results),
        *(x.reshape(space) for x in cells),
    )


def asymptotic_moments(
    data: xr.Dataset,
    prescription: str = "box",
    flavors: int = 3,
    rtol: float = 1e-6,
    n_mu: int | None = None,
) -> xr.Dataset:
    """Predict the moments that fast flavour conversion leads to, cell by cell.

    Directions are reconstructed with maximum entropy (:mod:`qkepipe.mixing.moments`).

    Parameters
    ----------
    data : Dataset
        ``nu_number_density`` [cm^-3] over (species, [energy], ...), integrated over each
        group, and ``nu_number_flux`` [cm^-2 s^-1] alike: radial, or a vector with
        ``nu_number_flux_theta`` and, or, ``nu_number_flux_phi`` (a missing one is 0), or
        ``nu_number_flux_x``, ``_y``, ``_z``. Species are nue, nuebar, nux (one heavy flavour)
        and nuxbar, which without values of its own equals nux. Further axes are free, dask
        arrays stay lazy.
    prescription : str
        Key of :data:`qkepipe.mixing.PRESCRIPTIONS`; for vectors one that needs no mu.
    flavors : {2, 3}
        One of those of the prescription.
    rtol : float
        A lobe below this fraction of both counts as no crossing.
    n_mu : int, optional
        Nodes in mu: default 32, and 16 with 32 azimuths each for vectors.

    Returns
    -------
    Dataset
        The moments after conversion under their names (always four species), ``converted``,
        ``growth_estimate`` [s-1], ``relaxation_time`` [s], ``eln_xln_negative`` and
        ``eln_xln_positive`` [cm-3] of the given state, as in
        :func:`qkepipe.mixing.asymptotic_state`.

    Raises
    ------
    QkepipeError
        Missing moments, densities per MeV; values that are not finite, densities below 0 or
        fluxes above them times c; a prescription that does not fit.
    """
    rule = get_prescription(prescription, flavors)
    check_mode(rule, "map")
    if _DENSITY not in data:
        raise QkepipeError(Defect("moments", _DENSITY, "missing", "number densities and fluxes"))
    spectral = data[_DENSITY].attrs.get("spectral", "group")
    if "energy" in data[_DENSITY].dims and spectral != "group":
        raise QkepipeError(
            Defect(
                "moments",
                _DENSITY,
                f"spectral = {spectral!r}",
                "densities integrated over each group",
            )
        )
    names = [_DENSITY, *_flux_names(data)]
    data = data.assign({n: xr.zeros_like(data[_FLUX]) for n in names if n not in data})
    dims = data[_DENSITY].dims
    for name in names[1:]:
        if set(data[name].dims) != set(dims):
            raise QkepipeError(
                Defect("moments", name, f"has dimensions {data[name].dims}", f"{dims}")
            )
    work = [four_species(data[name]).astype(float, copy=False) for name in names]
    grey = "energy" not in dims
    if grey:
        work = [x.expand_dims(energy=1) for x in work]
    core = ["species", "energy"]
    space = [d for d in dims if d not in core]
    lazy = any(x.chunks is not None for x in work)
    if lazy:
        work = [x.chunk(dict.fromkeys(core, -1)) for x in work]
    *mixed, negative, positive, converted = xr.apply_ufunc(
        _block,
        *(x.transpose(*space, *core) for x in work),
        kwargs={
            "sizes": space,
            "lazy": lazy,
            "prescription": prescription,
            "flavors": flavors,
            "n_mu": n_mu,
            "rtol": rtol,
        },
        input_core_dims=[core] * len(work),
        output_core_dims=[core] * len(work) + [[]] * 3,
        dask="parallelized",
        output_dtypes=[float] * (len(work) + 2) + [bool],
        dask_gufunc_kwargs={"allow_rechunk": True},
    )
    out = xr.Dataset({"converted": converted}).assign(rates(negative, positive, rtol).data_vars)
    describe(out)
    for name, values in zip(names, mixed, strict=True):
        values = values.isel(energy=0) if grey else values
        out[name] = values.transpose(*dims)
        declared = {"units": VARIABLES[name].units, "long_name": VARIABLES[name].long_name}
        out[name].attrs = data[name].attrs | declared
    for name in out.coords:
        out[name].attrs = dict(data[name].attrs)
    vector = len(names) > 2
    nodes = NODES[3 if vector else 1] if n_mu is None else n_mu
    out.attrs = {
        **origin(rule, flavors, rtol),
        "closure": "maximum entropy (Minerbo)",
        "directions": f"{nodes} x {2 * nodes} on the sphere" if vector else f"{nodes} in mu",
    }
    return out
