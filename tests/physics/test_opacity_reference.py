"""Weak rates against two public programs, with the constants of each program.

bns_nurates (Chiesa et al., PRD 111, 063053): charged current and elastic scattering, without
and with recoil, weak magnetism and mean field. NuLib (O'Connor, ApJS 219, 24): charged current
and scattering on n, p, alpha and nuclei, without and with recoil and weak magnetism, and
bremsstrahlung.
Tolerances: README of the reference data, section 6.
"""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qkepipe.constants import M_U_GRAM
from qkepipe.opacity import CONSTANTS, WeakConstants, rates
from qkepipe.species import SPECIES

NURATES, NULIB = CONSTANTS["bns_nurates"], CONSTANTS["nulib"]


@pytest.fixture(scope="module")
def points(shared):
    return pd.read_csv(shared / "reference" / "opacity_points.csv")


@pytest.fixture(scope="module")
def nurates_table(shared):
    return pd.read_csv(shared / "reference" / "opacity_bns_nurates.csv")


@pytest.fixture(scope="module")
def nulib_table(shared):
    return pd.read_csv(shared / "reference" / "opacity_nulib.csv")


def matter(points, delta_u=False):
    """Dataset with the baryon density that both programs were given."""
    names = ["temperature", "ye", "x_n", "x_p", "x_alpha", "x_heavy", "abar", "zbar"]
    names += ["mu_e", "mu_hat"]
    data = {name: ("r", points[name].to_numpy(float)) for name in names}
    data["rho"] = ("r", points["n_b"].to_numpy() * M_U_GRAM)
    data["delta_u"] = ("r", points["delta_u"].to_numpy() if delta_u else np.zeros(len(points)))
    return xr.Dataset(data, attrs={"baryon_mass": M_U_GRAM})


def pick(out, name, rows, points, energy):
    """Values of a computed variable at the rows of a table."""
    species = [0 if s == "all" else SPECIES.index(s) for s in rows["species"]]
    group = [int(np.argmin(np.abs(energy - e))) for e in rows["energy"]]
    zone = [int(np.flatnonzero(points["id"] == i)[0]) for i in rows["id"]]
    return out[name].to_numpy()[species, group, zone]


def compare(value, reference, tolerance):
    """Relative comparison; where the reference is 0, exactly 0 is asked for."""
    zero = reference == 0.0
    assert np.all(value[zero] == 0.0)
    np.testing.assert_allclose(value[~zero], reference[~zero], rtol=tolerance, atol=0.0)


@pytest.mark.parametrize(
    "config, weak_magnetism, delta_u",
    [("beta_noWM", False, False), ("beta_WM", True, False), ("beta_WM_dU", True, True)],
)
def test_charged_current(nurates_table, points, config, weak_magnetism, delta_u):
    rows = nurates_table[nurates_table["config"] == config]
    rows = rows[rows["species"].isin(["nue", "nuebar"])]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points, delta_u), energy, ("beta",), NURATES, weak_magnetism)
    for name in ("emissivity", "absorption"):
        compare(pick(out, name, rows, points, energy), rows[name].to_numpy(), 1e-6)


@pytest.mark.parametrize("config, weak_magnetism", [("iso_noWM", False), ("iso_WM", True)])
def test_scattering_on_nucleons(nurates_table, points, config, weak_magnetism):
    rows = nurates_table[nurates_table["config"] == config]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points), energy, ("scattering_nucleons",), NURATES, weak_magnetism)
    for name in ("scattering", "scattering_transport"):
        compare(pick(out, name, rows, points, energy), rows[name].to_numpy(), 1e-6)
    # the same for all species in this treatment
    assert np.ptp(out["scattering"].to_numpy(), axis=0).max() == 0.0


