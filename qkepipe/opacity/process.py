"""What a weak process is: a function from matter and energies to opacities.

``docs/adding-a-rate.md`` walks through an example.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qkepipe.opacity.constants import WeakConstants

__all__ = ["Matter", "Opacities", "Process", "Setup"]


@dataclass(frozen=True)
class Matter:
    """Matter of all zones as flat arrays: ``matter["temperature"]`` etc., each of shape (z,).

    Holds ``rho n_b temperature mu_e mu_hat delta_u`` (``delta_u`` is 0 where unknown) and what
    the process lists in ``needs``; with ``x_n`` and ``x_p`` also the densities ``n_n`` and
    ``n_p``, which are not negative. Rates given by the
    snapshot have shape (4, own energies, z); ``table_energy`` are their energies and
    ``table_edges``, where known, the edges of their groups [MeV].
    """

    columns: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    @property
    def size(self) -> int:
        """Number of zones."""
        return self.columns["rho"].size


@dataclass(frozen=True)
class Setup:
    """Constants and options shared by all processes."""

    constants: WeakConstants
    weak_magnetism: str = "off"


@dataclass
class Opacities:
    """Contribution of one process, arrays (species 4, energy, zone) [cm^-1]; None is zero.

    ``absorption`` is stimulated-corrected, kappa + j/c. ``emissivity`` j [s^-1] is left None
    by a process in equilibrium with matter: the door sets j = c absorption f_eq. Only rates
    that are given from outside set it.
    """

    absorption: np.ndarray | None = None
    scattering: np.ndarray | None = None
    scattering_transport: np.ndarray | None = None
    emissivity: np.ndarray | None = None


@dataclass(frozen=True)
class Process:
    """A registered process.

    Parameters
    ----------
    func : callable
        ``func(matter: Matter, energy: ndarray (e, z), setup: Setup) -> Opacities``, energies
        [MeV] local to each zone.
    doc : str
        One line for listings and reports, with the source.
    needs : tuple of str
        Variables of the matter dataset beyond those of every process.
    nodes : int
        Gauss nodes of an average over an energy group: 8 where a threshold may lie inside it.
    per_group : bool
        The rates are given per energy group: not averaged over groups again.
    pairs : bool
        Makes and takes neutrinos in pairs, the second one of which is assumed in equilibrium.
    charged_current : bool
        Absorption and emission turn neutrons into protons or back: they change the electron
        fraction, unlike those of pairs.
    """

    func: Callable[[Matter, np.ndarray, Setup], Opacities]
    doc: str
    needs: tuple[str, ...] = ()
    nodes: int = 8
    per_group: bool = False
    pairs: bool = False
    charged_current: bool = False
