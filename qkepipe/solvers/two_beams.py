"""Two beams that stream through one another, with gradients of matter: exact but for splitting.

Beams mu = +1 and mu = -1 carry the flavour vectors Q = q P, q = sqrt(2) G_F (n_nue - n_nuebar)
[cm^-1] of their ELN, of either sign; in the fast limit with conjugate starts one vector stands for
neutrinos and antineutrinos (Sigl & Raffelt 1993, Nucl. Phys. B 406, 423; (1 - mu mu') = 2):

    (d_t + d_z) Q_1 = (2 xi Q_2 + lambda e_3) x Q_1 ,
    (d_t - d_z) Q_2 = (2 xi Q_1 + lambda e_3) x Q_2 ,

with the potential lambda(z) = sqrt(2) G_F n_e of matter [cm^-1]. Both steps of a Strang splitting
are exact: streaming moves the beams by one cell, and locally D = Q_1 + Q_2 turns about e_3 only,
so that both vectors turn by 2 xi |D| dt about D and by lambda dt about e_3. |Q| never changes, D
only by streaming.

Linear growth rate of exp(i k z) in equal beams (docs/physics/oscillation.md): the square root of
-4 q_1 q_2 - (k - q_1 + q_2)^2 at xi = 1.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit

__all__ = ["run_two_beams"]


@jit
def _turn(q, e0, e1, e2, angle):
    """Turn the vector q (3,) by an angle about the unit vector e, in place."""
    c = math.cos(angle)
    s = math.sin(angle)
    a, b, z = q[0], q[1], q[2]
    along = (e0 * a + e1 * b + e2 * z) * (1.0 - c)
    q[0] = a * c + (e1 * z - e2 * b) * s + e0 * along
    q[1] = b * c + (e2 * a - e0 * z) * s + e1 * along
    q[2] = z * c + (e0 * b - e1 * a) * s + e2 * along


@jit
def turn_beams(q, matter, coupling, step):
    """Turn both vectors of every cell of q[z, beam, 3] over ``step`` [cm], in place.

    ``matter`` is lambda(z) [cm^-1], ``coupling`` 2 xi.
    """
    for i in range(q.shape[0]):
        d0 = q[i, 0, 0] + q[i, 1, 0]
        d1 = q[i, 0, 1] + q[i, 1, 1]
        d2 = q[i, 0, 2] + q[i, 1, 2]
        size = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
        for beam in range(2):
            if size > 0.0:
                _turn(q[i, beam], d0 / size, d1 / size, d2 / size, coupling * size * step)
            _turn(q[i, beam], 0.0, 0.0, 1.0, matter[i] * step)


@jit
def _stream(q, entering):
    """Move beam 0 up and beam 1 down by one cell; ``entering[beam]`` fills what they leave."""
    n = q.shape[0]
    for i in range(n - 1):
        q[n - 1 - i, 0] = q[n - 2 - i, 0]
        q[i, 1] = q[i + 1, 1]
    q[0, 0] = entering[0]
    q[n - 1, 1] = entering[1]


@jit
def _advance(q, matter, coupling, step, steps, inflow, periodic, mean):
    """Half turn, moves and whole turns, half turn; adds Q_3 after each move to ``mean``."""
    entering = np.empty((2, 3))
    turn_beams(q, matter, coupling, 0.5 * step)
    for k in range(steps):
        for beam in range(2):
            for c in range(3):
                if periodic:
                    entering[beam, c] = q[q.shape[0] - 1 if beam == 0 else 0, beam, c]
                else:
                    entering[beam, c] = inflow[k, beam, c]
        _stream(q, entering)
        for i in range(q.shape[0]):
            mean[i, 0] += q[i, 0, 2]
            mean[i, 1] += q[i, 1, 2]
        turn_beams(q, matter, coupling, step if k < steps - 1 else 0.5 * step)


def _tilted(potential, seed):
    """Vectors q P of seeds f_ex/f: P = (Re 2 seed, -Im 2 seed, ...) of length 1."""
    seed = np.asarray(seed, dtype=complex)
    p = np.stack([seed.real, -seed.imag, np.sqrt(1.0 - np.abs(seed) ** 2)], axis=-1)
    return potential[:, None] * p


def run_two_beams(
    potential,
    *,
    length: float,
    cells: int,
    duration: float,
    xi: float = 1.0,
    matter: np.ndarray | None = None,
    seed: np.ndarray | None = None,
    boundary: str = "inflow",
    seed_amplitude: float = 1e-3,
    random_seed: int = 1,
    samples: int = 100,
    average_from: float = 0.5,
) -> xr.Dataset:
    """Evolve two beams of opposite direction in one dimension.

    Parameters
    ----------
    potential : (float, float)
        sqrt(2) G_F (n_nue - n_nuebar) of the beams mu = +1 and mu = -1 [cm^-1].
    length : float
        [cm].
    cells : int
        A step is one cell long.
    duration : float
        c t [cm]; rounded to whole steps per sample.
    xi : float
        Attenuation of the self-interaction, 0 < xi <= 1.
    matter : ndarray (cells,), optional
        sqrt(2) G_F n_e [cm^-1]; default: none.
    seed : ndarray (cells, 2), complex, optional
        2 f_ex over the density of each beam at the start, modulus below 1. Default: random phases
        of modulus ``seed_amplitude``.
    boundary : {"inflow", "periodic"}
        ``inflow``: both beams enter as electron flavour with random seeds of ``seed_amplitude``.
    seed_amplitude : float
    random_seed : int
        Of numpy's default generator.
    samples : int
        Samples in time, and of the mean.
    average_from : float
        Share of the run after which steps enter the mean.

    Returns
    -------
    Dataset
        Beams 0 (mu = +1) and 1. ``survival_probability(time_sample, beam, z)``, (1 + P_3)/2;
        ``survival_mean(beam, z)`` over the steps after ``average_from``;
        ``coherence(time_sample, beam, z)``, complex 2 f_ex over the density.

    Raises
    ------
    QkepipeError
        A beam without a potential, sizes that are not positive, seeds that do not fit.
    """
    potential = np.asarray(potential, dtype=float)
    _refuse_bad(potential, length, cells, duration, xi, boundary, seed_amplitude)
    matter = np.zeros(cells) if matter is None else np.asarray(matter, dtype=float)
    rng = np.random.default_rng(random_seed)
    if seed is None:
        seed = seed_amplitude * np.exp(2j * np.pi * rng.random((cells, 2)))
    seed = np.asarray(seed, dtype=complex)
    for name, array, shape in (("matter", matter, (cells,)), ("seed", seed, (cells, 2))):
        if array.shape != shape or not np.isfinite(array).all():
            raise QkepipeError(
                Defect("two beams", name, f"shape {array.shape} or not finite", f"shape {shape}")
            )
    if not np.abs(seed).max() < 1.0:
        raise QkepipeError(Defect("two beams", "seed", "a modulus of 1 or more", "below 1"))
    step = length / cells
    every = max(1, round(duration / step / samples))
    q = np.ascontiguousarray(_tilted(potential, seed))
    z = (np.arange(cells) + 0.5) * step
    p, mean, counted = [q / potential[:, None]], np.zeros((cells, 2)), 0
    for sample in range(samples):
        phases = np.exp(2j * np.pi * rng.random((every, 2)))
        entering = _tilted(potential, seed_amplitude * phases)
        total = np.zeros((cells, 2))
        _advance(q, matter, 2.0 * xi, step, every, entering, boundary == "periodic", total)
        if sample >= average_from * samples:
            mean += total / potential
            counted += every
        p.append(q / potential[:, None])
    p = np.moveaxis(np.array(p), 1, 2)
    over = ("time_sample", "beam", "z")
    return xr.Dataset(
        {
            "survival_probability": (over, 0.5 * (1.0 + p[..., 2]), {"units": "1"}),
            "coherence": (over, p[..., 0] - 1j * p[..., 1], {"units": "1"}),
            "survival_mean": (("z", "beam"), 0.5 * (1.0 + mean / counted), {"units": "1"}),
        },
        coords={
            "time_sample": ("time_sample", every * step * np.arange(samples + 1) / C_LIGHT,
                            {"units": "s"}),
            "z": ("z", z, {"units": "cm"}),
            "mu": ("beam", [1.0, -1.0], {"units": "1"}),
        },
        attrs={"length": length, "step": step, "xi": xi, "boundary": boundary},
    ).transpose("time_sample", "beam", "z")  # fmt: skip


def _refuse_bad(potential, length, cells, duration, xi, boundary, amplitude):
    wrong = [
        ("potential", potential.shape == (2,) and np.isfinite(potential).all()
         and (potential != 0.0).all(), f"{potential}", "two numbers that are not 0 [cm^-1]"),
        ("length", 0.0 < length < math.inf, f"{length} cm", "a length above 0"),
        ("cells", cells >= 4, f"{cells}", "at least 4"),
        ("duration", 0.0 < duration < math.inf, f"{duration} cm", "a time above 0"),
        ("xi", 0.0 < xi <= 1.0, f"{xi}", "above 0, at most 1"),
        ("boundary", boundary in ("inflow", "periodic"), f"{boundary!r}", "inflow or periodic"),
        ("seed_amplitude", 0.0 < amplitude < 1.0, f"{amplitude}", "between 0 and 1"),
    ]  # fmt: skip
    for field, good, found, expected in wrong:
        if not good:
            raise QkepipeError(Defect("two beams", field, found, expected))
    turn = 2.0 * xi * float(np.abs(potential).sum()) * length / cells
    if turn > 0.5:
        need = math.ceil(cells * turn / 0.5)
        raise QkepipeError(
            Defect("two beams", "cells", f"vectors turn by {turn:.2g} per step of one cell",
                   "at most 0.5", f"cells={need}")
        )  # fmt: skip
