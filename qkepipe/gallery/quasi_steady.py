"""Radiation field of a star with fast conversion, from classical transport to a quasi-steady state.

Matter from 20 to 60 km absorbs and emits with kappa = K (E/15 MeV)^2 exp(-(r - 20 km)/3 km) up to
40 km, K = 3e-5, 1e-5, 3e-6 per cm for nue, nuebar and heavy flavours, with T = 6 MeV
exp(-(r - 20 km)/45 km) and no chemical potentials: a model of ours, no star. nuebar leave from
deeper and hotter layers and are more forward, about as many as nue, so that ELN - XLN changes its
sign in mu at almost all radii. Heavy flavours have half of the occupation of a black body, in
place of the scattering that holds them back.
"""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.diagnostics.attenuation import decidability
from qkepipe.gallery.item import Check, Item, worst
from qkepipe.mixing import C_TAU
from qkepipe.mixing.state import mixed_arrays
from qkepipe.phasespace import angle_grid, energy_grid, fermi_dirac
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, BLUE, GREY, LABEL, ORANGE, VERMILION, stack
from qkepipe.solvers import run_sphere
from qkepipe.solvers.sphere import flows
from qkepipe.solvers.steady import steady_field
from qkepipe.species import SPECIES, lepton_sign
from qkepipe.stability import screen
from qkepipe.units import KM_CM

__all__ = ["ITEM"]

XI, SEED, CELLS = (2e-5, 4e-5, 8e-5), 1e-6, 400
INNER, OUTER, LAST_MATTER = 20.0, 60.0, 40.0
RUN, COLORS = {"crossings": 6.0, "average_from": 0.5, "samples": 300}, (BLUE, ORANGE, VERMILION)


def star() -> xr.Dataset:
    """Background: rates of the matter, and equilibrium with them at the inner edge."""
    energy, angle = energy_grid(np.array([0.0, 10.0, 20.0, 40.0])), angle_grid(24)
    edges = np.geomspace(INNER, OUTER, CELLS + 1) * KM_CM
    r = 0.5 * (edges[1:] + edges[:-1])
    depth = r / KM_CM - INNER
    fall = np.where(r < LAST_MATTER * KM_CM, np.exp(-depth / 3.0), 0.0)
    opacity = np.array([3e-5, 1e-5, 3e-6, 3e-6])[:, None, None]
    absorption = opacity * (energy.centres[:, None] / 15.0) ** 2 * fall
    temperature = 6.0 * np.exp(-depth / 45.0)
    black = fermi_dirac(energy.centres[:, None], temperature, 0.0)
    source = np.array([1.0, 1.0, 0.5, 0.5])[:, None, None] * black
    over = ("species", "energy", "r")
    none = (over, np.zeros_like(absorption))
    return xr.Dataset(
        {
            "rho": ("r", 1e12 * np.exp(-depth / 3.0)),
            "ye": ("r", np.full(CELLS, 0.1)),
            "inflow": (("species", "energy", "mu"),
                       np.repeat(source[..., :1], angle.centres.size, axis=2)),
            "absorption": (over, absorption),
            "emissivity": (over, C_LIGHT * absorption * source),
            "scattering": none, "scattering_transport": none,
        },
        coords={
            "species": list(SPECIES),
            "energy": energy.centres, "energy_edge": ("energy_edge", energy.edges),
            "mu": angle.centres, "mu_edge": ("mu_edge", angle.edges),
            "r": r, "r_edge": ("r_edge", edges),
        },
    )  # fmt: skip


def species_field(data: xr.Dataset) -> np.ndarray:
    """f[species, energy, mu, r]."""
    return data["f"].transpose("species", "energy", "mu", "r").values


def shallow_share(eln: np.ndarray, mu_width: np.ndarray) -> np.ndarray:
    """Smaller over larger lobe of ELN - XLN[mu, r] in every cell."""
    lobes = [mu_width @ np.maximum(side * eln, 0.0) for side in (1.0, -1.0)]
    return np.minimum(*lobes) / np.maximum(*lobes)


