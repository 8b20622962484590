"""High-order streaming of occupations and of flavour matrices.

Face values are reconstructed in r from five cells (fifth order on smooth grids, upwind
biased, :func:`qkepipe.transport.geometry.face_coefficients`), in mu from three (second
order), and limited (:mod:`qkepipe.transport.limiter`).

A state is ``f[component, sector, energy, mu, r]``, components ``ee, xx, Re ex, Im ex`` of a
matrix, or nine of three flavours, or one or two (``ee, xx``) occupations, each limited for itself.
The kernels take one sector and energy of it.

Rows of the state are worked on in windows of r, three directions at a time, in a small
:class:`Tile` with rows of fixed length: what a face needs stays in registers and in the
innermost cache, and the compiler, which cannot see whether rows of unknown length overlap,
vectorises the loops over cells.
"""

from typing import NamedTuple

import numpy as np

from qkepipe.jit import jit
from qkepipe.transport.faces_three import edge_flux_three, row_faces_three
from qkepipe.transport.limiter import matrix_factor, occupation_factor
from qkepipe.transport.windows import HALO, LANES, NEIGHBOURS, ROW

__all__ = ["Tile", "radial_flux", "streaming_rate", "work_space"]


class Tile(NamedTuple):
    """Work space of one thread; in flat rows the components are ``ROW`` apart.

    Attributes
    ----------
    cells : ndarray (3, n_component ROW)
        Rows of three neighbouring directions, cell ``i`` of the window at ``HALO + i``.
    face : ndarray (n_component ROW,)
        Upwind states at the radial faces: at ``HALO + i`` that of the outer face of cell ``i``
        for mu > 0, of its inner face for mu < 0.
    edge : ndarray (2, n_component ROW)
        Fluxes through the two angular edges of a bin, over g.
    """

    cells: np.ndarray
    face: np.ndarray
    edge: np.ndarray


def work_space(n_component: int) -> Tile:
    """A tile for one thread."""
    size = n_component * ROW
    return Tile(np.zeros((3, size)), np.zeros(size), np.zeros((2, size)))


@jit
def _load(f, sector, energy, j, entering, forward, periodic, lo, count, cells):
    """Copy direction ``j`` of cells ``lo`` to ``lo + count`` with its neighbours to the tile.

    ``entering`` (n_component,) lies below the first cell of a grid with ends, nothing above the
    last one; at an end that neutrinos leave by, the last value goes on.
    """
    n = f.shape[4]
    first = max(lo - NEIGHBOURS, 0)
    last = min(lo + count + NEIGHBOURS, n)
    for c in range(f.shape[0]):
        row = f[c, sector, energy, j, first:last]
        at = c * ROW + HALO + first - lo
        copy = cells[at : at + row.size]
        for i in range(row.size):
            copy[i] = row[i]
    if lo >= NEIGHBOURS and lo + count + NEIGHBOURS <= n:
        return
    for c in range(f.shape[0]):
        row = f[c, sector, energy, j]
        at = c * ROW + HALO
        for i in range(NEIGHBOURS):
            if lo <= i:
                below = entering[c] if forward else row[0]
                cells[at - 1 - i] = row[n - 1 - i + lo] if periodic else below
            if lo + count + i >= n:
                above = row[n - 1] if forward else 0.0
                cells[at + count + i] = row[lo + count + i - n] if periodic else above