def test_default_constants(nurates_table, points):
    """The difference to the program's constants is that of the couplings, at lowest order.

    Charged current: (1 + 3 g_A^2) and G_F^2, and up to 3 % more where that program's factor of
    nucleon blocking exceeds the density, which we bound it by. Scattering: between the ratio
    of (1 + 3 g_A^2) of neutrons and of g_A^2, that of protons without their small vector
    coupling.
    """
    ours = WeakConstants()
    nucleon = (1 + 3 * ours.g_a**2) / (1 + 3 * NURATES.g_a**2)
    axial = (ours.g_a / NURATES.g_a) ** 2
    rows = nurates_table[nurates_table["config"] == "beta_noWM"]
    rows = rows[rows["species"].isin(["nue", "nuebar"]) & (rows["absorption"] > 0)]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points), energy, ("beta",))
    ratio = pick(out, "absorption", rows, points, energy) / rows["absorption"] / nucleon
    assert ratio.max() < 1 + 1e-4
    assert ratio.min() > 0.97
    assert np.mean(ratio > 1 - 1e-4) > 0.7
    rows = nurates_table[nurates_table["config"] == "iso_noWM"]
    out = rates(matter(points), energy, ("scattering_nucleons",))
    ratio = pick(out, "scattering", rows, points, energy) / rows["scattering"]
    assert ratio.min() > nucleon - 1e-4
    assert ratio.max() < axial


@pytest.mark.parametrize("config", ["noWM_tr", "WM_tr"])
def test_nulib_charged_current(nulib_table, points, config):
    """Without and with recoil and weak magnetism of point nucleons, mass of the nucleon hit."""
    rows = nulib_table[(nulib_table["config"] == config) & nulib_table["absorption"].notna()]
    energy = np.sort(rows["energy"].unique())
    kind = "point" if config.startswith("WM") else "off"
    out = rates(matter(points), energy, ("beta",), "nulib", kind)
    compare(pick(out, "absorption", rows, points, energy), rows["absorption"].to_numpy(), 1e-5)


@pytest.mark.parametrize("config", ["noWM_tr", "noWM_tot", "WM_tr", "WM_tot"])
def test_nulib_scattering(nulib_table, points, config):
    """Neutrons, protons, alpha particles and up to 9 % of heavy nuclei, at all points."""
    rows = nulib_table[nulib_table["config"] == config]
    energy = np.sort(rows["energy"].unique())
    kind = "point" if config.startswith("WM") else "off"
    name = "scattering_transport" if config.endswith("tr") else "scattering"
    processes = ("scattering_nucleons", "scattering_nuclei")
    out = rates(matter(points), energy, processes, "nulib", kind)
    compare(pick(out, name, rows, points, energy), rows["scattering"].to_numpy(), 1e-5)
    if config == "noWM_tot":
        chi0 = pick(out, "scattering", rows, points, energy)
        chi1 = 3.0 * (chi0 - pick(out, "scattering_transport", rows, points, energy))
        np.testing.assert_allclose(chi1 / chi0, rows["scattering_delta"], atol=1e-6)


def test_nulib_bremsstrahlung(nulib_table, nurates_table, points):
    """The thermal source of nux is pairs and bremsstrahlung of the same fit.

    At the two points with almost no pairs (mu_e/T > 15) bremsstrahlung alone gives it; at
    the others the remainder is the pair rate of bns_nurates times 1.0244 (ratio of the
    effective coupling constants) within the 2 % of that program's 16-point quadrature.
    """
    rows = nulib_table[(nulib_table["config"] == "noWM_tr") & (nulib_table["species"] == "nux")]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points), energy, ("bremsstrahlung",), NULIB)
    # j = c kappa* f_eq: emission of the program over its black body is kappa*
    own = pick(out, "absorption", rows, points, energy) * rows["blackbody"].to_numpy()
    total = rows["thermal_emission"].to_numpy()
    no_pairs = rows["id"].isin(["ccsn001", "bnsA"]).to_numpy()
    np.testing.assert_allclose(own[no_pairs], total[no_pairs], rtol=1e-5)
    assert np.all(own <= total * (1 + 1e-5))

    pairs = nurates_table[
        (nurates_table["config"] == "pair_unblocked") & (nurates_table["species"] == "nux")
    ]
    both = rows.assign(rest=total - own, share=1 - own / total).merge(
        pairs, on=["id", "energy"], suffixes=("", "_pair")
    )
    # below 20 % the difference of two large numbers loses the quadrature error
    both = both[both["share"] > 0.2]
    states = both["energy"] ** 3 / (2 * np.pi * 1.97326966e-11) ** 3 * 1.60217733e-6
    ratio = both["rest"] / (states * both["emissivity"])
    assert len(both) > 80
    assert ratio.median() == pytest.approx(1.0244, abs=0.005)
    assert ratio.min() > 1.0244 - 0.025
    assert ratio.max() < 1.0244 + 0.025
