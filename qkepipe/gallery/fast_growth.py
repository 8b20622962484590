"""Growth of fast modes: waves of two beams, and the homogeneous mode of many directions.

Beams v = 1 and v = -1 of potentials q1 and q2 (of opposite sign) and a wave exp(i k z): growth^2 =
-4 q1 q2 - (k - q1 + q2)^2, the root of the dispersion relation of two beams (Izaguirre, Raffelt &
Tamborra 2017, PRL 118, 021101). At k = 0 two beams are stable; of many directions the growth is the
largest eigenvalue of i dQ/dt = (Phi_0 - v Phi_1) Q - g (D_0 - v D_1).
"""

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF
from qkepipe.gallery.item import Check, Item
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, BLUE, GREY, VERMILION, stack
from qkepipe.solvers import run_spectral_box
from qkepipe.solvers.adaptive import StepCounts, adaptive_steps
from qkepipe.solvers.homogeneous_step import HomogeneousStep
from qkepipe.solvers.spectral import flavour_vectors

__all__ = ["ITEM"]

#: Potentials of the beams v = 1 and v = -1 -> wavenumber and growth of the table.
BEAMS = {
    (1.0, -1.0): (2.0, 2.0),
    (1.0, -0.5): (1.2, 1.3820274961),
    (0.7, -1.0): (1.9, 1.6613247726),
}
SOURCE = "sqrt(-4 q1 q2 - (k - q1 + q2)^2), root of the dispersion relation"


def formula(q, k):
    """Growth of a wave of two beams; 0 where it is stable."""
    return np.sqrt(np.maximum(-4.0 * q[0] * q[1] - (k - q[0] + q[1]) ** 2, 0.0))


def measured(q, k: float) -> float:
    """Growth of one wave between 10 and 14 e-folds, where nothing is left of the decaying mode."""
    length, rate = 2.0 * np.pi / k, float(formula(q, k))
    density = np.array([[0.0, max(q)], [-min(q), 0.0]]) * 2.0 / SQRT2_GF
    z = (np.arange(16) - 7.5) * length / 16
    seed = flavour_vectors(1e-10 * np.exp(1j * k * z), 2)
    run = run_spectral_box(
        seed, seed, density, np.array([-1.0, 1.0]), np.full(2, 0.5), length=length,
        times=[10.0 / rate, 14.0 / rate], tolerance=1e-7,
    )  # fmt: skip
    early, late = run["mode_amplitude"].sel(mode=1).values
    return float(np.log(late / early) * rate / 4.0)


def crossed():
    """nue mostly forward and nuebar backward: directions, occupations (2, 8)."""
    v = -1.0 + (np.arange(8) + 0.5) / 4.0
    return v, np.stack([0.9 * np.exp(-((v - 1.0) ** 2) / 4.0), np.exp(-((v + 1.0) ** 2) / 0.1)])


def homogeneous_run(v, occupations, t) -> np.ndarray:
    """Coherence at ``t``, from seeds that differ between directions; mu = 1/cm."""
    operator = HomogeneousStep(
        np.array([1.0 / SQRT2_GF]), v, np.full(8, 0.125), np.zeros((4, 1))
    )  # fmt: skip
    f = np.zeros((4, 2, 1, 8))
    f[0, :, 0] = occupations
    # equal seeds would be a common turn, which nothing acts on
    f[2:] = 1e-10 * np.random.default_rng(12).uniform(0.5, 1.0, (2, 2, 1, 8))
    states = adaptive_steps(operator, f, t, 1e-9, StepCounts())
    return np.array([np.hypot(state[2], state[3]).sum() / 8.0 for state in states])


def homogeneous_rate(v, g) -> float:
    """Largest growth of the linear equations at k = 0."""
    matrix = np.diag(g.sum() - v * (v @ g)) - (1.0 - np.outer(v, v)) * g[:, None]
    return float(np.linalg.eigvals(matrix).imag.max())


