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
from qkepipe.transport.collisions import apply_phi, collision_tables
from qkepipe.transport.geometry import Geometry
from qkepipe.transport.limiter_three import TILE_SIZE
from qkepipe.transport.streaming import GHOSTS, Work, radial_flux, streaming_rate

__all__ = ["BUDGET", "TransportOperator", "face_flux", "stable_step"]

#: Entries of the particle budget of a step, per species and energy: numbers in the volume
#: before and after, net inflow through the faces, net gain from emission and absorption.
BUDGET = ("before", "after", "inflow", "collisions")


@jit
def _isotropic(block, component, dmu, out):
    """out[r] = (1/2) int block dmu."""
    out[:] = 0.0
    for j in range(block.shape[0]):
        w = 0.5 * dmu[j]
        row = block[j, component]
        for i in range(out.size):
            out[i] += w * row[i]


@jit
def _step_block(
    f, sector, energy, inner, phi, source, stages, work, moments, budget, step, geometry
):
    """One step of one sector and energy; ``stages`` (4, n_mu, n_component, n_r) is work space."""
    mu, dmu, volume, m2 = geometry.mu, geometry.dmu, geometry.volume, geometry.second_moment
    n_component = f.shape[0]
    flavors = source.shape[0]
    n_mu = f.shape[3]
    n = f.shape[4]
    old = stages[0]
    first = stages[1]
    new = stages[2]
    second = stages[3]
    through_first = work.through[0]
    through_second = work.through[1]
    for c in range(n_component):
        for j in range(n_mu):
            row = f[c, sector, energy, j]
            copy = old[j, c]
            for i in range(n):
                copy[i] = row[i]
    streaming_rate(old, inner, geometry, work, first, through_first)
    apply_phi(old, phi, 0, mu, dmu, m2, moments, new, False)
    apply_phi(first, phi, 1, mu, dmu, m2, moments, new, True)
    for c in range(flavors):
        gain = source[c]
        for j in range(n_mu):
            row = new[j, c]
            for i in range(n):
                row[i] += gain[i]
    streaming_rate(new, inner, geometry, work, second, through_second)
    for c in range(flavors):
        # number of the linear flow driven by the same streaming: independent of the update
        mean = moments[0]
        total = moments[1]
        kind = min(c, 1)
        iso0 = phi[0, 0, kind]
        iso1 = phi[1, 0, kind]
        iso2 = phi[2, 0, kind]
        _isotropic(old, c, dmu, mean)
        before = 0.0
        collisions = 0.0
        for i in range(n):
            before += volume[i] * mean[i]
            collisions += volume[i] * ((iso0[i] - 1.0) * mean[i] + source[c, i])
        _isotropic(first, c, dmu, total)
        for i in range(n):
            collisions += volume[i] * (iso1[i] - iso2[i] - 0.5 * step) * total[i]
        _isotropic(second, c, dmu, total)
        for i in range(n):
            collisions += volume[i] * (iso2[i] - 0.5 * step) * total[i]
        budget[c, 0] = before
        budget[c, 2] = (
            0.5
            * step
            * (
                through_first[c, 0]
                + through_second[c, 0]
                - through_first[c, 1]
                - through_second[c, 1]
            )
        )
        budget[c, 3] = collisions
    for j in range(n_mu):
        for c in range(n_component):
            row = second[j, c]
            start = first[j, c]
            for i in range(n):
                row[i] -= start[i]
    apply_phi(second, phi, 2, mu, dmu, m2, moments, new, True)
    for c in range(flavors):
        _isotropic(new, c, dmu, moments[0])
        after = 0.0
        for i in range(n):
            after += volume[i] * moments[0, i]
        budget[c, 1] = after
    for c in range(n_component):
        for j in range(n_mu):
            row = f[c, sector, energy, j]
            value = new[j, c]
            for i in range(n):
                row[i] = value[i]


@jit_parallel
def _step(
    f,
    inner,
    phi,
    source,
    stages,
    edge_flux,
    pad,
    jump,
    theta,
    through,
    tile,
    moments,
    budget,
    step,
    geometry,
):
    n_energy = f.shape[2]
    for block in prange(2 * n_energy):
        sector = block // n_energy
        energy = block % n_energy
        t = numba.get_thread_id()
        _step_block(
            f,
            sector,
            energy,
            inner[sector, energy],
            phi[sector, energy],
            source[sector, energy],
            stages[t],
            Work(edge_flux[t], pad[t], jump[t], theta[t], through[t], tile[t]),
            moments[t],
            budget[sector, energy],
            step,
            geometry,
        )


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
def _face_flux(f, inner, geometry, block, work, out):
    n_component, n_sector, n_energy, n_mu, n = f.shape
    flux = np.empty((n_component, n + 1))
    for sector in range(n_sector):
        for energy in range(n_energy):
            for c in range(n_component):
                for j in range(n_mu):
                    block[j, c] = f[c, sector, energy, j]
            radial_flux(block, inner[sector, energy], geometry, work, flux)
            for c in range(n_component):
                out[c, sector, energy] = flux[c]


def _work_space(n_mu: int, n_component: int, n_r: int) -> Work:
    return Work(
        np.empty((2, n_component, n_r)),
        np.empty((n_component, n_r + 2 * GHOSTS)),
        np.empty((n_component, n_r)),
        np.empty(n_r),
        np.empty((2, n_component, 2)),
        np.empty(TILE_SIZE),
    )


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
    n_component, n_sector, n_energy, n_mu, n_r = f.shape
    out = np.empty((n_component, n_sector, n_energy, n_r + 1))
    block = np.empty((n_mu, n_component, n_r))
    _face_flux(f, inner, geometry, block, _work_space(n_mu, n_component, n_r), out)
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
        self._work = (
            np.empty((n_thread, 4, n_mu, n_component, n_r)),
            np.empty((n_thread, 2, n_component, n_r)),
            np.empty((n_thread, n_component, n_r + 2 * GHOSTS)),
            np.empty((n_thread, n_component, n_r)),
            np.empty((n_thread, n_r)),
            np.empty((n_thread, 2, n_component, 2)),
            np.empty((n_thread, TILE_SIZE)),
            np.empty((n_thread, 2, n_r)),
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
