"""Second-order streaming of flavour matrices with one limiter factor per face.

The slopes of all components of a cell are scaled by one common factor, so that the
limiter does not depend on the basis in flavour space: the smaller of the
monotonised-central limiter of the trace and of the largest factor for which both face
states stay positive matrices (|P| <= trace). With CFL <= 1/2 the update is then a
convex combination of positive matrices (Zhang & Shu 2010, J. Comput. Phys. 229, 3091,
applied to the cone of positive matrices).

Blocks hold one sector and energy: ``block[mu, component, r]``, components ``ee, xx`` or
``ee, xx, Re ex, Im ex``.
"""

import numpy as np

from qkepipe.jit import jit

__all__ = ["limiter_factor", "streaming_rate"]

#: Relative slack of the positivity test: |P| may exceed the trace by half of it.
SLACK = 1e-12
#: Relative change of the trace per cell below which its extrema are not clipped
#: (Shu 1987, Math. Comp. 49, 105: total-variation-bounded limiting).
SMOOTH = 1e-3
TINY = 1e-300


@jit
def limiter_factor(lo, mid, hi, lo0, mid0, hi0, ratio, theta):
    """Limiter factor in [0, 1] of one row of cells, written to ``theta``.

    Parameters
    ----------
    lo, mid, hi : ndarray (n_component, >= n)
        Lower neighbours, cells and upper neighbours; cell ``i`` is at ``mid[:, mid0 + i]``
        and likewise for the neighbours.
    ratio : ndarray (n,)
        Half width of a cell over the distance of its neighbours.
    theta : ndarray (n,)
    """
    n = theta.size
    if mid.shape[0] == 2:
        for i in range(n):
            ee = mid[0, mid0 + i]
            xx = mid[1, mid0 + i]
            dee = ratio[i] * (hi[0, hi0 + i] - lo[0, lo0 + i])
            dxx = ratio[i] * (hi[1, hi0 + i] - lo[1, lo0 + i])
            # (trace^2 - |P|^2)/4 along the slope is a +- 2 b t + c t^2
            trace = ee + xx
            a = max(ee * xx + SLACK * trace * trace, 0.0)
            b = 0.5 * (ee * dxx + xx * dee)
            c = dee * dxx
            cone = (a + TINY) / (abs(b) + np.sqrt(max(b * b - a * c, 0.0)) + TINY)
            below = trace - (lo[0, lo0 + i] + lo[1, lo0 + i])
            above = (hi[0, hi0 + i] + hi[1, hi0 + i]) - trace
            limited = min(abs(below), abs(above)) / (abs(dee + dxx) + TINY)
            limited = limited if below * above > 0.0 else 0.0
            # continuous switch: a jump here would leave steady states chattering
            smooth = 2.0 - max(abs(below), abs(above)) / (SMOOTH * trace + TINY)
            limited = max(limited, min(1.0, smooth))
            theta[i] = min(1.0, min(cone, limited))
    else:
        for i in range(n):
            ee = mid[0, mid0 + i]
            xx = mid[1, mid0 + i]
            re = mid[2, mid0 + i]
            im = mid[3, mid0 + i]
            dee = ratio[i] * (hi[0, hi0 + i] - lo[0, lo0 + i])
            dxx = ratio[i] * (hi[1, hi0 + i] - lo[1, lo0 + i])
            dre = ratio[i] * (hi[2, hi0 + i] - lo[2, lo0 + i])
            dim = ratio[i] * (hi[3, hi0 + i] - lo[3, lo0 + i])
            trace = ee + xx
            a = max(ee * xx - re * re - im * im + SLACK * trace * trace, 0.0)
            b = 0.5 * (ee * dxx + xx * dee) - re * dre - im * dim
            c = dee * dxx - dre * dre - dim * dim
            cone = (a + TINY) / (abs(b) + np.sqrt(max(b * b - a * c, 0.0)) + TINY)
            below = trace - (lo[0, lo0 + i] + lo[1, lo0 + i])
            above = (hi[0, hi0 + i] + hi[1, hi0 + i]) - trace
            limited = min(abs(below), abs(above)) / (abs(dee + dxx) + TINY)
            limited = limited if below * above > 0.0 else 0.0
            # continuous switch: a jump here would leave steady states chattering
            smooth = 2.0 - max(abs(below), abs(above)) / (SMOOTH * trace + TINY)
            limited = max(limited, min(1.0, smooth))
            theta[i] = min(1.0, min(cone, limited))


