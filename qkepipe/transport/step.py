"""One step of streaming and collisions together, second order in time.

Exponential Runge-Kutta (ETD2RK; Cox & Matthews 2002, J. Comput. Phys. 176, 430, eq 22):
with streaming S and linear collisions C,

    a     = e^{Ch} f + h phi1(Ch) S(f) + (1 - e^{-Gamma h}) f_eq
    f_new = a + h phi2(Ch) (S(a) - S(f)) .

Its steady states solve S(f) + C(f) = 0 whatever h, so they do not depend on the step,
and the diffusive flux is right where the mean free path is shorter than c dt, which
operator splitting gets wrong.
"""

from __future__ import annotations

import numba
import numpy as np

from qkepipe.jit import jit, jit_parallel, prange
from qkepipe.transport.collisions import (
    SUMS,
    collide_first,
    collide_second,
    collision_tables,
)
from qkepipe.transport.geometry import Geometry
from qkepipe.transport.streaming import Tile, radial_flux, streaming_rate, work_space

__all__ = ["BUDGET", "TransportOperator", "face_flux", "stable_step"]

#: Entries of the particle budget of a step, per species and energy: numbers in the volume
#: before and after, net inflow through the faces, net gain from emission and absorption.
BUDGET = ("before", "after", "inflow", "collisions")


@jit
def _step_block(
    f, sector, energy, inner, phi, source, start, rate, tile, through, sums, budget, step, geometry
):
    """One step of one sector and energy.

    ``start`` and ``rate`` (n_component, 1, 1, n_mu, n_r), ``through`` (2, n_component, 2),
    ``tile`` and ``sums`` are work space.
    """
    mu, dmu, volume, m2 = geometry.mu, geometry.dmu, geometry.volume, geometry.second_moment
    streaming_rate(f, sector, energy, inner, geometry, tile, rate, False, through[0])
    collide_first(
        f, sector, energy, rate, phi, source, step, volume, mu, dmu, m2, sums, budget, start
    )
    # from here on the rate of the second stage minus that of the first
    streaming_rate(start, 0, 0, inner, geometry, tile, rate, True, through[1])
    collide_second(start, rate, phi, step, volume, mu, dmu, m2, sums, budget, f, sector, energy)
    for c in range(budget.shape[0]):
        budget[c, 2] = 0.5 * step * (
            through[0, c, 0] + through[1, c, 0] - through[0, c, 1] - through[1, c, 1]
        )  # fmt: skip


@jit_parallel
def _step(
    f, inner, phi, source, start, rate, cells, face, edge, through, sums, budget, step, geometry
):
    n_energy = f.shape[2]
    for block in prange(2 * n_energy):
        sector = block // n_energy
        energy = block % n_energy
        t = numba.get_thread_id()
        _step_block(
            f, sector, energy, inner[sector, energy], phi[sector, energy],
            source[sector, energy], start[t], rate[t], Tile(cells[t], face[t], edge[t]),
            through[t], sums[t], budget[sector, energy], step, geometry,
        )  # fmt: skip


def stable_step(geometry: Geometry, collision_rate: np.ndarray, cfl: float) -> float:
    """Largest c dt [cm] that keeps the update positive.

    Parameters
    ----------
    geometry : Geometry
    collision_rate : ndarray (..., n_r)
        Largest eigenvalue Gamma + chi0 of the collisions [cm^-1].
    cfl : float
        At most 1/2: both face states of a cell and the cell itself then stay positive
        (Zhang & Shu 2010); half of the collision rate is added because
        e^{-x} >= y phi1(x) holds for y <= x/(e^x - 1), which is 1 - x/2 to first order.
    """
    rate = collision_rate.reshape(-1, collision_rate.shape[-1]).max(axis=0)
    return float(cfl / (geometry.loss_rate() + 0.25 * rate).max())


@jit
def _face_flux(f, inner, geometry, tile, out):
    n_component, n_sector, n_energy, _, n = f.shape
    flux = np.empty((n_component, n + 1))
    for sector in range(n_sector):
        for energy in range(n_energy):
            radial_flux(f, sector, energy, inner[sector, energy], geometry, tile, flux)
            for c in range(n_component):
                out[c, sector, energy] = flux[c]


def face_flux(f: np.ndarray, inner: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Net outward flux through the cell faces, as the transport operator sees it.

    With the reconstruction and the limiter of the operator: a steady state has the same
    value at all faces between which nothing is emitted or absorbed, to the residual of the
    solver. Of an averaged field it is the flux of the average.

    Parameters
    ----------
    f : ndarray (n_component, n_sector, n_energy, n_mu, n_r)
    inner : ndarray (n_sector, n_energy, n_mu, n_component)
        State entering through the inner face, as :attr:`TransportOperator.inner`.
    geometry : Geometry
        Not periodic.

    Returns
    -------
    ndarray (n_component, n_sector, n_energy, n_r + 1)
        Area A times (1/2) int mu f dmu [cm^2].
    """
    n_component, n_sector, n_energy, _, n_r = f.shape
    out = np.empty((n_component, n_sector, n_energy, n_r + 1))
    _face_flux(f, inner, geometry, work_space(n_component), out)
    return out


class TransportOperator:
    """Streaming and collisions of a state with fixed rates and a fixed step.

    Parameters
    ----------
    geometry : Geometry
    absorption, scattering, scattering_transport, equilibrium : ndarray (4, n_energy, n_r)
        See :func:`qkepipe.transport.collisions.collision_tables`.
    inner : ndarray (n_component, 2, n_energy, n_mu)
        State entering through the inner face.
    step : float
        c dt [cm].
    """

    def __init__(
        self,
        geometry: Geometry,
        absorption: np.ndarray,
        scattering: np.ndarray,
        scattering_transport: np.ndarray,
        equilibrium: np.ndarray,
        inner: np.ndarray,
        step: float,
    ):
        n_component, _, n_energy, n_mu = inner.shape
        n_r = absorption.shape[-1]
        self.geometry = geometry
        self.step = step
        self.phi, self.source = collision_tables(
            absorption,
            scattering,
            scattering_transport,
            equilibrium,
            geometry.second_moment,
            step,
            n_component,
        )
        self.inner = np.ascontiguousarray(inner.transpose(1, 2, 3, 0))
        n_thread = numba.get_num_threads()
        block = (n_thread, n_component, 1, 1, n_mu, n_r)
        tile = (np.stack([part] * n_thread) for part in work_space(n_component))
        self._work = (
            np.empty(block),
            np.empty(block),
            *tile,
            np.empty((n_thread, 2, n_component, 2)),
            np.empty((n_thread, SUMS)),
        )
        self.budget = np.zeros((2, n_energy, self.source.shape[2], len(BUDGET)))

    def advance(self, f: np.ndarray) -> np.ndarray:
        """Advance ``f[component, sector, energy, mu, r]`` in place by one step.

        Returns
        -------
        ndarray (2, n_energy, flavors, 4)
            Particle budget over sector, energy, flavour (e, x or e, mu, tau) and
            :data:`BUDGET`, in units of occupation times volume over 4 pi.
        """
        _step(
            f,
            self.inner,
            self.phi,
            self.source,
            *self._work,
            self.budget,
            self.step,
            self.geometry,
        )
        return self.budget
