"""Where the matter fallback may be used, and the refusals and warnings outside.

The limits come from a comparison of the ideal gases with a core-collapse profile of an
interacting equation of state. Above 1e12 g cm^-3 the missing pieces are the mean field
and light clusters; below 0.5 MeV nuclear reactions are too slow for equilibrium.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qkepipe.errors import Defect

__all__ = [
    "DENSITY_COMPOSITION",
    "DENSITY_MAX",
    "DENSITY_WARNING",
    "TEMPERATURE_MIN",
    "TEMPERATURE_WARNING",
    "Zones",
    "limits",
]

#: No fallback quantity above this density [g cm^-3].
DENSITY_MAX = 5e13
#: No composition and no mu_hat above this density [g cm^-3].
DENSITY_COMPOSITION = 1e12
#: mu_hat is low by up to 13 % between this density and DENSITY_COMPOSITION [g cm^-3].
DENSITY_WARNING = 3e11
#: No nuclear equilibrium below this temperature [MeV].
TEMPERATURE_MIN = 0.5
#: mu_hat is off by up to 0.6 MeV and x_heavy by 0.1 below this temperature [MeV].
TEMPERATURE_WARNING = 0.8


@dataclass(frozen=True)
class Zones:
    """What a message needs to name a zone: arrays of one shape, and the file's name.

    ``rho`` [g cm^-3], ``temperature`` [MeV], ``radius`` [cm] (NaN where unknown).
    """

    source: str
    rho: np.ndarray
    temperature: np.ndarray
    radius: np.ndarray

    def defect(self, mask, what: str, why: str, hint: str, severity: str = "error") -> Defect:
        """One line for all zones of a mask: the first one by name, and their number."""
        index = np.unravel_index(int(np.argmax(mask)), mask.shape)
        name = ",".join(str(int(i)) for i in index)
        radius = self.radius[index]
        at = f", r = {radius:.6g} cm" if np.isfinite(radius) else ""
        count = int(mask.sum())
        zones = f" ({count} such zones)" if count > 1 else ""
        return Defect(
            self.source,
            f"zone [{name}]",
            f"{what} at rho = {self.rho[index]:.6g} g cm-3, "
            f"T = {self.temperature[index]:.6g} MeV{at}{zones}",
            why,
            hint,
            severity,
        )


def limits(zones: Zones, need_mu_e, need_composition, need_mu_hat, cold: str) -> list[Defect]:
    """Refusals (severity ``error``) and warnings for the zones that need the fallback.

    Parameters
    ----------
    zones : Zones
    need_mu_e, need_composition, need_mu_hat : ndarray of bool
        Quantities that the snapshot does not give, in the shape of the zones.
    cold : {"refuse", "bound_nuclei"}
        What to do below 0.5 MeV; see :func:`qkepipe.matter.thermodynamics`.

    Returns
    -------
    list of Defect
        One per kind, with the first zone and the number of zones.
    """
    rho, t = zones.rho, zones.temperature
    nuclear = need_composition | need_mu_hat
    dense = (need_mu_e | nuclear) & (rho > DENSITY_MAX)
    compact = nuclear & (rho > DENSITY_COMPOSITION) & ~dense
    frozen = need_composition & (t < TEMPERATURE_MIN) & (rho <= DENSITY_COMPOSITION)
    usable = nuclear & (rho <= DENSITY_COMPOSITION)
    warm = need_composition & (t >= TEMPERATURE_MIN) & (t < TEMPERATURE_WARNING) & usable
    table = "a snapshot with mu_e, mu_n, mu_p, x_n and x_p, or an equation-of-state table"
    found = []
    if dense.any():
        found.append(
            zones.defect(
                dense,
                "chemical potentials or composition are not in the snapshot and ideal gases fail",
                f"rho <= {DENSITY_MAX:g} g cm-3",
                table,
            )
        )
    if compact.any():
        found.append(
            zones.defect(
                compact,
                "composition or mu_hat is not in the snapshot and free nuclei fail",
                f"rho <= {DENSITY_COMPOSITION:g} g cm-3",
                table,
            )
        )
    if frozen.any() and cold == "refuse":
        found.append(
            zones.defect(
                frozen,
                "composition is not in the snapshot and there is no nuclear equilibrium",
                f"T >= {TEMPERATURE_MIN:g} MeV",
                "a snapshot with composition, or the option cold=bound_nuclei (no free nucleons)",
            )
        )
    elif frozen.any():
        found.append(
            zones.defect(
                frozen,
                "no nuclear equilibrium: all matter is taken as bound in nuclei",
                "",
                "",
                "warning",
            )
        )
    uncertain = usable & (rho > DENSITY_WARNING) & ~frozen
    if uncertain.any():
        found.append(
            zones.defect(
                uncertain,
                "composition or mu_hat from free nuclei, mu_hat up to 13 % low",
                "",
                "",
                "warning",
            )
        )
    if warm.any():
        found.append(
            zones.defect(
                warm,
                "composition from nuclear equilibrium, mu_hat uncertain by 0.6 MeV, x_heavy by 0.1",
                "",
                "",
                "warning",
            )
        )
    return found
