"""Local periodic box: streaming and self-interaction of given angular distributions.

The box is the same state, streaming and rotation as the sphere with a periodic slab, one
energy group, no collisions. Its early growth is the independent check of the dispersion
relation (:mod:`qkepipe.stability`), its late state that of mixing prescriptions.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, PHASE_SPACE
from qkepipe.errors import Defect, QkepipeError
from qkepipe.oscillation.rotation import SelfInteraction
from qkepipe.phasespace import EnergyGrid, angle_grid_from_edges, radial_grid
from qkepipe.solvers.seeds import seed_profile, seed_state
from qkepipe.transport import geometry
from qkepipe.transport.step import TransportOperator

__all__ = ["run_box"]


def run_box(
    density: np.ndarray,
    mu_edge: np.ndarray,
    *,
    length: float,
    cells: int,
    duration: float,
    xi: float = 1.0,
    wavenumber: int | None = 1,
    random_seed: int = 1,
    seed_amplitude: float = 1e-6,
    samples: int = 200,
    average_from: float = 0.7,
    cfl: float = 0.45,
) -> xr.Dataset:
    """Evolve a homogeneous gas in a periodic box of one dimension.

    Parameters
    ----------
    density : ndarray (4, n_mu)
        Number density per d(mu)/2 [cm^-3] of nue, nuebar, nux, nuxbar.
    mu_edge : ndarray (n_mu + 1,)
        Edges of the angular bins, from -1 to 1.
    length : float
        Length of the box [cm].
    cells : int
        Number of cells.
    duration : float
        c t [cm].
    xi : float
        Attenuation of the Hamiltonian.
    wavenumber : int or None
        The seed is exp(2 pi i wavenumber z/length); its sign matters. None: random phases.
    random_seed : int
        Seed of the random phases.
    seed_amplitude : float
        Angle by which flavour vectors are turned at the start.
    samples : int
        Number of samples in time.
    average_from : float
        Share of the run after which samples enter the mean.
    cfl : float
        At most 1/2.

    Returns
    -------
    Dataset
        Over ``time_sample`` [s]: ``mode_amplitude``, the modulus of the Fourier coefficient
        of the seeded wave of int (dmu/2) n f_ex over the total density (of random phases: the
        mean modulus), ``survival_probability`` of nue and nuebar, ``lepton_number``;
        ``density`` at the end over (species, mu, z), and ``density_mean`` over (species, mu),
        its mean over the box and the samples after ``average_from``.

    Raises
    ------
    QkepipeError
        If a density is negative or the shapes do not fit.
    """
    density = np.asarray(density, dtype=float)
    angle = angle_grid_from_edges(mu_edge)
    if density.shape != (4, angle.centres.size):
        raise QkepipeError(
            Defect("box", "density", f"has shape {density.shape}", f"(4, {angle.centres.size})")
        )
    if not (np.isfinite(density).all() and (density >= 0.0).all()):
        raise QkepipeError(Defect("box", "density", "negative or not finite", "densities >= 0"))
    scale = density.max()
    # one group whose weight turns occupations of order one into densities
    energy = EnergyGrid(np.array([0.0, (3.0 * scale / PHASE_SPACE) ** (1 / 3)]),
                        np.array([1.0]), np.array([scale]))  # fmt: skip
    space = radial_grid(np.linspace(0.0, length, cells + 1))
    shape = geometry.slab(space, angle, periodic=True)
    step = cfl / shape.loss_rate().max()
    every = max(1, int(np.ceil(duration / step / samples)))
    step = duration / (every * samples)
    zero = np.zeros((4, 1, cells))
    operator = TransportOperator(
        shape, zero, zero, zero, zero, np.zeros((4, 2, 1, angle.centres.size)), step
    )
    rotation = SelfInteraction(energy.weights, angle.centres, angle.widths, cells, xi, step)
    if wavenumber is None:
        phase = seed_profile("noise", space.centres, random_seed)
    else:
        phase = np.exp(2j * np.pi * wavenumber * space.centres / length)
    diagonal = np.repeat((density / scale).reshape(2, 2, 1, -1, 1), cells, axis=4)
    f = seed_state(diagonal, seed_amplitude, phase)
    amplitude = np.empty(samples)
    survival = np.empty((samples, 2))
    lepton = np.empty(samples)
    start = _weighted(f[0], angle.weights)
    mean, averaged = np.zeros((2, 2, angle.centres.size)), 0
    for k in range(samples):
        for _ in range(every):
            rotation.apply(f)
            operator.advance(f)
        mixed = np.einsum("emz,m->z", f[2, 0] + 1j * f[3, 0], angle.weights)
        coherence = np.abs(mixed).mean() if wavenumber is None else abs(np.mean(mixed / phase))
        amplitude[k] = scale * coherence / np.sum(angle.weights * density.sum(axis=0))
        electron = _weighted(f[0], angle.weights)
        heavy = _weighted(f[1], angle.weights)
        survival[k] = electron / start
        if k + 1 > average_from * samples:
            mean += f[:2, :, 0].mean(axis=-1)
            averaged += 1
        lepton[k] = scale * ((electron[0] - electron[1]) - (heavy[0] - heavy[1])) / cells
    times = (1 + np.arange(samples)) * every * step / C_LIGHT
    return xr.Dataset(
        {
            "mode_amplitude": ("time_sample", amplitude, {"units": "1"}),
            "survival_probability": (("time_sample", "sector"), survival, {"units": "1"}),
            "lepton_number": ("time_sample", lepton, {"units": "cm-3"}),
            "density_mean": (
                ("species", "mu"),
                scale / averaged * mean.reshape(4, angle.centres.size),
                {"units": "cm-3"},
            ),
            "density": (
                ("species", "mu", "z"),
                scale * f[:2].reshape(4, angle.centres.size, cells),
                {"units": "cm-3"},
            ),
        },
        coords={
            "time_sample": ("time_sample", times, {"units": "s"}),
            "sector": ["nu", "nubar"],
            "species": ["nue", "nuebar", "nux", "nuxbar"],
            "mu": ("mu", angle.centres, {"units": "1"}),
            "z": ("z", space.centres, {"units": "cm"}),
        },
        attrs={"xi": xi, "length": length, "n_steps": every * samples},
    )


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum over energy, mu (weighted) and z, per sector."""
    return np.einsum("semz,m->s", values, weights)
