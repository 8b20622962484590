"""Where matter has its composition and chemical potentials from, in words, by radius."""

from __future__ import annotations

import numpy as np
import xarray as xr
from markupsafe import Markup

from qkepipe.report.text import join, ranges
from qkepipe.units import KM_CM

__all__ = ["eos_facts", "origin"]

_TABLE = "from the equation-of-state table"
#: Codes of each variable in words.
_WORDS = {
    "composition_source": {
        0: "from the snapshot",
        1: "from free nuclei in equilibrium",
        2: "from bound nuclei",
        3: _TABLE,
    },
    "mu_e_source": {0: "from the snapshot", 1: "from an ideal electron gas", 3: _TABLE},
    "mu_hat_source": {
        0: "from the snapshot",
        1: "from ideal nucleon gases",
        2: "from bound nuclei",
        3: _TABLE,
    },
}
_NAMES = {
    "composition_source": "composition",
    "mu_e_source": "electron chemical potential",
    "mu_hat_source": "neutron minus proton chemical potential",
}


def origin(background: xr.Dataset, variable: str) -> Markup:
    """Origin of a quantity by region: *from the snapshot in r = 30-45 km and ...*.

    Parameters
    ----------
    background : Dataset
        Kind ``background``.
    variable : str
        ``composition_source``, ``mu_e_source`` or ``mu_hat_source``.
    """
    codes = background[variable].values.astype(int)
    km = background["r"].values / KM_CM
    edges = background["r_edge"].values / KM_CM if "r_edge" in background.variables else None
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    last = np.append(first[1:], codes.size) - 1
    parts = []
    for code, words in _WORDS[variable].items():
        spans = [
            (km[a], km[b]) if edges is None else (edges[a], edges[b + 1])
            for a, b in zip(first, last, strict=True)
            if codes[a] == code
        ]
        if spans:
            parts.append(f"{words} in r = {ranges(spans)}")
    return join(parts)


def eos_facts(background: xr.Dataset) -> list[tuple[str, Markup]]:
    """Rows of the table of facts: the equation-of-state table, and what comes from where."""
    facts = []
    attrs = background.attrs
    if "eos_file" in attrs:
        text = Markup("{} ({})").format(attrs["eos_file"], attrs["eos_format"])
        masses = [
            f"{words} {attrs[name]}"
            for name, words in (
                ("eos_electron_mass", "electron mass in μ_e"),
                ("eos_nucleon_masses", "nucleon masses in μ_n − μ_p"),
            )
            if name in attrs
        ]
        facts.append(("equation of state", text + "; in the file: " + ", ".join(masses)))
    for variable, words in _NAMES.items():
        if variable in background:
            facts.append((words, origin(background, variable)))
    return facts
