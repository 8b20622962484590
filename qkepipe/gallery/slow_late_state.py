"""Late state of slow conversion against the rule of Padilla-Gay et al. (2025, arXiv:2505.11588).

A homogeneous gas of nue and alpha times as many nuebar, inverted ordering, both of flux factor 0.3:
the flux dephases directions (Raffelt & Sigl 2007, PRD 75, 083002; recalled). The rule is that of
:mod:`qkepipe.mixing.slow_empirical`, quoted from a talk and not verified against the paper.
"""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.gallery.boxes import flowing_gas, splitting
from qkepipe.gallery.item import Check, Item
from qkepipe.mixing.slow_empirical import sector_factors
from qkepipe.oscillation.vacuum import TwoFlavors
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, VERMILION, stack
from qkepipe.solvers import run_homogeneous

__all__ = ["ITEM"]

ALPHA = (0.7, 0.8, 0.9, 1.0)
#: sqrt(2) G_F n_nue in units of omega; the isotropic mode of alpha = 0.7 is stable above 75.
MU = (10.0, 30.0)
#: Times over which the late state is averaged [1/omega].
LATE = (100.0, 200.0)


def late_survival(alpha: float, mu: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation in time of the survival of both sectors."""
    field = flowing_gas(alpha, 64, mu)
    t = np.arange(1.0, LATE[1], 0.34)
    run = run_homogeneous(
        field, t / C_LIGHT, vacuum=TwoFlavors(-splitting(1.0, field), 0.01), tolerance=1e-6
    )
    late = run["survival_probability"].values[t > LATE[0]]
    return late.mean(axis=0), late.std(axis=0)


def compute():
    """Late survival over alpha at two densities, and that of the rule."""
    found = np.array([[late_survival(a, mu) for a in ALPHA] for mu in MU])
    mean, spread = found[:, :, 0], found[:, :, 1]
    alpha = np.array(ALPHA)
    balance = (2.0 * mean[..., 0] - 1.0) - alpha * (2.0 * mean[..., 1] - 1.0)
    # no accuracy of the rule is quoted, so that its distance is shown and not judged
    checks = [
        Check(f"survival of {name} at alpha = 1, mu = 30 omega", float(mean[1, -1, k]), 0.5, 0.02,
              "equal numbers dephase to equipartition")
        for k, name in enumerate(("nue", "nuebar"))
    ]  # fmt: skip
    checks.append(
        Check("lepton number of the late state, largest change",
              float(np.abs(balance - (1.0 - alpha)).max()), 0.0, 0.02,
              "conserved but for a mixing angle of 0.01")
    )  # fmt: skip
    over = ("mu", "alpha", "sector")
    data = xr.Dataset(
        {"mean": (over, mean), "spread": (over, spread)},
        coords={"mu": list(MU), "alpha": alpha, "sector": ["nu", "nubar"]},
    )
    return data, checks


def draw(data):
    figure, (axis,) = stack([2.5])
    table = Plotted()
    fine = np.linspace(0.7, 1.0, 61)
    rule = np.array([0.5 * (1.0 + np.array(sector_factors(a))) for a in fine])
    alpha = data["alpha"].values
    for k, (name, label, color) in enumerate(
        (("nue", r"$\nu_e$", BLUE), ("nuebar", r"$\bar\nu_e$", VERMILION))
    ):
        table.line(axis, ("alpha_rule", "1", fine), (f"rule_{name}", "1", rule[:, k]),
                   color=color, label=f"{label}, rule")  # fmt: skip
        for j, (mu, marker) in enumerate(zip(data["mu"].values, "so", strict=True)):
            # side by side
            table.errorbar(
                axis, (f"alpha_mu{mu:g}_{name}", "1", alpha + 0.004 * (2 * j + k - 1.5)),
                (f"{name}_mu{mu:g}", "1", data["mean"].values[j, :, k]),
                (f"spread_{name}_mu{mu:g}", "1", data["spread"].values[j, :, k]), color=color,
                linestyle="", marker=marker, markerfacecolor=color if j else "white",
                elinewidth=0.7, label=rf"{label}, $\mu = {mu:g}\,\omega$",
            )  # fmt: skip
    axis.set_xlabel(r"$\alpha = n_{\bar\nu_e}/n_{\nu_e}$")
    axis.set_ylabel("late survival probability")
    axis.set_ylim(0.35, 0.95)
    axis.legend(ncols=2, loc="upper left")
    return figure, table.frame()


ITEM = Item(
    title="Late state of slow conversion",
    text="Homogeneous gases with 64 directions against the empirical rule for slow conversion, "
    "which comes without an accuracy; bars are the swing in time. The rule has the trend, but "
    "these gases keep more of their flavour, most at alpha = 0.7: for a gas without waves it is a "
    "guide and no prediction.",
    compute=compute,
    draw=draw,
)
