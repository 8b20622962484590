"""High-order streaming of occupations and of flavour matrices.

Face values are reconstructed in r from five cells (fifth order on smooth grids, upwind
biased, :func:`qkepipe.transport.geometry.face_coefficients`), in mu from three (second
order). The difference between the face value and the cell average is scaled by a factor:

- of an occupation, the smaller of the monotonised-central limiter and of the largest factor
  for which the face state and its mirror image about the average are not negative;
- of a flavour matrix, one common factor for all components, so that the limiter does not
  depend on the basis in flavour space: the limiter of the trace and the largest factor for
  which both states stay positive matrices (|P| <= trace).

The average is then the mean of two positive states, and with CFL <= 1/2 the update is a convex
combination of positive ones (Zhang & Shu 2010, J. Comput. Phys. 229, 3091, applied to the cone
of positive matrices).

Blocks hold one sector and energy: ``block[mu, component, r]``, components ``ee, xx, Re ex,
Im ex`` of a matrix, or nine of three flavours, or one or two (``ee, xx``) occupations, each
limited for itself.
"""

from typing import NamedTuple

import numpy as np

from qkepipe.jit import jit
from qkepipe.transport.faces_three import edge_flux_three, row_faces_three

__all__ = ["GHOSTS", "Work", "limiter_factor", "radial_flux", "streaming_rate"]

#: Ghost cells on either side of a row in r.
GHOSTS = 2
#: Slack of the positivity test of matrices, relative to trace^2: |P| may exceed the trace by
#: twice that fraction. Without it every change of direction of a pure state is flattened, which
#: slows the growth of flavour waves by several per cent.
SLACK = 1e-3
#: Relative change per cell below which extrema are not clipped (Shu 1987, Math. Comp. 49, 105:
#: total-variation-bounded limiting), of the trace of matrices and of single occupations.
SMOOTH, SMOOTH_SINGLE = 1e-3, 1e-2
TINY = 1e-300
#: Of matrices, for three flavours.
_LIMITS = (SLACK, SMOOTH, TINY)
#: Round-off must not make a face state negative.
BELOW_ONE = 1.0 - 1e-14


@jit
def limiter_factor(lo, mid, hi, lo0, mid0, hi0, jump, theta):
    """Limiter factor in [0, 1] of one row of cells, written to ``theta``.

    Parameters
    ----------
    lo, mid, hi : ndarray (n_component, >= n)
        Lower neighbours, cells and upper neighbours; cell ``i`` is at ``mid[:, mid0 + i]``
        and likewise for the neighbours.
    jump : ndarray (n_component, >= n)
        Reconstructed face value minus cell average.
    theta : ndarray (n,)
    """
    n = theta.size
    if mid.shape[0] == 1:
        for i in range(n):
            f = mid[0, mid0 + i]
            below = f - lo[0, lo0 + i]
            above = hi[0, hi0 + i] - f
            allowed = min(abs(below), abs(above)) if below * above > 0.0 else 0.0
            # the jump grows monotonically with what is allowed, as corrections do not converge
            # otherwise; face state and its mirror image stay positive
            allowed = min(max(allowed, SMOOTH_SINGLE * f), BELOW_ONE * f)
            theta[i] = max(0.0, min(1.0, allowed / (abs(jump[0, i]) + TINY)))
    else:
        for i in range(n):
            ee = mid[0, mid0 + i]
            xx = mid[1, mid0 + i]
            re = mid[2, mid0 + i]
            im = mid[3, mid0 + i]
            dee = jump[0, i]
            dxx = jump[1, i]
            dre = jump[2, i]
            dim = jump[3, i]
            trace = ee + xx
            a = max(ee * xx - re * re - im * im + SLACK * trace * trace, 0.0)
            b = 0.5 * (ee * dxx + xx * dee) - re * dre - im * dim
            c = dee * dxx - dre * dre - dim * dim
            cone = (a + TINY) / (abs(b) + np.sqrt(max(b * b - a * c, 0.0)) + TINY)
            # a positive determinant alone would let both eigenvalues be negative
            # round-off can leave the trace of an empty direction below zero
            cone = min(cone, max(trace, 0.0) / (abs(dee + dxx) + TINY))
            below = trace - (lo[0, lo0 + i] + lo[1, lo0 + i])
            above = (hi[0, hi0 + i] + hi[1, hi0 + i]) - trace
            limited = min(abs(below), abs(above)) / (abs(dee + dxx) + TINY)
            limited = limited if below * above > 0.0 else 0.0
            # continuous switch: a jump here would leave steady states chattering
            smooth = 2.0 - max(abs(below), abs(above)) / (SMOOTH * trace + TINY)
            limited = max(limited, min(1.0, smooth))
            theta[i] = min(1.0, min(cone, limited))


