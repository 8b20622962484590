"""Flavour swap in a shell that nuebar enter from inside and nue from outside.

From 50 to 60 km, without matter but for a black wall in the last half kilometre. nuebar enter at
50 km with mu > 0, 6.6e32 per cubic centimetre; the wall emits nue isotropically, 1 or 0.7 times as
many into each direction. nuebar thin out with radius, so that the net lepton number density is zero
at the inner edge or at a surface inside (Zaizen & Nagakura 2023, arXiv:2311.13842: swap at
such surfaces of neutron-star mergers; recalled). A twentieth of nuebar enters of every species
besides, so that no direction is empty; it carries no flavour.
"""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.gallery import onset
from qkepipe.gallery.item import Check, Item, worst
from qkepipe.gallery.onset import INNER, NUMBER, OUTER
from qkepipe.phasespace import energy_grid
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, GREY, VERMILION, stack
from qkepipe.solvers import run_sphere, run_two_beams
from qkepipe.solvers.sphere import flows
from qkepipe.solvers.steady import steady_field
from qkepipe.species import lepton_sign
from qkepipe.units import KM_CM

__all__ = ["ITEM"]

RATIOS, EVERYWHERE = (1.0, 0.7), 0.05
CELLS, WALL, DIRECTIONS = 300, 15, 8
#: Width of the shell over 1/(xi mu), mu the potential of nuebar at the inner edge.
LENGTH = 25.0
SWAP = "complete swap of the weaker beam, Zaizen & Nagakura 2023, arXiv:2311.13842"


def shell(ratio: float) -> xr.Dataset:
    """Background: what enters the empty shell, and a wall: 8 mean free paths that emit."""
    background = onset.shell(CELLS, DIRECTIONS)
    edges, mu = background["r_edge"].values, background["mu"].values
    full = 2.0 * NUMBER / energy_grid(background["energy_edge"].values).weights[0]
    entering, emitted = np.full((2, 4, 1, 1), EVERYWHERE)
    entering[1] += 1.0
    emitted[0] += ratio
    absorption = np.zeros((4, 1, CELLS))
    absorption[..., -WALL:] = 8.0 / (edges[-1] - edges[-1 - WALL])
    return background.assign(
        inflow=(("species", "energy", "mu"), full * np.where(mu > 0.0, entering, 0.0)),
        absorption=(("species", "energy", "r"), absorption),
        emissivity=(("species", "energy", "r"), C_LIGHT * full * absorption * emitted),
    )


def species_field(data: xr.Dataset) -> np.ndarray:
    """f[species, mu, r]."""
    return data["f"].transpose("species", "energy", "mu", "r").values[:, 0]


def survival(late: np.ndarray, classical: np.ndarray) -> np.ndarray:
    """(1 + P_3/P_3 at first)/2 of numbers (species, ...), for neutrinos and antineutrinos."""
    return 0.5 + 0.5 * (late[:2] - late[2:]) / (classical[:2] - classical[2:])


def case(ratio: float) -> dict:
    """Survival over radius and angle with one strength of the wall, and what is conserved."""
    background = shell(ratio)
    field = steady_field(background)
    classical = species_field(field)
    initial = classical[:, None]
    xi = LENGTH / (SQRT2_GF * NUMBER * (OUTER - INNER) * KM_CM)
    run = run_sphere(
        background, "qke", initial=initial, options={"xi": xi}, seed_amplitude=1e-2,
        crossings=50.0, average_from=0.4, samples=250,
    )  # fmt: skip
    late, mu = species_field(run), background["mu"].values
    weight = 0.5 * np.diff(background["mu_edge"].values)
    free = slice(0, CELLS - WALL)
    inward, outward = (
        survival(*(np.einsum("smr,m->sr", f[:, at], (mu * weight)[at]) for f in (late, classical)))
        for at in (mu < 0.0, mu > 0.0)
    )
    last = CELLS - WALL - 1
    inside, at_wall = (survival(late[..., cell], classical[..., cell]) for cell in (0, last))
    density = np.einsum("s,smr,m->r", lepton_sign(), classical, weight)[free]
    after, before = (flows(f[:, None], background).sum(axis=1) for f in (late, classical))
    lepton = (lepton_sign() @ after)[: CELLS - WALL + 1]
    return {
        "xi": xi,
        "radius": np.array([inward[0], outward[1]])[:, free],
        "nue": inside[0, mu < 0.0],
        "nuebar": at_wall[1, mu > 0.0],
        "zero": background["r"].values[np.argmin(np.abs(density))] / KM_CM,
        "spread": np.ptp(lepton) / abs(lepton_sign() @ before[:, 0]),
        "attrs": run.attrs,
        "r": background["r"].values[free] / KM_CM,
        "mu": mu,
    }