def compute():
    """Coherence over time, nue over radius, and what leaves, at three attenuations."""
    background = star()
    field = steady_field(background)
    classical = species_field(field)
    found = screen(
        field[["f", "energy_edge", "mu_edge", "r_edge"]], background[["rho", "ye"]], lsa_cells=0
    )
    weight = energy_grid(background["energy_edge"].values).weights
    width = 0.5 * np.diff(background["mu_edge"].values)
    sign = lepton_sign()
    edge, r = background["r_edge"].values / KM_CM, background["r"].values / KM_CM
    empty = edge > LAST_MATTER

    def nue(f):
        return np.einsum("emr,e,m->r", f[0], weight, width)

    def eln(f):
        return np.einsum("s,semr,e->mr", sign, f, weight)

    options = {"prescription": "box", "c_tau": C_TAU, "tolerance": 1e-4}
    relaxed = species_field(
        run_sphere(background, "bgk", initial=classical, options=options, **RUN)
    )
    before = flows(classical, background).sum(axis=1)
    fields, runs, drifts, spreads = [], [], [], []
    for xi in XI:
        run = run_sphere(
            background, "qke", initial=classical, options={"xi": xi}, seed_amplitude=SEED, **RUN
        )
        runs.append(run)
        fields.append(species_field(run))
        window = run["number_flux_out"].values[RUN["samples"] // 2 :]
        first, second = (half.mean(axis=0) for half in np.array_split(window, 2))
        drifts.append(np.abs(second / first - 1.0).max())
        lepton = sign @ flows(fields[-1], background).sum(axis=1)
        spreads.append(np.ptp(lepton[empty]) / before[0, -1])
    fields.append(relaxed)
    local = mixed_arrays(classical, weight, width, background["mu"].values, "box", 2)[0]
    leaving = [flows(f, background).sum(axis=1)[:, -1] / before[:, -1] for f in fields]
    shares = [shallow_share(eln(f), width) for f in (classical, *fields)]
    outside = r > LAST_MATTER
    left = shares[len(XI)][outside].mean() / shares[0][outside].mean()
    few, many = (decidability(found, xi, SEED) for xi in (XI[0], XI[-1]))
    efolds = (
        f"{few.path_efolds:.0f} to {many.path_efolds:.0f} e-folds on the way out in the runs, "
        f"{few.needed:.0f} needed"
    )
    none = np.zeros(len(XI))

    def monitor(name):
        return [run.attrs[name] for run in runs]

    checks = [
        worst("change of number luminosities, quarters three and four of the run", drifts, none,
              0.05, "quasi-steady"),
        worst("spread of the lepton flux beyond 40 km, over that of nue", spreads, none, 5e-3,
              "no matter: constant in a steady state"),
        worst("lepton balance", monitor("eln_balance_error"), none, 1e-3, "conservation"),
        worst("number balance per step", monitor("number_balance_error"), none, 1e-13,
              "conservation, to round-off"),
        worst("trace, per step", monitor("max_trace_change"), none, 1e-13,
              "conservation, to round-off"),
        Check(f"shallow over deep lobe beyond 40 km at xi = {XI[-1]:g}, over the classical",
              float(left), 0.0, 0.1, f"box prescription: crossings are erased; {efolds}"),
        *(Check(f"{name} that leave at xi = {XI[-1]:g}, over the classical", float(a), float(b),
                0.2 * float(b), "relaxation to the box prescription in the same star, at xi = 1: "
                "20 %, Nagakura, Johns & Zaizen 2023, arXiv:2312.16285")
          for name, a, b in zip(SPECIES, leaving[len(XI) - 1], leaving[-1], strict=True)),
    ]  # fmt: skip
    data = xr.Dataset(
        {"coherence": (("xi", "t"), np.array([run["coherence_max"].values for run in runs])),
         "survival": (("case", "r"), np.array([nue(f) for f in fields]) / nue(classical)),
         "local": ("r", nue(local) / nue(classical)),
         "share": (("field", "r"), np.array(shares)),
         "leaving": (("case", "species"), np.array(leaving))},
        coords={"xi": list(XI), "t": 1e3 * runs[0]["time_sample"].values, "r": r,
                "species": list(SPECIES), "case": [*(f"xi_{xi:g}" for xi in XI), "bgk"],
                "field": ["classical", *(f"xi_{xi:g}" for xi in XI), "bgk"]},
    )  # fmt: skip
    return data, checks


def draw(data):
    figure, (top, middle, lobes, below) = stack([1.4, 1.5, 1.4, 1.4], share_x=False)
    table = Plotted()
    t, r = ("t", "ms", data["t"].values), ("r", "km", data["r"].values)
    names = list(data["case"].values)
    labels = [rf"$\xi = {xi * 1e5:.0f} \times 10^{{-5}}$" for xi in data["xi"].values]
    styles = [{"color": color} for color in COLORS] + [{"color": BLACK, "linestyle": "--"}]
    for k, name in enumerate(names[:-1]):
        table.line(top, t, (f"coherence_{name}", "1", data["coherence"].values[k]),
                   label=labels[k], **styles[k])  # fmt: skip
    for k, name in enumerate(names):
        table.line(middle, r, (f"survival_{name}", "1", data["survival"].values[k]), **styles[k])
        table.line(lobes, r, (f"share_{name}", "1", data["share"].values[k + 1]), **styles[k])
        table.line(below, ("species", "1", np.arange(4.0) + 0.12 * (k - 1.5)),
                   (f"leaving_{name}", "1", data["leaving"].values[k]),
                   **(styles[k] | {"linestyle": "", "marker": "osD^"[k]}))  # fmt: skip
    table.line(lobes, r, ("share_classical", "1", data["share"].values[0]), color=GREY,
               linestyle=":", label="classical")  # fmt: skip
    table.line(middle, r, ("survival_local", "1", data["local"].values), color=GREY,
               linestyle="-.", label="box, local")  # fmt: skip
    middle.plot([], [], label="box, relaxation", **styles[-1])
    top.set_yscale("log")
    top.set_xlabel("time [ms]")
    top.set_ylabel("largest coherence")
    top.legend(loc="lower right")
    middle.set_ylabel(r"density of $\nu_e$" + "\nover classical")
    lobes.set_ylabel("shallow over\ndeep lobe")
    for axis in (middle, lobes):
        axis.set_xlabel("radius [km]")
        axis.legend()
    below.axhline(1.0, color=GREY, linewidth=0.5)
    below.set_xticks(range(4), [LABEL[s] for s in data["species"].values])
    below.set_xlim(-0.5, 3.5)
    below.set_ylabel("number luminosity\nover classical")
    return figure, table.frame()


ITEM = Item(
    title="Quasi-steady state of a whole star, and its limit in xi",
    text="Matter that emits and absorbs, an ELN-XLN crossing at almost all radii, and the run from "
    "the classical field to the state that no longer changes in the mean. At the two larger xi the "
    "crossing beyond the matter is gone, as with relaxation to the box prescription (dashed, "
    "triangles); at the smallest one, with hardly more e-folds on the way out than a seed needs, "
    "a part stays. Heavy flavours still change by 6 % between the last two xi: not converged. "
    "The same prescription applied to the classical field cell by cell (dash-dotted) misses that "
    "the field below has changed already.",
    compute=compute,
    draw=draw,
)