@jit
def _faces(cells, face_of, first, n_component, count, face):
    """Upwind states at the radial faces of ``count`` cells.

    ``cells`` begins with the second lower neighbour of the first cell, ``face`` with itself; its
    coefficients are ``face_of[:, first]``.
    """
    a0 = face_of[0, first : first + count]
    a1 = face_of[1, first : first + count]
    a2 = face_of[2, first : first + count]
    a3 = face_of[3, first : first + count]
    a4 = face_of[4, first : first + count]
    if n_component == 4:
        for i in range(count):
            w0 = a0[i]
            w1 = a1[i]
            w2 = a2[i]
            w3 = a3[i]
            w4 = a4[i]
            ee_low = cells[i + 1]
            ee = cells[i + 2]
            ee_high = cells[i + 3]
            dee = w0 * cells[i] + w1 * ee_low + w2 * ee + w3 * ee_high + w4 * cells[i + 4]
            xx_low = cells[ROW + i + 1]
            xx = cells[ROW + i + 2]
            xx_high = cells[ROW + i + 3]
            dxx = (
                w0 * cells[ROW + i] + w1 * xx_low + w2 * xx + w3 * xx_high + w4 * cells[ROW + i + 4]
            )
            re = cells[2 * ROW + i + 2]
            dre = (
                w0 * cells[2 * ROW + i]
                + w1 * cells[2 * ROW + i + 1]
                + w2 * re
                + w3 * cells[2 * ROW + i + 3]
                + w4 * cells[2 * ROW + i + 4]
            )
            im = cells[3 * ROW + i + 2]
            dim = (
                w0 * cells[3 * ROW + i]
                + w1 * cells[3 * ROW + i + 1]
                + w2 * im
                + w3 * cells[3 * ROW + i + 3]
                + w4 * cells[3 * ROW + i + 4]
            )
            trace = ee + xx
            below = trace - (ee_low + xx_low)
            above = (ee_high + xx_high) - trace
            theta = matrix_factor(ee, xx, re, im, below, above, dee, dxx, dre, dim)
            face[i] = ee + theta * dee
            face[ROW + i] = xx + theta * dxx
            face[2 * ROW + i] = re + theta * dre
            face[3 * ROW + i] = im + theta * dim
    elif n_component == 9:
        row_faces_three(cells, a0, a1, a2, a3, a4, count, face)
    else:
        for c in range(n_component):
            row = cells[c * ROW : (c + 1) * ROW]
            out = face[c * ROW : (c + 1) * ROW]
            for i in range(count):
                low = row[i + 1]
                f = row[i + 2]
                high = row[i + 3]
                jump = a0[i] * row[i] + a1[i] * low + a2[i] * f + a3[i] * high + a4[i] * row[i + 4]
                out[i] = f + occupation_factor(f, f - low, high - f, jump) * jump


@jit
def _row_faces(cells, j, inner, geometry, lo, count, face):
    """Upwind states of direction ``j`` at all radial faces of a window.

    In ``face`` of cells -1 to ``count`` for mu > 0, 0 to ``count + 1`` for mu < 0; beyond the
    ends of a grid, of the cell at the other end or, if it is not periodic, what enters there.
    """
    n_component, n = inner.shape[1], geometry.volume.size
    forward = geometry.mu[j] > 0.0
    if forward:
        first, last = -1 if lo > 0 else 0, count
    else:
        first, last = 0, count + 1 if lo + count < n else count
    face_of = geometry.face_up if forward else geometry.face_down
    _faces(
        cells[HALO - 2 + first :], face_of, lo + first, n_component, last - first,
        face[HALO + first :],
    )  # fmt: skip
    outside = -1 if forward else count
    if lo + outside >= 0 and lo + outside < n:
        return
    if geometry.periodic:
        _faces(
            cells[HALO - 2 + outside :], face_of, (lo + outside) % n, n_component, 1,
            face[HALO + outside :],
        )  # fmt: skip
    else:
        for c in range(n_component):
            face[c * ROW + HALO + outside] = inner[j, c] if forward else 0.0