@jit
def streaming_rate(
    block, inner, rate, edge_flux, pad, theta, out_rate, in_rate, turn_rate, slope_r, mu,
    slope_mu, edge_turn, dmu, area, periodic, through,
):  # fmt: skip
    """Rate of change [cm^-1] of one block by streaming, written to ``rate``.

    Parameters
    ----------
    block, rate : ndarray (n_mu, n_component, n_r)
    inner : ndarray (n_mu, n_component)
        State that enters through the inner face, used for mu > 0; nothing enters at the
        outer face. Both are ignored when ``periodic``.
    edge_flux : ndarray (2, n_component, n_r)
        Work space.
    pad : ndarray (n_component, n_r + 2)
        Work space.
    theta : ndarray (n_r,)
        Work space.
    out_rate ... dmu
        Fields of :class:`qkepipe.transport.geometry.Geometry`.
    through : ndarray (n_component, 2)
        Output: net outward flux through the inner and the outer face, area times
        (1/2) int mu f dmu.
    """
    n_mu, n_component, n = block.shape
    through[:] = 0.0
    for j in range(n_mu):
        # radial faces
        for c in range(n_component):
            row = block[j, c]
            for i in range(n):
                pad[c, i + 1] = row[i]
            if periodic:
                pad[c, 0] = row[n - 1]
                pad[c, n + 1] = row[0]
            elif mu[j] > 0.0:
                pad[c, 0] = inner[j, c]
                pad[c, n + 1] = row[n - 1]
            else:
                pad[c, 0] = row[0]
                pad[c, n + 1] = 0.0
        limiter_factor(pad, pad, pad, 0, 1, 2, slope_r, theta)
        step = 1.0 if mu[j] > 0.0 else -1.0
        for c in range(n_component):
            face = edge_flux[0, c]
            row = block[j, c]
            out = rate[j, c]
            for i in range(n):
                slope = theta[i] * slope_r[i] * (pad[c, i + 2] - pad[c, i])
                face[i] = row[i] + step * slope
            weight = 0.5 * dmu[j] * mu[j]
            if mu[j] > 0.0:
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
    # angular faces: particles turn towards mu = +1 (turn_rate >= 0)
    if turn_rate[0] == 0.0 and turn_rate[n - 1] == 0.0:
        return
    edge_flux[:] = 0.0
    for j in range(n_mu):
        new = edge_flux[j % 2]
        old = edge_flux[(j + 1) % 2]
        last = j == n_mu - 1
        if last:
            new[:] = 0.0
        else:
            below = block[max(j - 1, 0)]
            above = block[j + 1]
            if j == 0:
                theta[:] = 0.0
            else:
                row_ratio = pad[0]
                for i in range(n):
                    row_ratio[i] = slope_mu[j]
                limiter_factor(below, block[j], above, 0, 0, 0, row_ratio[:n], theta)
            for c in range(n_component):
                row = block[j, c]
                low = below[c]
                high = above[c]
                flux = new[c]
                for i in range(n):
                    flux[i] = edge_turn[j + 1] * (
                        row[i] + theta[i] * slope_mu[j] * (high[i] - low[i])
                    )
        scale = 1.0 / dmu[j]
        for c in range(n_component):
            out = rate[j, c]
            flux = new[c]
            before = old[c]
            for i in range(n):
                out[i] -= scale * turn_rate[i] * (flux[i] - before[i])