def compute():
    """The two shells, and colliding beams of the same strengths."""
    cases = [case(ratio) for ratio in RATIOS]
    checks = []
    for ratio, found in zip(RATIOS, cases, strict=True):
        beams = run_two_beams(
            (1.0, -ratio), length=LENGTH, cells=500, duration=900.0, seed_amplitude=1e-2
        )["survival_mean"]
        nue, nuebar = found["radius"][0, 0], found["radius"][1, -1]
        words = f"nue/nuebar = {ratio:g}: "
        checks += [
            Check(words + "survival of nue at the inner edge", float(nue), 0.0, 0.1, SWAP),
            Check(words + "survival of nuebar at the wall", float(nuebar), float(beams[0, -1]),
                  0.1, "two beams of these strengths in one dimension"),
        ]  # fmt: skip
    none = np.zeros(len(cases))

    def monitor(name):
        return [found["attrs"][name] for found in cases]

    checks += [
        worst("spread of the lepton flux, over the classical flux", [c["spread"] for c in cases],
              none, 0.05, "conservation; the window of 30 crossings makes it finite"),
        worst("lepton balance", monitor("eln_balance_error"), none, 1e-3, "conservation"),
        worst("trace, per step", monitor("max_trace_change"), none, 1e-13,
              "conservation, to round-off"),
        Check("largest |P| over the trace, where above 1",
              max(0.0, *(p - 1.0 for p in monitor("max_polarisation_over_trace"))), 0.0, 2e-3,
              "positive matrices, slack of the limiter"),
    ]  # fmt: skip
    mu = cases[0]["mu"]
    data = xr.Dataset(
        {"radius": (("ratio", "sector", "r"), np.array([c["radius"] for c in cases])),
         "angle_nue": (("ratio", "mu_nue"), np.array([c["nue"] for c in cases])),
         "angle_nuebar": (("ratio", "mu_nuebar"), np.array([c["nuebar"] for c in cases])),
         "zero": ("ratio", np.array([c["zero"] for c in cases]))},
        coords={"ratio": list(RATIOS), "sector": ["nue", "nuebar"], "r": cases[0]["r"],
                "mu_nue": mu[mu < 0.0], "mu_nuebar": mu[mu > 0.0]},
    )  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis, below) = stack([2.0, 1.7], share_x=False)
    table = Plotted()
    parts = (("nue", r"$\nu_e$ inward", BLUE), ("nuebar", r"$\bar\nu_e$ outward", VERMILION))
    for k, (ratio, line) in enumerate(zip(data["ratio"].values, ("-", "--"), strict=True)):
        for sector, (name, label, color) in enumerate(parts):
            style = {"color": color, "linestyle": line}
            table.line(axis, ("r", "km", data["r"].values),
                       (f"{name}_{ratio:g}", "1", data["radius"].values[k, sector]),
                       label=None if k else label, **style)  # fmt: skip
            table.line(below, (f"mu_{name}", "1", data[f"mu_{name}"].values),
                       (f"angle_{name}_{ratio:g}", "1", data[f"angle_{name}"].values[k]),
                       marker="os"[k], **style)  # fmt: skip
        below.plot([], [], color=GREY, linestyle=line, marker="os"[k],
                   label=rf"$\nu_e/\bar\nu_e = {ratio:g}$")  # fmt: skip
        zero = float(data["zero"].values[k])
        axis.axvline(zero, color=GREY, linestyle=line, linewidth=0.7)
        table.add(f"zero_{ratio:g}", "km", zero)
    axis.set_xlabel("radius [km]")
    axis.set_ylabel("survival of the flux")
    axis.legend(loc="upper center", ncols=2)
    below.set_xlabel(r"$\mu$, $\nu_e$ at 50 km and $\bar\nu_e$ at the wall")
    below.set_ylabel("survival")
    below.set_xticks(np.linspace(-1.0, 1.0, 5))
    below.legend(loc="upper center", ncols=2)
    below.set_xlim(-1.0, 1.0)
    for panel in (axis, below):
        panel.set_ylim(-0.05, 1.3)
    return figure, table.frame()


ITEM = Item(
    title="Flavour swap in a shell with a lepton-number surface",
    text="nuebar from inside and nue from outside of a spherical shell, survival 1 without "
    "oscillation; vertical lines: the net lepton number density of the classical field vanishes. "
    "The weaker of both leaves as the other flavour, the stronger one by as much lepton number, "
    "as two colliding beams do. In the late state the conversion does not sit at that surface "
    "but, with the weaker wall (dashed), where the weaker beam enters.",
    compute=compute,
    draw=draw,
)