class Work(NamedTuple):
    """Work space of one thread.

    Attributes
    ----------
    edge_flux : ndarray (2, n_component, n_r)
    pad : ndarray (n_component, n_r + 2 GHOSTS)
    jump : ndarray (n_component, n_r)
    theta : ndarray (n_r,)
    through : ndarray (2, n_component, 2)
        Fluxes through the ends, of the two stages of a step.
    tile : ndarray (TILE_SIZE,)
        For the faces of three flavours.
    """

    edge_flux: np.ndarray
    pad: np.ndarray
    jump: np.ndarray
    theta: np.ndarray
    through: np.ndarray
    tile: np.ndarray


@jit
def _row_faces(j, block, inner, geometry, work):
    """Upwind states at the radial faces of bin ``j``, written to ``work.edge_flux[0]``.

    For mu > 0 entry i is the state at the outer face of cell i, for mu < 0 at its inner face.
    """
    n_component, n = block.shape[1:]
    face, pad, jump, theta = work.edge_flux[0], work.pad, work.jump, work.theta
    periodic = geometry.periodic
    forward = geometry.mu[j] > 0.0
    face_of = geometry.face_up if forward else geometry.face_down
    if n_component == 9:
        row_faces_three(
            block[j], inner[j], forward, periodic, face_of, face, _LIMITS, work.tile
        )  # fmt: skip
        return
    for c in range(n_component):
        row = block[j, c]
        line = pad[c]
        for i in range(n):
            line[i + 2] = row[i]
        if periodic:
            line[0] = row[n - 2]
            line[1] = row[n - 1]
            line[n + 2] = row[0]
            line[n + 3] = row[1]
        else:
            below = inner[j, c] if forward else row[0]
            above = row[n - 1] if forward else 0.0
            line[0] = below
            line[1] = below
            line[n + 2] = above
            line[n + 3] = above
        a0 = face_of[0]
        a1 = face_of[1]
        a2 = face_of[2]
        a3 = face_of[3]
        a4 = face_of[4]
        step = jump[c]
        for i in range(n):
            step[i] = (
                a0[i] * line[i]
                + a1[i] * line[i + 1]
                + a2[i] * line[i + 2]
                + a3[i] * line[i + 3]
                + a4[i] * line[i + 4]
            )
    together = n_component if n_component == 4 else 1
    for first in range(0, n_component, together):
        part = slice(first, first + together)
        line = pad[part]
        limiter_factor(line, line, line, 1, 2, 3, jump[part], theta)
        for c in range(first, first + together):
            value = face[c]
            row = block[j, c]
            step = jump[c]
            for i in range(n):
                value[i] = row[i] + theta[i] * step[i]


@jit
def radial_flux(block, inner, geometry, work, flux):
    """Net outward flux through the radial faces of a grid with ends, written to ``flux``.

    The operator's own flux, area times (1/2) int mu f dmu with its upwind states: what a
    steady state without sources keeps constant.

    Parameters
    ----------
    block : ndarray (n_mu, n_component, n_r)
    inner : ndarray (n_mu, n_component)
    geometry : Geometry
    work : Work
    flux : ndarray (n_component, n_r + 1)
    """
    n_mu, n_component, n = block.shape
    area = geometry.area
    flux[:] = 0.0
    for j in range(n_mu):
        _row_faces(j, block, inner, geometry, work)
        weight = 0.5 * geometry.dmu[j] * geometry.mu[j]
        shift = 1 if geometry.mu[j] > 0.0 else 0
        for c in range(n_component):
            face = work.edge_flux[0, c]
            through = flux[c]
            for i in range(n):
                through[i + shift] += weight * area[i + shift] * face[i]
            if shift == 1:
                through[0] += weight * area[0] * inner[j, c]


