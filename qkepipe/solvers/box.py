"""Local box: streaming and self-interaction of given angular distributions, matter, ends.

The box is the same state, streaming and rotation as the sphere with a slab, one energy group, no
collisions. Its early growth is the independent check of the dispersion relation
(:mod:`qkepipe.stability`), its late state that of mixing prescriptions. Ends that let in and out
(:mod:`qkepipe.solvers.ends`) make of it the problem of colliding beams, a potential of matter that
of gradients.

Matter turns all flavour vectors of a cell about axis 3 by lambda c t, antineutrinos as complex
conjugates alike (Sigl & Raffelt 1993, Nucl. Phys. B 406, 423), which commutes with the
self-interaction: both together are solved as one after the other.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, PHASE_SPACE
from qkepipe.jit import jit
from qkepipe.oscillation.rotation import SelfInteraction
from qkepipe.phasespace import EnergyGrid, radial_grid
from qkepipe.solvers.box_input import (
    angles,
    check_sizes,
    densities,
    potential,
    warn_if_unresolved,
)
from qkepipe.solvers.ends import Ends
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
    matter: np.ndarray | None = None,
    boundary: str = "periodic",
    entering: np.ndarray | None = None,
    boundary_seed: float = 0.0,
    wavenumber: int | None = 1,
    random_seed: int = 1,
    seed_amplitude: float = 1e-6,
    samples: int = 200,
    average_from: float = 0.7,
    cfl: float = 0.45,
) -> xr.Dataset:
    """Evolve a gas that starts homogeneous in a box of one dimension.

    Parameters
    ----------
    density : ndarray (4, n_mu)
        Number density per d(mu)/2 [cm^-3] of nue, nuebar, nux, nuxbar at the start.
    mu_edge : ndarray (n_mu + 1,)
        Edges of the angular bins, from -1 to 1.
    length : float
        Length of the box [cm].
    cells : int
        Number of cells.
    duration : float
        c t [cm].
    xi : float
        Attenuation of the self-interaction.
    matter : ndarray (cells,), optional
        sqrt(2) G_F n_e [cm^-1] of the cells, not attenuated; default: none.
    boundary : {"periodic", "inflow", "open"}
        ``inflow``: ``entering`` comes in at both ends; ``open``: nothing does.
    entering : ndarray (4, n_mu), optional
        Densities that come in, with mu > 0 at z = 0, with mu < 0 at z = ``length``: beams that
        differ from one another, or from what is there at the start. Default: ``density``.
    boundary_seed : float
        Angle by which flavour vectors that come in are turned, with random phases; default: pure
        flavours enter.
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
        mean modulus), ``survival_probability``, the number of nue and of nuebar over that at the
        start, ``lepton_number``; ``coherence`` over (time_sample, z), int (dmu/2) |n f_ex| of both
        sectors over the total density at the start or of what enters, whichever is larger.
        ``density`` at the end and ``density_mean``, its mean over the samples after
        ``average_from``, over (species, mu, z). With ends also ``lepton_flux`` (time_sample,
        end), the net lepton number through z = 0 and z = ``length`` towards larger z, over c and
        averaged since the last sample [cm^-3]: what the box gains, to round-off.

    Raises
    ------
    QkepipeError
        If a density is negative, shapes do not fit, or a number is one that no box has.

    Warns
    -----
    UserWarning
        If cells are wider than the flavour length, or directions do not resolve a crossing; with
        the number that would.
    """
    check_sizes(
        length=length, cells=cells, duration=duration, samples=samples, cfl=cfl, xi=xi,
        wavenumber=wavenumber, average_from=average_from, seed_amplitude=seed_amplitude,
        boundary_seed=boundary_seed,
    )  # fmt: skip
    angle = angles(mu_edge)
    density, entering = densities(boundary, density, entering, angle)
    matter = potential(matter, cells)
    warn_if_unresolved(density, entering, angle, length, cells, xi)
    scale = max(density.max(), entering.max())
    # one group whose weight turns occupations of order one into densities
    energy = EnergyGrid(np.array([0.0, (3.0 * scale / PHASE_SPACE) ** (1 / 3)]),
                        np.array([1.0]), np.array([scale]))  # fmt: skip
    space = radial_grid(np.linspace(0.0, length, cells + 1))
    shape = geometry.slab(space, angle, periodic=True)
    step = cfl / shape.loss_rate().max()
    every = max(1, int(np.ceil(duration / step / samples)))
    step = duration / (every * samples)
    if boundary == "periodic":
        zero = np.zeros((4, 1, cells))
        streaming = TransportOperator(
            shape, zero, zero, zero, zero, np.zeros((4, 2, 1, angle.centres.size)), step
        )
    else:
        streaming = Ends(
            (entering / scale).reshape(2, 2, -1), space, angle, step, amplitude=boundary_seed,
            steps=every * samples, random_seed=random_seed,
        )  # fmt: skip
    rotation = SelfInteraction(energy.weights, angle.centres, angle.widths, cells, xi, step)
    turn = np.stack([np.cos(step * matter), np.sin(step * matter)])
    if wavenumber is None:
        phase = seed_profile("noise", space.centres, random_seed)
    else:
        phase = np.exp(2j * np.pi * wavenumber * space.centres / length)
    diagonal = np.repeat((density / scale).reshape(2, 2, 1, -1, 1), cells, axis=4)
    f = seed_state(diagonal, seed_amplitude, phase)
    number = angle.weights @ np.maximum(density.sum(axis=0), entering.sum(axis=0)) / scale
    amplitude, lepton = np.empty((2, samples))
    survival, flux = np.empty((2, samples, 2))
    coherence = np.empty((samples, cells))
    start = _weighted(f[0], angle.weights)
    mean, averaged = np.zeros(f[:2, :, 0].shape), 0
    for k in range(samples):
        for _ in range(every):
            rotation.apply(f)
            if matter.any():
                _turn_about_axis(f, *turn)
            streaming.advance(f)
        mixed = f[2, :, 0] + 1j * f[3, :, 0]
        wave = np.einsum("mz,m->z", mixed[0], angle.weights)
        coherent = np.abs(wave).mean() if wavenumber is None else abs(np.mean(wave / phase))
        amplitude[k] = coherent / number
        coherence[k] = np.einsum("smz,m->z", np.abs(mixed), angle.weights) / number
        electron = _weighted(f[0], angle.weights)
        heavy = _weighted(f[1], angle.weights)
        survival[k] = np.divide(electron, start, out=np.full(2, np.nan), where=start > 0.0)
        if k + 1 > average_from * samples:
            mean += f[:2, :, 0]
            averaged += 1
        lepton[k] = scale * ((electron[0] - electron[1]) - (heavy[0] - heavy[1])) / cells
        if boundary != "periodic":
            flux[k] = scale * streaming.passed() / (every * step)
    times = (1 + np.arange(samples)) * every * step / C_LIGHT
    late = scale / averaged * mean.reshape(4, angle.centres.size, cells)
    last = scale * f[:2].reshape(4, angle.centres.size, cells)
    over = ("species", "mu", "z")
    found = xr.Dataset(
        {
            "mode_amplitude": ("time_sample", amplitude, {"units": "1"}),
            "survival_probability": (("time_sample", "sector"), survival, {"units": "1"}),
            "lepton_number": ("time_sample", lepton, {"units": "cm-3"}),
            "coherence": (("time_sample", "z"), coherence, {"units": "1"}),
            "density_mean": (over, late, {"units": "cm-3"}),
            "density": (over, last, {"units": "cm-3"}),
        },
        coords={
            "time_sample": ("time_sample", times, {"units": "s"}),
            "sector": ["nu", "nubar"],
            "species": ["nue", "nuebar", "nux", "nuxbar"],
            "mu": ("mu", angle.centres, {"units": "1"}),
            "z": ("z", space.centres, {"units": "cm"}),
        },
        attrs={"xi": xi, "length": length, "n_steps": every * samples, "boundary": boundary},
    )
    if boundary != "periodic":
        found["lepton_flux"] = (("time_sample", "end"), flux, {"units": "cm-3"})
    return found


@jit
def _turn_about_axis(f, cosine, sine):
    """f_ex e^{-i angle} of f[4, 2, n_energy, n_mu, n_z], with the cosine and sine of each cell."""
    for sector in range(f.shape[1]):
        for e in range(f.shape[2]):
            for j in range(f.shape[3]):
                re = f[2, sector, e, j]
                im = f[3, sector, e, j]
                for i in range(f.shape[4]):
                    x = re[i]
                    y = im[i]
                    re[i] = cosine[i] * x + sine[i] * y
                    im[i] = cosine[i] * y - sine[i] * x


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum over energy, mu (weighted) and z, per sector."""
    return np.einsum("semz,m->s", values, weights)
