"""HDF5 tables in the layout of stellarcollapse.org (O'Connor & Ott 2010, CQG 27, 114103).

Axes ``logrho`` (log10 g cm^-3), ``logtemp`` (log10 MeV) and ``ye``; arrays [ye, temp, rho] of
``mu_e``, ``muhat`` (or ``mu_n``, ``mu_p``) in MeV, ``Xn Xp Xa Xh`` and sometimes ``Xl`` (light
nuclei other than alpha, with ``Albar Zlbar``), ``Abar Zbar``, ``entropy``, ``logpress``.
``r`` and ``u`` of some tables are size and filling of heavy nuclei, no mean-field potentials.
"""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np

from qkepipe.eos.nodes import Nodes
from qkepipe.eos.reader import EosReader
from qkepipe.errors import Defect, QkepipeError
from qkepipe.snapshot.files import HDF5, head, require_file

__all__ = ["READER"]

_AXES = ("ye", "logtemp", "logrho")
_NODES = ("mu_e", "Xn", "Xp", "Xa", "Xh", "Abar", "Zbar", "entropy", "logpress")


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Axes and arrays that this reader knows, as far as the file has them."""
    wanted = (*_AXES, *_NODES, "muhat", "mu_n", "mu_p", "Xl", "Albar", "Zlbar")
    try:
        # netCDF4 reads any HDF5 file of plain arrays
        with netCDF4.Dataset(path) as data:
            data.set_auto_mask(False)
            skip = ("mu_n", "mu_p") if "muhat" in data.variables else ()
            return {
                name: np.asarray(data.variables[name][...], dtype=float)
                for name in wanted
                if name in data.variables and name not in skip
            }
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise QkepipeError(
            Defect(str(path), "", f"cannot be read as HDF5 ({reason}): truncated?")
        ) from error


def _read(path: Path) -> Nodes:
    require_file(path)
    if not head(path, 8).startswith(HDF5):
        raise QkepipeError(
            Defect(str(path), "", "not an HDF5 file: truncated or foreign?",
                   "a table in the layout of stellarcollapse.org", "another format")
        )  # fmt: skip
    found = _arrays(path)
    absent = [name for name in (*_AXES, *_NODES) if name not in found]
    if "muhat" not in found and not {"mu_n", "mu_p"} <= set(found):
        absent.append("muhat (or mu_n and mu_p)")
    if absent:
        raise QkepipeError(
            Defect(str(path), ", ".join(absent), "missing",
                   "a table in the layout of stellarcollapse.org")
        )  # fmt: skip
    shape = tuple(found[name].size for name in _AXES)
    wrong = [
        Defect(str(path), name, f"shape {array.shape}", f"{shape}: ye, temperature, density")
        for name, array in found.items()
        if name not in _AXES and array.shape != shape
    ]
    if wrong:
        raise QkepipeError(wrong)
    light = found.get("Xl", np.zeros(shape))
    light_charge = None
    if {"Xl", "Albar", "Zlbar"} <= set(found):
        known = found["Albar"] > 0.0
        light_charge = np.divide(
            light * found["Zlbar"], found["Albar"], out=np.zeros(shape), where=known
        )
    mu_hat = found["muhat"] if "muhat" in found else found["mu_n"] - found["mu_p"]
    return Nodes(
        str(path),
        *(found[name].ravel() for name in reversed(_AXES)),
        mu_e=found["mu_e"], mu_hat=mu_hat,
        x_n=found["Xn"], x_p=found["Xp"], x_alpha=found["Xa"], x_heavy=found["Xh"],
        x_light=light, abar=found["Abar"], zbar=found["Zbar"], light_charge=light_charge,
        entropy=found["entropy"], log_pressure=found["logpress"],
        attrs={"format": "stellarcollapse"},
    )  # fmt: skip


READER = EosReader(
    name="stellarcollapse",
    doc="HDF5 table in the layout of stellarcollapse.org",
    read=_read,
)