@jit
def _turn(block, geometry, work, rate, sign):
    """Add the angular fluxes of all cells where ``sign`` g > 0 to ``rate``.

    A bin is left through its edge towards mu = sign: the upper one outside the photon sphere.
    """
    n_mu, n_component, n = block.shape
    edge_flux, jump, theta = work.edge_flux, work.jump, work.theta
    turn_rate = geometry.turn_rate
    upward = sign > 0.0
    edge_flux[:] = 0.0
    for k in range(n_mu):
        j = k if upward else n_mu - 1 - k
        new = edge_flux[k % 2]
        old = edge_flux[(k + 1) % 2]
        if k == n_mu - 1:
            new[:] = 0.0
        elif n_component == 9:
            edge_flux_three(
                block[max(j - 1, 0)],
                block[j],
                block[min(j + 1, n_mu - 1)],
                sign * geometry.slope_mu[j],
                geometry.edge_turn[j + 1] if upward else geometry.edge_turn[j],
                k == 0,
                new,
                _LIMITS,
                work.tile,
            )
        else:
            below = block[max(j - 1, 0)]
            above = block[min(j + 1, n_mu - 1)]
            slope = sign * geometry.slope_mu[j]
            turn = geometry.edge_turn[j + 1] if upward else geometry.edge_turn[j]
            for c in range(n_component):
                step = jump[c]
                low = below[c]
                high = above[c]
                for i in range(n):
                    step[i] = slope * (high[i] - low[i])
            together = n_component if n_component == 4 else 1
            for first in range(0, n_component, together):
                part = slice(first, first + together)
                if k == 0:
                    theta[:] = 0.0
                else:
                    row = block[j, part]
                    limiter_factor(below[part], row, above[part], 0, 0, 0, jump[part], theta)
                for c in range(first, first + together):
                    value = block[j, c]
                    step = jump[c]
                    flux = new[c]
                    for i in range(n):
                        flux[i] = turn * (value[i] + theta[i] * step[i])
        scale = 1.0 / geometry.dmu[j]
        for c in range(n_component):
            out = rate[j, c]
            flux = new[c]
            before = old[c]
            for i in range(n):
                out[i] -= scale * max(sign * turn_rate[i], 0.0) * (flux[i] - before[i])


@jit
def streaming_rate(block, inner, geometry, work, rate, through):
    """Rate of change [cm^-1] of one block by streaming, written to ``rate``.

    Parameters
    ----------
    block, rate : ndarray (n_mu, n_component, n_r)
    inner : ndarray (n_mu, n_component)
        State that enters through the inner face, used for mu > 0; nothing enters at the
        outer face. Both are ignored when the geometry is periodic.
    geometry : Geometry
    work : Work
    through : ndarray (n_component, 2)
        Output: net outward flux through the inner and the outer face, area times
        (1/2) int mu f dmu.
    """
    n_mu, n_component, n = block.shape
    mu = geometry.mu
    dmu = geometry.dmu
    area = geometry.area
    out_rate = geometry.out_rate
    in_rate = geometry.in_rate
    periodic = geometry.periodic
    through[:] = 0.0
    for j in range(n_mu):
        _row_faces(j, block, inner, geometry, work)
        forward = mu[j] > 0.0
        weight = 0.5 * dmu[j] * mu[j]
        for c in range(n_component):
            face = work.edge_flux[0, c]
            out = rate[j, c]
            if forward:
                # face[i] is the state at the upper face of cell i
                entering = face[n - 1] if periodic else inner[j, c]
                through[c, 0] += weight * area[0] * entering
                through[c, 1] += weight * area[n] * face[n - 1]
                out[0] = -mu[j] * (out_rate[0] * face[0] - in_rate[0] * entering)
                for i in range(1, n):
                    out[i] = -mu[j] * (out_rate[i] * face[i] - in_rate[i] * face[i - 1])
            else:
                entering = face[0] if periodic else 0.0
                through[c, 0] += weight * area[0] * face[0]
                through[c, 1] += weight * area[n] * entering
                for i in range(n - 1):
                    out[i] = -mu[j] * (out_rate[i] * face[i + 1] - in_rate[i] * face[i])
                out[n - 1] = -mu[j] * (out_rate[n - 1] * entering - in_rate[n - 1] * face[n - 1])
    lowest = geometry.turn_rate.min()
    highest = geometry.turn_rate.max()
    if highest > 0.0:
        _turn(block, geometry, work, rate, 1.0)
    if lowest < 0.0:
        _turn(block, geometry, work, rate, -1.0)
