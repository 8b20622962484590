"""Asymptotic states of moments: reconstruct the directions, map them, and sum again.

Of a species and group with number density n and flux factor F/n the directions are those of
largest entropy (:mod:`qkepipe.maximum_entropy`; Minerbo 1978, JQSRT 20, 541) at the nodes of a
quadrature, scaled so that the discrete density is n. Where the discrete flux is not F (beams
narrower than the nodes resolve, above all flux factor 1) a share s of the particles is put
into one beam of direction u,

    (1 - s) <v> + s u = F/n ,   |u| = 1 ,

<v> being the discrete flux factor of the nodes. This quadratic equation in s has one root
within 0 and 1 for every |F| <= n. The beam counts for the node nearest to u, so that n and F
are those of a non-negative measure in the discrete sums, exactly.

One k per node from the energy-integrated G then gives what is moved, and only that is summed:
moments keep every bit where nothing is converted, and |F| <= n holds afterwards. Relaxation
follows dn/dt = -(n - n_a)/tau_a, dF/dt = -(F - F_a)/tau_a for every group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit
from qkepipe.maximum_entropy import flux_parameter_kernel
from qkepipe.mixing.bgk import C_TAU, check_directions, check_mode
from qkepipe.mixing.directions import direction_grid
from qkepipe.mixing.kernels import eln_xln, lobes, relaxed_fraction
from qkepipe.mixing.prescription import MODES
from qkepipe.mixing.registry import get_prescription
from qkepipe.species import SPECIES

__all__ = ["NODES", "ROUND_OFF", "MixedMoments", "check_moments", "mixed_moments", "reconstruct"]

#: Nodes in mu by the number of components of the flux; on the sphere with twice as many azimuths.
NODES = {1: 32, 3: 16}
#: Flux factors above 1 by no more than this are round-off.
ROUND_OFF = 1e-12
#: Bytes of the distribution that is held at a time.
_WORK = 2**21


@dataclass(frozen=True)
class MixedMoments:
    """Moments after a step and what it found at its start.

    Attributes
    ----------
    number : ndarray (4, n_energy, n_r)
        Unit of the input.
    flux : ndarray (4, n_energy, n_r) or (4, n_energy, 3, n_r)
        Unit of the input.
    negative, positive : ndarray (n_r,)
        Absolute integrals A, B of the lobes of ELN - XLN [cm^-3].
    fraction : ndarray (n_r,)
        Part of the way to the asymptotic state covered by the step; 0 where stable.
    converted : ndarray of bool (n_r,)
        Whether the prescription converts anything.
    """

    number: np.ndarray
    flux: np.ndarray
    negative: np.ndarray
    positive: np.ndarray
    fraction: np.ndarray
    converted: np.ndarray


@jit
def _reconstruct_group(number, flux, vectors, weights, limit, f, node, offset):
    n_direction, n_component = vectors.shape
    n = number.size
    z = np.empty(n)
    total = np.zeros(n)
    axis = np.empty((n_component, n))
    mean = np.zeros((n_component, n))
    for i in range(n):
        inverse = 1.0 / number[i] if number[i] > 0.0 else 0.0
        size = 0.0
        for c in range(n_component):
            axis[c, i] = flux[c, i] * inverse
            size += axis[c, i] * axis[c, i]
        size = math.sqrt(size)
        z[i] = flux_parameter_kernel(min(size, limit))
        for c in range(n_component):
            axis[c, i] = axis[c, i] / size if size > 0.0 else 0.0
    for j in range(n_direction):
        row = f[j]
        for i in range(n):
            cosine = 0.0
            for c in range(n_component):
                cosine += vectors[j, c] * axis[c, i]
            row[i] = math.exp(z[i] * (cosine - 1.0))
            total[i] += weights[j] * row[i]
        for c in range(n_component):
            for i in range(n):
                mean[c, i] += weights[j] * vectors[j, c] * row[i]
    for i in range(n):
        node[i] = 0
        inverse = 1.0 / number[i] if number[i] > 0.0 else 0.0
        miss2 = 0.0
        along = 0.0
        rest = 1.0
        for c in range(n_component):
            mean[c, i] /= total[i]
            offset[c, i] = flux[c, i] * inverse - mean[c, i] if inverse > 0.0 else 0.0
            miss2 += offset[c, i] * offset[c, i]
            along += offset[c, i] * mean[c, i]
            rest -= mean[c, i] * mean[c, i]
        share = min(1.0, (along + math.sqrt(along * along + miss2 * rest)) / rest)
        if share <= 1e-14:
            # round-off of the sums, not a beam
            share = 0.0
            for c in range(n_component):
                offset[c, i] = 0.0
        else:
            for c in range(n_component):
                axis[c, i] = mean[c, i] + offset[c, i] / share
            closest = -2.0
            for j in range(n_direction):
                cosine = 0.0
                for c in range(n_component):
                    cosine += vectors[j, c] * axis[c, i]
                if cosine > closest:
                    closest = cosine
                    node[i] = j
            for c in range(n_component):
                offset[c, i] = number[i] * share * (axis[c, i] - vectors[node[i], c])
        z[i] = number[i] * share
        total[i] = number[i] * (1.0 - share) / total[i]
    for j in range(n_direction):
        for i in range(n):
            f[j, i] *= total[i]
    for i in range(n):
        f[node[i], i] += z[i] / weights[node[i]]


@jit
def reconstruct(number, flux, vectors, weights, limit, f, node, offset):
    """Distributions of moments at the nodes, as described above.

    Parameters
    ----------
    number : ndarray (4, n_energy, n_r)
        Not negative.
    flux : ndarray (4, n_energy, n_component, n_r)
        At most ``number``.
    vectors, weights : ndarray (n_direction, n_component), (n_direction,)
        Quadrature; weights sum to 1.
    limit : float
        Largest flux factor of the smooth part.
    f : ndarray (4, n_energy, n_direction, n_r)
        Written: occupation of the nodes, beams included.
    node : ndarray of int (4, n_energy, n_r)
        Written: the node that the beam counts for.
    offset : ndarray like flux
        Written: flux of the beam minus the flux of the same particles at the node.
    """
    for s in range(number.shape[0]):
        for e in range(number.shape[1]):
            _reconstruct_group(
                number[s, e], flux[s, e], vectors, weights, limit, f[s, e], node[s, e], offset[s, e]
            )


@jit
def _realisable(number, flux, i):
    """Take round-off beyond number = 0 or |flux| = number back."""
    number[i] = max(number[i], 0.0)
    size = 0.0
    for c in range(flux.shape[0]):
        size += flux[c, i] * flux[c, i]
    if size > number[i] * number[i]:
        scale = number[i] / math.sqrt(size)
        for c in range(flux.shape[0]):
            flux[c, i] *= scale


@jit
def _move(number, flux, f, node, offset, vectors, weights, k, fraction, flavors):
    """Move f_e - f_x -> k (f_e - f_x), times the fraction, between the moments in place."""
    n_direction, n_component = vectors.shape
    n = fraction.size
    gain = 1.0 / flavors
    loss = (flavors - 1.0) * gain
    moved = np.empty(n)
    moved_flux = np.empty((n_component, n))
    for e in range(number.shape[1]):
        for sector in range(2):
            heavy = 2 + sector
            moved[:] = 0.0
            moved_flux[:] = 0.0
            for j in range(n_direction):
                w = weights[j]
                row = k[j]
                electron_row = f[sector, e, j]
                heavy_row = f[heavy, e, j]
                for i in range(n):
                    amount = w * (1.0 - row[i]) * (electron_row[i] - heavy_row[i])
                    moved[i] += amount
                    for c in range(n_component):
                        moved_flux[c, i] += vectors[j, c] * amount
            for i in range(n):
                a = 1.0 - k[node[sector, e, i], i]
                b = 1.0 - k[node[heavy, e, i], i]
                step = fraction[i] * moved[i]
                changed = step != 0.0
                number[sector, e, i] -= loss * step
                number[heavy, e, i] += gain * step
                for c in range(n_component):
                    step = moved_flux[c, i]
                    step += a * offset[sector, e, c, i] - b * offset[heavy, e, c, i]
                    step *= fraction[i]
                    changed = changed or step != 0.0
                    flux[sector, e, c, i] -= loss * step
                    flux[heavy, e, c, i] += gain * step
                if changed:
                    _realisable(number[sector, e], flux[sector, e], i)
                    _realisable(number[heavy, e], flux[heavy, e], i)


def check_moments(number, flux, where) -> None:
    """Refuse moments that belong to no distribution.

    Parameters
    ----------
    number : ndarray (4, n_energy, n_r)
    flux : ndarray (4, n_energy, n_component, n_r)
    where : callable
        Text for a cell from its position along r.

    Raises
    ------
    QkepipeError
        For the first value that is not finite, a density below 0 or |flux| above it by more
        than round-off.
    """
    size = np.sqrt(np.sum(flux * flux, axis=2))
    checks = (
        ("number density", number, ~np.isfinite(number), "finite"),
        ("number flux", size, ~np.isfinite(size), "finite"),
        ("number density", number, number < 0.0, "0 or more"),
        ("number flux", size, size > number * (1.0 + ROUND_OFF), "at most the density times c"),
    )
    for field, values, wrong, expected in checks:
        if np.any(wrong):
            s, e, i = (int(index[0]) for index in np.nonzero(wrong))
            what = f"{values[s, e, i]:g}"
            if values is size:
                what += f" with density {number[s, e, i]:g}"
            place = f"{SPECIES[s]}, group {e}, {where(i)}"
            raise QkepipeError(Defect("moments", f"{field} ({place})", what, expected))


def _shaped(number, flux, eweights):
    number = np.array(number, dtype=float, order="C")
    given = np.array(flux, dtype=float, order="C")
    if number.ndim != 3 or number.shape[0] != 4:
        raise ValueError(f"number must have the shape (4, n_energy, n_r), not {number.shape}")
    vector = (*number.shape[:2], 3, number.shape[2])
    if given.shape not in (number.shape, vector):
        raise ValueError(f"flux must have the shape {number.shape} or {vector}, not {given.shape}")
    if np.shape(eweights) != number.shape[1:2]:
        raise ValueError("eweights do not fit the energy axis of number")
    return number, given, given.reshape((*number.shape[:2], -1, number.shape[2]))


def mixed_moments(
    number,
    flux,
    eweights,
    *,
    prescription="box",
    flavors=3,
    mode="map",
    dt=0.0,
    rate_factor=1.0,
    c_tau=C_TAU,
    n_mu=None,
    rtol=1e-6,
) -> MixedMoments:
    """Asymptotic state of moments, or relaxation towards it during ``dt``.

    Parameters
    ----------
    number : ndarray (4, n_energy, n_r)
        int f dOmega/(4 pi) of nue, nuebar, nux (one heavy flavour), nuxbar; not changed.
        Densities per group [cm^-3] with ``eweights`` of 1 do as well.
    flux : ndarray (4, n_energy, n_r) or (4, n_energy, 3, n_r)
        First moment over c: along r, or three orthogonal components; at most ``number``.
    eweights : ndarray (n_energy,)
        Number weights of the groups [cm^-3].
    prescription : str
        Key of :data:`qkepipe.mixing.PRESCRIPTIONS`; with three components one that needs no
        ``mu``.
    flavors : {2, 3}
        One of those of the prescription.
    mode : str
        ``map``, or another of the prescription, as in :func:`qkepipe.mixing.bgk_step`.
    dt : float
        Time step [s]; of no effect with ``map``.
    rate_factor, c_tau
        As in :func:`qkepipe.mixing.bgk_step`.
    n_mu : int, optional
        Nodes in mu, at least 4: default 32, and 16 with 32 azimuths each on the sphere.
    rtol : float
        A lobe below this fraction of both counts as no crossing.

    Returns
    -------
    MixedMoments
        The flavour trace of number and flux of every group and the net lepton numbers as
        the prescription declares, to round-off; |flux| <= number.

    Raises
    ------
    QkepipeError
        Moments of no distribution, an unknown prescription, or one that is not defined for
        this number of flavours, mode or kind of flux.
    ValueError
        Arrays of the wrong shape, too few nodes.
    """
    number, given, flux = _shaped(number, flux, eweights)
    n_component, n_r = flux.shape[2:]
    rule = get_prescription(prescription, flavors)
    check_mode(rule, mode)
    if n_component == 3:
        check_directions(rule)
    check_moments(number, flux, lambda i: f"r {i}")
    n_mu = NODES[n_component] if n_mu is None else n_mu
    if n_mu < 4:
        raise ValueError(f"n_mu must be at least 4, not {n_mu}")
    grid = direction_grid(n_mu, n_component)
    eweights = np.asarray(eweights, dtype=float)
    # prescriptions that need no mu do not read it
    mu = np.ascontiguousarray(grid.vectors[:, -1])
    rate = np.empty(n_r)
    rate[:] = SQRT2_GF_RATE / c_tau * np.asarray(rate_factor)
    negative, positive, fraction = np.zeros((3, n_r))
    converted = np.zeros(n_r, dtype=bool)
    n_direction = mu.size
    tile = max(8, _WORK // (32 * eweights.size * n_direction))
    for start in range(0, n_r, tile):
        here = slice(start, min(start + tile, n_r))
        n = here.stop - start
        f = np.empty((4, eweights.size, n_direction, n))
        node = np.empty((4, eweights.size, n), dtype=np.int64)
        offset = np.empty((4, eweights.size, n_component, n))
        g = np.empty((n_direction, n))
        k = np.empty((n_direction, n))
        part, part_flux = (np.ascontiguousarray(x[..., here]) for x in (number, flux))
        reconstruct(part, part_flux, grid.vectors, grid.weights, grid.limit, f, node, offset)
        eln_xln(f, eweights, g)
        lobes(g, grid.weights, negative[here], positive[here])
        shared = (negative[here], positive[here])
        rule.kernel(g, grid.weights, mu, *shared, rtol, float(flavors), k)
        relaxed_fraction(*shared, rate[here], dt, rtol, MODES[mode], fraction[here])
        _move(
            part, part_flux, f, node, offset, grid.vectors, grid.weights, k, fraction[here],
            float(flavors),
        )  # fmt: skip
        number[..., here], flux[..., here] = part, part_flux
        converted[here] = np.any(k != 1.0, axis=0)
    return MixedMoments(number, given, negative, positive, fraction, converted)
