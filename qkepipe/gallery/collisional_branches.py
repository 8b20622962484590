"""Branches of the collisional instability of an isotropic gas.

With potentials g and gbar of nue and nuebar, damping Gamma and Gammabar, and the half sums and half
differences G, A of g, gbar and s, d of Gamma, Gammabar, the isotropic mode grows at

    Im [-A - i s +- sqrt(A^2 - d^2 + 2 i G d)]

(Liu, Zaizen & Yamada 2023, PRD 107, 123011). Plus branch: the particles in excess are damped more;
minus branch: less; resonance: A^2 << G |d|.
"""

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF
from qkepipe.gallery.item import Check, Item
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, VERMILION, stack
from qkepipe.solvers.adaptive import StepCounts, adaptive_steps
from qkepipe.solvers.homogeneous_step import HomogeneousStep

__all__ = ["CASES", "ITEM"]

#: Branch -> gbar/g, Gamma, Gammabar.
CASES = {
    "plus": (0.8, 2e-3, 4e-4),
    "minus": (0.8, 4e-4, 4e-3),
    "resonance": (0.999, 2e-2, 4e-3),
}
#: Damping of the scan over gbar/g.
GAMMA = (2e-2, 4e-3)
SOURCE = "closed form (Liu, Zaizen & Yamada 2023, PRD 107, 123011)"


def formula(ratio, gamma, gammabar):
    """Growth of the isotropic mode at g = 1."""
    total, excess = 0.5 * (1.0 + ratio), 0.5 * (1.0 - ratio)
    s, d = 0.5 * (gamma + gammabar), 0.5 * (gamma - gammabar)
    root = np.sqrt(excess**2 - d**2 + 2j * total * d)
    return np.abs(root.imag) - s


def measured(ratio: float, gamma: float, gammabar: float) -> float:
    """Growth of a run between 10 and 13 e-folds out of equilibrium with matter."""
    rate = float(formula(ratio, gamma, gammabar))
    goal = np.array([1.0, ratio, 0.0, 0.0]).reshape(2, 2, 1)
    # nux are not absorbed: the damping is half of the rate of nue
    absorption = np.array([2.0 * gamma, 2.0 * gammabar, 0.0, 0.0]).reshape(2, 2, 1)
    operator = HomogeneousStep(
        np.array([1.0 / SQRT2_GF]), np.zeros(1), np.ones(1), np.zeros((4, 1)),
        absorption=absorption, equilibrium=goal,
    )  # fmt: skip
    f = np.zeros((4, 2, 1, 1))
    f[:2] = goal[..., None]
    f[2] = 1e-9 * f[0]
    t = [10.0 / rate, 13.0 / rate]
    size = [
        np.abs(state[2] + 1j * state[3]).sum()
        for state in adaptive_steps(operator, f, t, 1e-9, StepCounts())
    ]
    return float(np.log(size[1] / size[0]) * rate / 3.0)


def compute():
    """Growth over gbar/g through the resonance, and one gas of each branch."""
    ratio = np.array([0.7, 0.8, 0.9, 0.96, 1.0, 1.04, 1.1, 1.2, 1.3])
    growth = np.array([measured(float(x), *GAMMA) for x in ratio])
    checks = [
        Check(f"{branch}: growth [1/cm]", measured(*case), float(formula(*case)),
              1e-5 * float(formula(*case)), SOURCE)
        for branch, case in CASES.items()
    ]  # fmt: skip
    deviation = float(np.abs(growth / formula(ratio, *GAMMA) - 1.0).max())
    checks.append(
        Check("growth over the closed form through the resonance: largest deviation", deviation,
              0.0, 1e-5, SOURCE)
    )  # fmt: skip
    return xr.Dataset({"growth": ("ratio", growth)}, coords={"ratio": ratio}), checks


def draw(data):
    figure, (axis,) = stack([2.2])
    table = Plotted()
    fine = np.linspace(0.65, 1.35, 281)
    table.line(axis, ("ratio_curve", "1", fine), ("formula", "1/cm", formula(fine, *GAMMA)),
               color=BLUE, label="closed form")  # fmt: skip
    table.line(axis, ("ratio", "1", data["ratio"].values),
               ("growth", "1/cm", data["growth"].values), color=VERMILION, linestyle="",
               marker="o", label="runs")  # fmt: skip
    axis.set_xlabel(r"$n_{\bar\nu_e}/n_{\nu_e}$")
    axis.set_ylabel("growth [cm$^{-1}$]")
    axis.set_ylim(bottom=0.0)
    axis.legend()
    return figure, table.frame()


ITEM = Item(
    title="Collisional growth: plus, minus, resonance",
    text="An isotropic gas in equilibrium with matter that absorbs nue five times as fast as "
    "nuebar, for different numbers of nuebar. Growth is of the order of the rates (plus branch on "
    "the left, minus on the right) and much faster where both are equally many (resonance).",
    compute=compute,
    draw=draw,
)
