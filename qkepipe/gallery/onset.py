"""A shell on the sphere that converts at one attenuation and not at another.

nue isotropic and nuebar as 1 + 2 (mu - 1/2), as many of both, 6.6e32 per cubic centimetre at 50 km,
stream outward to 60 km without collisions: ELN crosses zero at mu = 1/2 at all radii, at every xi.
"""

import numpy as np
import xarray as xr

from qkepipe.diagnostics.attenuation import decidability
from qkepipe.gallery.item import Check, Item
from qkepipe.phasespace import angle_grid, energy_grid
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, BLUE, VERMILION, stack
from qkepipe.solvers import run_sphere
from qkepipe.solvers.steady import steady_field
from qkepipe.species import SPECIES
from qkepipe.stability import screen
from qkepipe.units import KM_CM

__all__ = ["INNER", "ITEM", "NUMBER", "OUTER", "shell"]

XI, SEED, NUMBER, INNER, OUTER = (1e-5, 1e-4), 1e-6, 6.6e32, 50.0, 60.0


def shell(cells: int = 500, directions: int = 24) -> xr.Dataset:
    """Background: nothing but what enters at the inner edge."""
    energy, angle = energy_grid(np.array([5.0, 15.0])), angle_grid(directions)
    edges = np.linspace(INNER, OUTER, cells + 1) * KM_CM
    outward = np.where(angle.centres > 0.0, 1.0, 0.0)
    entering = np.stack([outward, 2.0 * angle.centres * outward, 0.0 * outward, 0.0 * outward])
    entering *= NUMBER / (energy.weights[0] * (entering[0] @ angle.weights))
    none = (("species", "energy", "r"), np.zeros((4, 1, cells)))
    return xr.Dataset(
        {
            "rho": ("r", np.full(cells, 1e10)),
            "ye": ("r", np.full(cells, 0.3)),
            "inflow": (("species", "energy", "mu"), entering[:, None]),
            "absorption": none, "emissivity": none, "scattering": none,
            "scattering_transport": none,
        },
        coords={
            "species": list(SPECIES),
            "energy": energy.centres, "energy_edge": ("energy_edge", energy.edges),
            "mu": angle.centres, "mu_edge": ("mu_edge", angle.edges),
            "r": 0.5 * (edges[1:] + edges[:-1]), "r_edge": ("r_edge", edges),
        },
    )  # fmt: skip


def compute():
    """Coherence over time, and survival over radius in the second half, at two attenuations."""
    background = shell()
    field = steady_field(background)
    classical = field["f"].transpose("species", "energy", "mu", "r").values
    found = screen(
        field[["f", "energy_edge", "mu_edge", "r_edge"]], background[["rho", "ye"]], lsa_cells=0
    )
    mu = background["mu"].values * np.diff(background["mu_edge"].values)
    before = np.einsum("semr,m->sr", classical, mu)[0]
    coherence, survival = [], []
    for xi in XI:
        run = run_sphere(
            background, "qke", initial=classical, options={"xi": xi}, seed_amplitude=SEED,
            crossings=6.0, average_from=0.5, samples=200,
        )  # fmt: skip
        f = run["f"].transpose("species", "energy", "mu", "r").values
        survival.append(np.einsum("semr,m->sr", f, mu)[0] / before)
        coherence.append(run["coherence_max"].values)
    r = background["r"].values / KM_CM
    few = decidability(found, XI[0], SEED)
    quiet, saturated = coherence[0].max(), coherence[1][-50:].mean()
    checks = [
        Check("largest coherence at xi = 1e-5", float(quiet), 0.5 * SEED, 1e-7,
              f"the seed: {few.path_efolds:.1f} e-folds on the way out, {few.needed:.1f} needed"),
        Check("late coherence at xi = 1e-4", float(saturated), 0.5, 0.2, "1/2 is full mixing"),
    ]  # fmt: skip
    data = xr.Dataset(
        {"coherence": (("xi", "t"), np.array(coherence)),
         "survival": (("xi", "r"), np.array(survival))},
        coords={"xi": list(XI), "t": 1e3 * run["time_sample"].values, "r": r},
    )  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis, below) = stack([1.6, 1.8], share_x=False)
    table = Plotted()
    for k, (xi, color) in enumerate(zip(data["xi"].values, (BLUE, VERMILION), strict=True)):
        name, label = f"xi_{xi:g}", rf"$\xi = 10^{{{round(np.log10(xi))}}}$"
        table.line(axis, ("t", "ms", data["t"].values),
                   (f"coherence_{name}", "1", data["coherence"].values[k]), color=color,
                   label=label)  # fmt: skip
        table.line(below, ("r", "km", data["r"].values),
                   (f"survival_{name}", "1", data["survival"].values[k]), color=color)  # fmt: skip
    axis.set_yscale("log")
    axis.set_xlabel("time [ms]")
    axis.set_ylabel("largest coherence")
    axis.legend(loc="center right")
    below.axhline(1.0, color=BLACK, linewidth=0.5)
    below.set_xlabel("radius [km]")
    below.set_ylabel(r"survival of $\nu_e$")
    return figure, table.frame()


ITEM = Item(
    title="Onset on the sphere: no conversion at small xi is not stability",
    text="The same unstable field on the sphere with two attenuations: at xi = 1e-4 nue convert, "
    "at xi = 1e-5 nothing happens. There a seed that leaves with light speed gains too few e-folds "
    "on its way out; reports say that such a run decides nothing.",
    compute=compute,
    draw=draw,
)