def compute():
    """Growth of waves of two beams over k; coherence of the homogeneous mode over time."""
    fast, slow = (1.0, -1.0), (1.0, -0.5)
    k = {q: q[0] - q[1] + np.sqrt(-4.0 * q[0] * q[1]) * np.linspace(-0.9, 0.9, 7)
         for q in (fast, slow)}  # fmt: skip
    points = {q: np.array([measured(q, float(x)) for x in k[q]]) for q in k}
    v, occupations = crossed()
    rate = homogeneous_rate(v, (occupations[0] - occupations[1]) / 8.0)
    t = np.linspace(0.0, 18.0, 73)[1:] / rate
    coherence = homogeneous_run(v, occupations, t)
    at = [int(np.argmin(np.abs(t * rate - x))) for x in (11.0, 14.0)]
    found = float(np.log(coherence[at[1]] / coherence[at[0]]) / (t[at[1]] - t[at[0]]))
    checks = [
        Check(f"growth of beams {q[0]:g} and {q[1]:g} at k = {x:g} [1/cm]", measured(q, x),
              expected, 1e-5 * expected, SOURCE)
        for q, (x, expected) in BEAMS.items()
    ]  # fmt: skip
    worst = max(float(np.abs(points[q] / formula(q, k[q]) - 1.0).max()) for q in k)
    checks += [
        Check("growth over the formula at 14 wavenumbers: largest deviation", worst, 0.0, 1e-5,
              SOURCE),
        Check("growth at k = 0, 8 directions [1/cm]", found, rate, 1e-4 * rate,
              "eigenvalue of the linear equations"),
    ]  # fmt: skip
    data = xr.Dataset(
        {"growth": (("beams", "point"), np.array(list(points.values()))),
         "k": (("beams", "point"), np.array(list(k.values()))),
         "coherence": ("t", coherence)},
        coords={"t": t, "q1": ("beams", [q[0] for q in k]), "q2": ("beams", [q[1] for q in k])},
        attrs={"rate": rate},
    )  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis, below) = stack([1.9, 1.6], share_x=False)
    table = Plotted()
    for i, color in enumerate((BLUE, VERMILION)):
        q = float(data["q1"][i]), float(data["q2"][i])
        fine = np.linspace(-0.6, 6.0, 331)
        table.line(axis, ("k_curve", "1/cm", fine), (f"formula_{i}", "1/cm", formula(q, fine)),
                   color=color)  # fmt: skip
        table.line(axis, (f"k_{i}", "1/cm", data["k"].values[i]),
                   (f"growth_{i}", "1/cm", data["growth"].values[i]), color=color, linestyle="",
                   marker="o", label=f"beams {q[0]:g}, {q[1]:g}")  # fmt: skip
    axis.set_xlabel("$k$ [cm$^{-1}$]")
    axis.set_ylabel("growth [cm$^{-1}$]")
    axis.legend(loc="upper right")
    t, coherence = data["t"].values, data["coherence"].values
    table.line(below, ("t", "cm", t), ("coherence", "1", coherence), color=BLACK, label="$k = 0$")
    i = t.size // 2
    slope = coherence[i] * np.exp(data.attrs["rate"] * (t - t[i]))
    table.line(below, ("t", "cm", t), ("eigenvalue", "1", slope), color=GREY, linestyle="--",
               label="eigenvalue")  # fmt: skip
    below.set_yscale("log")
    below.set_xlabel("$c\\,t$ [cm]")
    below.set_ylabel("coherence")
    below.legend()
    return figure, table.frame()


ITEM = Item(
    title="Fast growth, with and without waves",
    text="Above, growth of waves of two colliding beams: points are runs of the box, lines the "
    "closed form. Below, a homogeneous gas whose nue go forward and nuebar backward: it grows "
    "without any wave, at the eigenvalue of the linear equations (dashed).",
    compute=compute,
    draw=draw,
)