@jit
def _angular_edge(before, here, after, n_component, slope, turn, count, edge):
    """Flux over g through the angular edge that the neutrinos of a bin leave by.

    ``before``, ``here`` and ``after`` are rows in the direction of the motion.
    """
    if n_component == 4:
        for i in range(count):
            k = HALO + i
            ee_low = before[k]
            ee = here[k]
            ee_high = after[k]
            k += ROW
            xx_low = before[k]
            xx = here[k]
            xx_high = after[k]
            k += ROW
            re = here[k]
            dre = slope * (after[k] - before[k])
            k += ROW
            im = here[k]
            dim = slope * (after[k] - before[k])
            dee = slope * (ee_high - ee_low)
            dxx = slope * (xx_high - xx_low)
            trace = ee + xx
            below = trace - (ee_low + xx_low)
            above = (ee_high + xx_high) - trace
            theta = matrix_factor(ee, xx, re, im, below, above, dee, dxx, dre, dim)
            edge[i] = turn * (ee + theta * dee)
            edge[ROW + i] = turn * (xx + theta * dxx)
            edge[2 * ROW + i] = turn * (re + theta * dre)
            edge[3 * ROW + i] = turn * (im + theta * dim)
    elif n_component == 9:
        edge_flux_three(before, here, after, slope, turn, count, edge)
    else:
        for c in range(n_component):
            row = slice(c * ROW + HALO, (c + 1) * ROW)
            lows, middles, highs = before[row], here[row], after[row]
            out = edge[c * ROW : (c + 1) * ROW]
            for i in range(count):
                low = lows[i]
                f = middles[i]
                high = highs[i]
                jump = slope * (high - low)
                out[i] = turn * (f + occupation_factor(f, f - low, high - f, jump) * jump)


@jit
def _rate(face, left, entered, j, speed, sign, geometry, lo, count, rate, keep):
    """Rate of change of a window by its fluxes, plus ``keep`` times what ``rate`` holds.

    Radial fluxes count with ``speed``, angular ones ``left`` and ``entered`` where ``sign`` g > 0.
    """
    inside = HALO - 1 if geometry.mu[j] > 0.0 else HALO
    out_rate = geometry.out_rate[lo : lo + count]
    in_rate = geometry.in_rate[lo : lo + count]
    turn_rate = geometry.turn_rate[lo : lo + count]
    scale = sign / geometry.dmu[j]
    for c in range(rate.shape[0]):
        out = rate[c, 0, 0, j, lo : lo + count]
        at = face[c * ROW + inside : (c + 1) * ROW]
        up = left[c * ROW : (c + 1) * ROW]
        down = entered[c * ROW : (c + 1) * ROW]
        if keep == 0.0:
            for i in range(count):
                radial = speed * (in_rate[i] * at[i] - out_rate[i] * at[i + 1])
                out[i] = radial - max(scale * turn_rate[i], 0.0) * (up[i] - down[i])
        else:
            for i in range(count):
                radial = speed * (in_rate[i] * at[i] - out_rate[i] * at[i + 1])
                turning = max(scale * turn_rate[i], 0.0) * (up[i] - down[i])
                out[i] = (radial - turning) + keep * out[i]


@jit
def _ends(face, j, geometry, lo, count, through):
    """Add the fluxes through the ends of the grid that a window has."""
    n = geometry.volume.size
    weight = 0.5 * geometry.dmu[j] * geometry.mu[j]
    inside = HALO - 1 if geometry.mu[j] > 0.0 else HALO
    for c in range(through.shape[0]):
        if lo == 0:
            through[c, 0] += weight * geometry.area[0] * face[c * ROW + inside]
        if lo + count == n:
            through[c, 1] += weight * geometry.area[n] * face[c * ROW + inside + count]


