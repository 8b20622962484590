"""Flavour swap in a shell that nuebar enter from inside and nue from outside.

From 50 to 60 km, without matter but for a black wall in the last half kilometre. nuebar enter at
50 km with mu > 0, 6.6e32 per cubic centimetre; the wall emits nue isotropically, 1 or 0.7 times as
many into each direction. nuebar thin out with radius, so that the net lepton number density is zero
at the inner edge or at a surface inside (Zaizen & Nagakura 2023, arXiv:2311.13842: swap at
such surfaces of neutron-star mergers; recalled).
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

RATIOS, CELLS, WALL, DIRECTIONS = (1.0, 0.7), 300, 15, 8
#: Width of the shell over 1/(xi mu), mu the potential of nuebar at the inner edge.
LENGTH = 25.0
SWAP = "complete swap of the weaker beam, Zaizen & Nagakura 2023, arXiv:2311.13842"


def shell(ratio: float) -> xr.Dataset:
    """Background: nuebar enter the empty shell, a wall of 8 mean free paths emits nue."""
    background = onset.shell(CELLS, DIRECTIONS)
    edges, mu = background["r_edge"].values, background["mu"].values
    full = 2.0 * NUMBER / energy_grid(background["energy_edge"].values).weights[0]
    inflow, absorption = np.zeros((4, 1, DIRECTIONS)), np.zeros((4, 1, CELLS))
    inflow[1, 0, mu > 0.0] = full
    absorption[..., -WALL:] = 8.0 / (edges[-1] - edges[-1 - WALL])
    emissivity = np.zeros_like(absorption)
    emissivity[0] = C_LIGHT * ratio * full * absorption[0]
    return background.assign(
        inflow=(("species", "energy", "mu"), inflow),
        absorption=(("species", "energy", "r"), absorption),
        emissivity=(("species", "energy", "r"), emissivity),
    )


def species_field(data: xr.Dataset) -> np.ndarray:
    """f[species, mu, r]."""
    return data["f"].transpose("species", "energy", "mu", "r").values[:, 0]


def case(ratio: float) -> dict:
    """Survival over radius and angle with one strength of the wall, and what is conserved."""
    background = shell(ratio)
    classical = species_field(steady_field(background))
    xi = LENGTH / (SQRT2_GF * NUMBER * (OUTER - INNER) * KM_CM)
    run = run_sphere(
        background, "qke", initial=classical[:, None], options={"xi": xi}, seed_amplitude=1e-2,
        crossings=50.0, average_from=0.4, samples=250,
    )  # fmt: skip
    late, mu = species_field(run), background["mu"].values
    weight = 0.5 * np.diff(background["mu_edge"].values)
    free, last = slice(0, CELLS - WALL), CELLS - WALL - 1
    inward, outward = (
        np.divide(*((mu * weight)[at] @ f[sector, at, free] for f in (late, classical)))
        for sector, at in enumerate((mu < 0.0, mu > 0.0))
    )
    # nuebar arrive at the wall in these directions; rays in the others miss the inner edge
    reached = classical[1, :, last] > 0.01 * classical[1, :, last].max()
    density = np.einsum("s,smr,m->r", lepton_sign(), classical, weight)[free]
    after, before = (flows(f[:, None], background).sum(axis=1) for f in (late, classical))
    lepton = (lepton_sign() @ after)[: CELLS - WALL + 1]
    return {
        "radius": np.array([inward, outward]),
        "nue": late[0, mu < 0.0, 0] / classical[0, mu < 0.0, 0],
        "nuebar": late[1, reached, last] / classical[1, reached, last],
        "mu_nue": mu[mu < 0.0],
        "mu_nuebar": mu[reached],
        "zero": background["r"].values[np.argmin(np.abs(density))] / KM_CM,
        "spread": np.ptp(lepton) / abs(lepton_sign() @ before[:, 0]),
        "attrs": run.attrs,
        "r": background["r"].values[free] / KM_CM,
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
    data = xr.Dataset(
        {"radius": (("ratio", "sector", "r"), np.array([c["radius"] for c in cases])),
         "angle_nue": (("ratio", "mu_nue"), np.array([c["nue"] for c in cases])),
         "angle_nuebar": (("ratio", "mu_nuebar"), np.array([c["nuebar"] for c in cases])),
         "zero": ("ratio", np.array([c["zero"] for c in cases]))},
        coords={"ratio": list(RATIOS), "sector": ["nue", "nuebar"], "r": cases[0]["r"],
                "mu_nue": cases[0]["mu_nue"], "mu_nuebar": cases[0]["mu_nuebar"]},
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
