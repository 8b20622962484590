"""Weak rates against two public programs, with the constants of each program.

bns_nurates (Chiesa et al., PRD 111, 063053): charged current and elastic scattering, without
and with recoil, weak magnetism and mean field. NuLib (O'Connor, ApJS 219, 24): charged current
without blocking below 1e11 g cm^-3, scattering on n, p and alpha, bremsstrahlung. Tolerances:
README of the reference data, section 6.
"""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from qkepipe.constants import M_U_GRAM
from qkepipe.opacity import WeakConstants, rates
from qkepipe.species import SPECIES

NURATES = WeakConstants(
    g_fermi=1.1663787e-11,
    g_a=1.23,
    g_v=1.0,
    sin2_theta_w=0.2325,
    q_np=1.29333251,
    m_e=0.51099895069,
    m_nucleon=938.918756,
    hbar_c=1.973269804e-11,
)


def nulib(m_nucleon=931.494061):
    return WeakConstants(
        g_fermi=1.1663213e-11,
        g_a=1.254,
        g_v=1.0,
        sin2_theta_w=0.23,
        q_np=1.293332,
        m_e=0.510998910,
        m_nucleon=m_nucleon,
        hbar_c=1.97326966e-11,
        blocking_density=1e11,
    )


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


def bound_by_density(rows, points, delta_u):
    """Factor by which Bruenn's blocking factor exceeds the density that we bound it by.

    eta_pn = (n_n - n_p)/(e^x - 1) presumes that x T = mu_hat - Q' is that of the densities.
    Where rounded or inconsistent input makes it larger than the density, we take the density
    and the program does not; 1 elsewhere.
    """
    ratio = []
    for _, row in rows.iterrows():
        p = points[points["id"] == row["id"]].iloc[0]
        q = NURATES.q_np + (p["delta_u"] if delta_u else 0.0)
        x = (p["mu_hat"] - q) / p["temperature"]
        eta_np = (p["x_n"] - p["x_p"]) / -np.expm1(-x)
        eta_pn = eta_np * np.exp(-x)
        eta, density = (eta_np, p["x_n"]) if row["species"] == "nue" else (eta_pn, p["x_p"])
        ratio.append(max(1.0, eta / density))
    return np.array(ratio)


@pytest.mark.parametrize(
    "config, weak_magnetism, delta_u",
    [("beta_noWM", False, False), ("beta_WM", True, False), ("beta_WM_dU", True, True)],
)
def test_charged_current(nurates_table, points, config, weak_magnetism, delta_u):
    rows = nurates_table[nurates_table["config"] == config]
    rows = rows[rows["species"].isin(["nue", "nuebar"])]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points, delta_u), energy, ("beta",), NURATES, weak_magnetism)
    factor = bound_by_density(rows, points, delta_u)
    assert np.mean(factor == 1.0) > 0.7
    assert factor.max() < 1.03
    for name in ("emissivity", "absorption"):
        compare(pick(out, name, rows, points, energy) * factor, rows[name].to_numpy(), 1e-6)


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

    Charged current: (1 + 3 g_A^2) and G_F^2, where neither bounds the blocking factor.
    Scattering: between the ratio of (1 + 3 g_A^2) of neutrons and of g_A^2, that of protons
    without their small vector coupling.
    """
    ours = WeakConstants()
    nucleon = (1 + 3 * ours.g_a**2) / (1 + 3 * NURATES.g_a**2)
    axial = (ours.g_a / NURATES.g_a) ** 2
    rows = nurates_table[nurates_table["config"] == "beta_noWM"]
    rows = rows[rows["species"].isin(["nue", "nuebar"]) & (rows["absorption"] > 0)]
    rows = rows[bound_by_density(rows, points, False) == 1.0]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points), energy, ("beta",))
    ratio = pick(out, "absorption", rows, points, energy) / rows["absorption"]
    np.testing.assert_allclose(ratio, nucleon, rtol=1e-4)
    rows = nurates_table[nurates_table["config"] == "iso_noWM"]
    out = rates(matter(points), energy, ("scattering_nucleons",))
    ratio = pick(out, "scattering", rows, points, energy) / rows["scattering"]
    assert ratio.min() > nucleon - 1e-4
    assert ratio.max() < axial


@pytest.mark.parametrize("config", ["noWM_tr", "noWM_tot"])
def test_nulib_charged_current(nulib_table, points, config):
    rows = nulib_table[(nulib_table["config"] == config) & nulib_table["absorption"].notna()]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points), energy, ("beta",), nulib())
    compare(pick(out, "absorption", rows, points, energy), rows["absorption"].to_numpy(), 1e-5)


@pytest.mark.parametrize("species, m_nucleon", [("nue", 939.565346), ("nuebar", 938.272013)])
def test_nulib_recoil_and_weak_magnetism(nulib_table, points, species, m_nucleon):
    """Point couplings; that program takes the mass of the nucleon that is hit."""
    rows = nulib_table[(nulib_table["config"] == "WM_tr") & (nulib_table["species"] == species)]
    rows = rows[rows["absorption"].notna()]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points), energy, ("beta",), nulib(m_nucleon), "point")
    compare(pick(out, "absorption", rows, points, energy), rows["absorption"].to_numpy(), 1e-5)


@pytest.mark.parametrize(
    "config, name", [("noWM_tr", "scattering_transport"), ("noWM_tot", "scattering")]
)
def test_nulib_scattering(nulib_table, points, config, name):
    """Neutrons, protons and alpha particles, where there are no heavy nuclei."""
    light = points["id"][points["x_heavy"] < 1e-12]
    rows = nulib_table[(nulib_table["config"] == config) & nulib_table["id"].isin(light)]
    energy = np.sort(rows["energy"].unique())
    out = rates(matter(points), energy, ("scattering_nucleons", "scattering_nuclei"), nulib())
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
    out = rates(matter(points), energy, ("bremsstrahlung",), nulib())
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
