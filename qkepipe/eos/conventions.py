"""Which rest masses the chemical potentials of a table include, from states known by theory.

- Dilute hot nucleons are a Maxwell-Boltzmann gas: mu_n - mu_p - T ln(X_n/X_p) is m_n - m_p with
  rest masses (1.293 MeV) and 0 without (equal masses in the prefactor: 0.002 T).
- Electrons are an ideal gas in every equation of state: mu_e of the table minus that of the gas
  (:mod:`qkepipe.matter.electron_gas`) is 0 with, -0.511 MeV without rest mass.
"""

from __future__ import annotations

import numpy as np

from qkepipe.constants import M_ELECTRON, M_U_GRAM, Q_NP
from qkepipe.errors import Defect, QkepipeError
from qkepipe.matter import electron_chemical_potential

__all__ = ["CHOICES", "electron_mass", "nucleon_masses"]

#: Words of a declaration.
CHOICES = ("auto", "included", "excluded")
#: Nodes of the tests: density [g cm^-3], temperature [MeV], fraction of each nucleon.
_DILUTE, _HOT, _PRESENT = 1e10, 2.0, 1e-2
#: Electrons up to this mu_e [MeV]: above, the mass per baryon of the table matters.
_MU_E_MAX = 5.0
#: Accepted distance [MeV] of the median from the value of a convention.
_NEAR_NUCLEON, _NEAR_ELECTRON = 0.3, 0.12
#: Nodes that a test looks at.
_SAMPLE = 2000


def _sampled(nodes, zones: np.ndarray) -> np.ndarray:
    """Indices of at most ``_SAMPLE`` nodes of a mask, evenly spread."""
    found = np.flatnonzero(zones)
    return found[:: max(1, found.size // _SAMPLE)]


def _state(nodes) -> tuple[np.ndarray, ...]:
    """Density, temperature and ye of all nodes."""
    ye, log_t, log_rho = np.broadcast_arrays(
        nodes.ye[:, None, None], nodes.log_t[None, :, None], nodes.log_rho[None, None, :]
    )
    return 10.0**log_rho, 10.0**log_t, ye


def nucleon_masses(nodes, declared: str) -> str:
    """``included`` or ``excluded``: m_n - m_p in ``nodes.mu_hat``.

    Raises
    ------
    QkepipeError
        If it can be neither established nor is declared, or both disagree.
    """
    rho, t, _ = _state(nodes)
    zones = (rho <= _DILUTE) & (t >= _HOT) & (nodes.x_n > _PRESENT) & (nodes.x_p > _PRESENT)
    at = _sampled(nodes, zones)
    offset = nodes.mu_hat.flat[at] - t.flat[at] * np.log(nodes.x_n.flat[at] / nodes.x_p.flat[at])
    return _judge(
        nodes, "mu_n - mu_p", "mu_n - mu_p - T ln(X_n/X_p)", offset, Q_NP, 0.0, _NEAR_NUCLEON,
        declared, "nucleon_masses",
    )  # fmt: skip


def electron_mass(nodes, declared: str) -> str:
    """``included`` or ``excluded``: the rest mass in ``nodes.mu_e``; raises as above."""
    rho, t, ye = _state(nodes)
    at = _sampled(nodes, (rho <= _DILUTE) & (t >= _HOT) & (ye > 0.0))
    mass = nodes.baryon_mass or M_U_GRAM
    ideal = electron_chemical_potential(rho.flat[at] * ye.flat[at] / mass, t.flat[at])
    offset = (nodes.mu_e.flat[at] - ideal)[ideal < _MU_E_MAX]
    return _judge(
        nodes, "mu_e", "mu_e minus that of an ideal gas", offset, 0.0, -M_ELECTRON, _NEAR_ELECTRON,
        declared, "electron_mass",
    )  # fmt: skip


def _judge(nodes, name, what, offset, with_mass, without, near, declared, option) -> str:
    offset = offset[np.isfinite(offset)]
    value = float(np.median(offset)) if offset.size else np.nan
    found = "auto"
    if abs(value - with_mass) < near:
        found = "included"
    elif abs(value - without) < near:
        found = "excluded"
    text = f"{what} is {value:.4g} MeV (median of {offset.size} hot dilute nodes)"
    expected = f"{with_mass:.4g} MeV with rest masses or {without:.4g} MeV without"
    if declared == "auto":
        declared = nodes.declared
    if found == "auto" and declared == "auto":
        problem = "rest masses included or not? " + (
            text if offset.size else "There is no hot dilute node to tell by"
        )
        raise QkepipeError(
            Defect(nodes.source, name, problem, expected,
                   f"declaring it: background.eos.{option}: included or excluded")
        )  # fmt: skip
    if "auto" not in (found, declared) and found != declared:
        raise QkepipeError(
            Defect(nodes.source, name, f"rest masses declared as {declared}, but {text}", expected,
                   f"background.eos.{option}: {found}")
        )  # fmt: skip
    return found if declared == "auto" else declared