@jit
def _sweep(
    f, sector, energy, inner, geometry, tile, lo, count, sign, radial, turns, rate, keep, through
):
    """All directions of a window, in the order in which neutrinos turn where ``sign`` g > 0."""
    n_component, _, _, n_mu, _ = f.shape
    mu, periodic = geometry.mu, geometry.periodic
    cells, face, edge = tile
    upward = sign > 0.0
    first = 0 if upward else n_mu - 1
    forward = mu[first] > 0.0
    _load(f, sector, energy, first, inner[first], forward, periodic, lo, count, cells[0])
    edge[:] = 0.0
    for k in range(n_mu):
        j = k if upward else n_mu - 1 - k
        here, after = cells[k % 3], cells[(k + 1) % 3]
        left, entered = edge[k % 2], edge[(k + 1) % 2]
        if k < n_mu - 1:
            following = j + 1 if upward else j - 1
            forward = mu[following] > 0.0
            _load(
                f, sector, energy, following, inner[following], forward, periodic, lo, count, after
            )
            if turns:
                # a bin is left through its edge towards mu = sign
                turn = geometry.edge_turn[j + 1] if upward else geometry.edge_turn[j]
                before = cells[(k + 2) % 3] if k > 0 else here
                slope = geometry.slope_mu[j] if k > 0 else 0.0
                _angular_edge(before, here, after, n_component, slope, turn, count, left)
        else:
            left[:] = 0.0
        if radial:
            _row_faces(here, j, inner, geometry, lo, count, face)
            _ends(face, j, geometry, lo, count, through)
        speed = mu[j] if radial else 0.0
        _rate(face, left, entered, j, speed, sign, geometry, lo, count, rate, keep)


@jit
def streaming_rate(f, sector, energy, inner, geometry, tile, rate, subtract, through):
    """Rate of change [cm^-1] of one sector and energy by streaming.

    Parameters
    ----------
    f : ndarray (n_component, n_sector, n_energy, n_mu, n_r)
    sector, energy : int
    inner : ndarray (n_mu, n_component)
        State that enters through the inner face, used for mu > 0; nothing enters at the
        outer face. Both are ignored when the geometry is periodic.
    geometry : Geometry
    tile : Tile
    rate : ndarray (n_component, 1, 1, n_mu, n_r)
        Output: the rate, or with ``subtract`` the rate minus what was there.
    subtract : bool
    through : ndarray (n_component, 2)
        Output: net outward flux through the inner and the outer face, area times
        (1/2) int mu f dmu.
    """
    n = f.shape[4]
    through[:] = 0.0
    keep = -1.0 if subtract else 0.0
    for lo in range(0, n, LANES):
        count = min(LANES, n - lo)
        highest = geometry.turn_rate[lo : lo + count].max()
        lowest = geometry.turn_rate[lo : lo + count].min()
        # inside the photon sphere rays turn inwards
        sign = 1.0 if highest > 0.0 else -1.0
        turns = highest > 0.0 or lowest < 0.0
        _sweep(
            f, sector, energy, inner, geometry, tile, lo, count, sign, True, turns, rate, keep,
            through,
        )  # fmt: skip
        if highest > 0.0 and lowest < 0.0:
            _sweep(
                f, sector, energy, inner, geometry, tile, lo, count, -1.0, False, True, rate, 1.0,
                through,
            )  # fmt: skip


@jit
def radial_flux(f, sector, energy, inner, geometry, tile, flux):
    """Net outward flux through the radial faces of a grid with ends, written to ``flux``.

    The operator's own flux, area times (1/2) int mu f dmu with its upwind states: what a
    steady state without sources keeps constant.

    Parameters
    ----------
    f : ndarray (n_component, n_sector, n_energy, n_mu, n_r)
    sector, energy : int
    inner : ndarray (n_mu, n_component)
    geometry : Geometry
    tile : Tile
    flux : ndarray (n_component, n_r + 1)
    """
    n_component, _, _, n_mu, n = f.shape
    mu = geometry.mu
    flux[:] = 0.0
    for lo in range(0, n, LANES):
        count = min(LANES, n - lo)
        # faces between windows belong to the later one
        last = count if lo + count < n else count + 1
        for j in range(n_mu):
            forward = mu[j] > 0.0
            _load(f, sector, energy, j, inner[j], forward, False, lo, count, tile.cells[0])
            _row_faces(tile.cells[0], j, inner, geometry, lo, count, tile.face)
            weight = 0.5 * geometry.dmu[j] * geometry.mu[j]
            inside = HALO - 1 if geometry.mu[j] > 0.0 else HALO
            for c in range(n_component):
                for i in range(last):
                    flux[c, lo + i] += (
                        weight * geometry.area[lo + i] * tile.face[c * ROW + inside + i]
                    )
