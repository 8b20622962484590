"""Interpolation in a table, and the table as a source of what a snapshot lacks."""

import numpy as np
import pytest
import xarray as xr
from scipy.interpolate import RegularGridInterpolator

from qkepipe.constants import M_U_GRAM
from qkepipe.errors import QkepipeError
from qkepipe.matter import (
    QUANTITIES,
    SOURCE_NSE,
    SOURCE_SNAPSHOT,
    SOURCE_TABLE,
    EosTable,
    electron_chemical_potential,
    thermodynamics,
)
from qkepipe.matter.eos_table import interpolate_kernel

LOG_RHO = np.array([6.0, 8.0, 9.0, 12.0, 14.0])
LOG_T = np.array([-1.0, 0.0, 0.5, 1.5])
YE = np.array([0.05, 0.2, 0.5])
NODES = (YE.size, LOG_T.size, LOG_RHO.size)


def table(change=None, **more):
    """Random but possible nodes: fractions sum to 1, heavy nuclei with A = 40 to 80."""
    random = np.random.default_rng(7)
    columns = {name: random.uniform(0.1, 1.0, NODES) for name in QUANTITIES}
    parts = random.dirichlet(np.ones(5), NODES)
    for i, name in enumerate(("x_n", "x_p", "x_alpha", "x_heavy", "x_light")):
        columns[name] = parts[..., i]
    columns["heavy_number"] = columns["x_heavy"] / random.uniform(40.0, 80.0, NODES)
    columns["heavy_charge"] = 0.45 * columns["x_heavy"]
    if change is not None:
        change(columns)
    values = np.stack([columns[name] for name in QUANTITIES], axis=-1)
    return EosTable("eos.h5", LOG_RHO, LOG_T, YE, values, **more)


def matter(rho, temperature, ye, **more):
    rho, temperature, ye = np.broadcast_arrays(*map(np.atleast_1d, (rho, temperature, ye)))
    data = {"rho": rho, "temperature": temperature, "ye": ye}
    data |= {name: np.broadcast_to(value, rho.shape) for name, value in more.items()}
    r = 1e6 * (1.0 + np.arange(rho.size))
    return xr.Dataset({k: ("r", np.array(v, dtype=float)) for k, v in data.items()}, {"r": r})


def zones(count=60):
    random = np.random.default_rng(3)
    spans = ((LOG_RHO, 10.0), (LOG_T, 10.0), (YE, None))
    drawn = [random.uniform(a[0], a[-1], count) for a, _ in spans]
    return 10.0 ** drawn[0], 10.0 ** drawn[1], drawn[2]


def refusal(eos, dataset):
    with pytest.raises(QkepipeError) as caught:
        thermodynamics(dataset, source="a.nc", eos=eos)
    (line,) = str(caught.value).splitlines()
    return line


def test_interpolation_against_scipy():
    """Nodes, midpoints and random points of a grid that is not uniform."""
    eos = table()
    rho, t, ye = zones()
    middle = [0.5 * (a[1:] + a[:-1]) for a in (LOG_RHO, LOG_T, YE)]
    for axes in ((LOG_RHO, LOG_T, YE), middle):
        grid = [g.ravel() for g in np.meshgrid(*axes, indexing="ij")]
        rho = np.append(rho, 10.0 ** grid[0])
        t, ye = np.append(t, 10.0 ** grid[1]), np.append(ye, grid[2])
    out, _ = thermodynamics(matter(rho, t, ye), eos=eos)

    def expected(name):
        spline = RegularGridInterpolator((YE, LOG_T, LOG_RHO), eos[name])
        at = [np.clip(v, a[0], a[-1]) for v, a in
              ((ye, YE), (np.log10(t), LOG_T), (np.log10(rho), LOG_RHO))]  # fmt: skip
        return spline(np.stack(at, axis=-1))

    for name in ("mu_e", "mu_hat", "x_n", "x_p", "x_alpha", "x_heavy"):
        np.testing.assert_allclose(out[name], expected(name), rtol=1e-11)
    np.testing.assert_allclose(out["abar"], expected("x_heavy") / expected("heavy_number"))
    np.testing.assert_allclose(out["zbar"] / out["abar"], 0.45, rtol=1e-10)
    for name in ("composition", "mu_e", "mu_hat"):
        assert np.all(out[f"{name}_source"] == SOURCE_TABLE)
        assert list(out[f"{name}_source"].attrs["flag_values"]) == [0, 1, 2, 3]
        assert len(out[f"{name}_source"].attrs["flag_meanings"].split()) == 4
    assert out.attrs["eos_file"] == "eos.h5"


def test_kernel_compiled_and_as_python(as_mode):
    eos = table()
    rho, t, ye = zones(5)
    out = np.empty((5, len(QUANTITIES)))
    where = np.log10(rho), np.log10(t), ye
    as_mode(interpolate_kernel)(*where, LOG_RHO, LOG_T, YE, eos.values, out)
    spline = RegularGridInterpolator((YE, LOG_T, LOG_RHO), eos.values)
    np.testing.assert_allclose(out, spline(np.stack(where[::-1], axis=-1)), rtol=1e-12)


def test_a_node_without_value_spoils_only_its_neighbours():
    def blank(columns):
        columns["mu_hat"][0, 0, 0] = np.nan

    eos = table(blank)
    out, _ = thermodynamics(matter(10.0 ** LOG_RHO[1], 10.0 ** LOG_T[1], YE[1]), eos=eos)
    assert np.isfinite(out["mu_hat"]).all()
    assert "no value in the equation-of-state table eos.h5" in refusal(
        eos, matter(2e6, 0.11, [0.3, 0.06])
    )


def test_precedence_zone_by_zone():
    """The snapshot's own values, then the table; the table also at any density."""
    dataset = matter([1e13, 1e13, 1e13], 5.0, 0.3, x_n=0.6, x_p=0.3, mu_hat=20.0)
    dataset["x_p"][1] = np.nan
    dataset["mu_hat"][2] = np.nan
    out, warnings = thermodynamics(dataset, eos=table())
    assert out["mu_e_source"].values.tolist() == [SOURCE_TABLE] * 3
    assert out["mu_hat_source"].values.tolist() == [SOURCE_SNAPSHOT, SOURCE_SNAPSHOT, SOURCE_TABLE]
    assert out["composition_source"].values.tolist() == [
        SOURCE_SNAPSHOT, SOURCE_TABLE, SOURCE_SNAPSHOT,
    ]  # fmt: skip
    assert out["x_n"].values[[0, 2]].tolist() == [0.6, 0.6]
    assert out["x_n"].values[1] != 0.6
    assert out["mu_hat"].values[:2].tolist() == [20.0, 20.0]
    (light, shift) = map(str, warnings)
    assert "zone [1]: light nuclei other than alpha" in light
    assert "zone [2]: the mean-field shift delta_u" in shift


def test_origins_without_a_table():
    out, _ = thermodynamics(matter(1e10, 3.0, 0.3, mu_e=10.0))
    origins = [int(out[f"{n}_source"][0]) for n in ("composition", "mu_e", "mu_hat")]
    assert origins == [SOURCE_NSE, SOURCE_SNAPSHOT, SOURCE_NSE]
    assert "eos_file" not in out.attrs


def test_complete_snapshots_do_not_need_the_table():
    """Outside its axes, too."""
    given = {"mu_e": 1.0, "mu_hat": 1.3, "x_n": 0.5, "x_p": 0.5}
    out, warnings = thermodynamics(matter(1e3, 0.01, 0.5, **given), eos=table())
    assert out["mu_e_source"].values.tolist() == [SOURCE_SNAPSHOT]
    assert warnings == []


@pytest.mark.parametrize(
    "state, words",
    [
        ((1e15, 5.0, 0.3), "rho = 1e+15 g cm-3 in 2 zones outside 1e+06 to 1e+14 g cm-3"),
        ((1e5, 5.0, 0.3), "rho = 100000 g cm-3 in 2 zones outside"),
        ((1e9, 0.09, 0.3), "temperature = 0.09 MeV in 2 zones outside 0.1 to 31.6228 MeV"),
        ((1e9, 50.0, 0.3), "temperature = 50 MeV in 2 zones outside"),
        ((1e9, 5.0, 0.04), "ye = 0.04 in 2 zones outside 0.05 to 0.5"),
        ((1e9, 5.0, 0.51), "ye = 0.51 in 2 zones outside 0.05 to 0.5"),
    ],
)
def test_nothing_is_extrapolated(state, words):
    rows = [[inner, value, value] for inner, value in zip((1e9, 5.0, 0.3), state, strict=True)]
    line = refusal(table(), matter(*rows))
    assert line.startswith("a.nc: zone [1]: not covered by the equation-of-state table eos.h5: ")
    assert words in line
    assert "r = 2e+06 cm" in line


def test_ends_of_the_axes_are_inside():
    ends = matter([1e6, 1e14], [0.1, 10.0**1.5], [0.05, 0.5])
    out, _ = thermodynamics(ends, eos=table())
    np.testing.assert_allclose(out["mu_hat"], table()["mu_hat"][[0, -1], [0, -1], [0, -1]])


def test_table_over_baryon_density():
    """The snapshot's mass per baryon counts where the axis is a baryon density."""
    mass = 1.6737747e-24
    dataset = matter(1e9 * mass / M_U_GRAM, 5.0, 0.3).assign_attrs(baryon_mass=mass)
    at_nodes, _ = thermodynamics(matter(1e9, 5.0, 0.3), eos=table())
    out, _ = thermodynamics(dataset, eos=table(baryon_mass=M_U_GRAM))
    assert float(out["mu_hat"][0]) == pytest.approx(float(at_nodes["mu_hat"][0]), rel=1e-12)


def test_table_without_electrons():
    def strip(columns):
        columns["mu_e"][...] = np.nan

    out, _ = thermodynamics(matter(1e9, 5.0, 0.3), eos=table(strip))
    expected = float(electron_chemical_potential(0.3e9 / M_U_GRAM, 5.0))
    assert float(out["mu_e"][0]) == pytest.approx(expected, rel=1e-12)
    assert int(out["mu_e_source"][0]) == SOURCE_NSE


@pytest.mark.parametrize("lost, severity", [(5e-4, None), (0.01, "warning"), (0.2, "error")])
def test_composition_that_does_not_sum(lost, severity):
    def lose(columns):
        for name in ("x_p", "x_alpha", "x_heavy", "x_light"):
            columns[name][...] = 0.0
        columns["x_n"][...] = 1.0 - lost

    dataset = matter([1e9, 1e10], 5.0, 0.3)
    if severity == "error":
        line = refusal(table(lose), dataset)
        assert "zone [0]: the fractions of the equation-of-state table eos.h5 sum to 0.8" in line
        return
    out, warnings = thermodynamics(dataset, eos=table(lose))
    assert [w.severity for w in warnings] == ([severity] if severity else [])
    if severity:
        assert "sum to 0.99 in the worst zone" in str(warnings[0])
        assert "2 such zones" in str(warnings[0])
    # nothing is renormalised
    np.testing.assert_allclose(out["x_n"], 1.0 - lost)
    # where the snapshot has the composition, that of the table does not matter
    given, warnings = thermodynamics(dataset.assign(x_n=0.7 + 0 * dataset["rho"], x_p=0.3),
                                     eos=table(lose))  # fmt: skip
    assert np.all(given["mu_hat_source"] == SOURCE_TABLE)
    assert warnings == []


def test_round_off_is_clipped_and_traces_of_nuclei_have_no_mass_number():
    def trace(columns):
        for name in ("x_alpha", "x_heavy", "x_light", "heavy_number", "heavy_charge"):
            columns[name][...] = 0.0
        columns["x_heavy"][...] = 1e-12
        columns["x_p"][...] = -1e-16
        columns["x_n"][...] = 1.0 + 7e-9

    out, warnings = thermodynamics(matter(1e9, 5.0, 0.3), eos=table(trace))
    assert float(out["x_p"][0]) == 0.0
    assert float(out["x_n"][0]) == 1.0
    assert np.isnan(out["abar"][0]) and np.isnan(out["zbar"][0])
    assert warnings == []


def test_table_of_another_equation_of_state_is_noticed():
    rho, t, ye = zones(9)
    dataset = matter(rho, t, ye)
    eos = table()
    spline = RegularGridInterpolator((YE, LOG_T, LOG_RHO), eos["entropy"])
    own = spline(np.stack([ye, np.log10(t), np.log10(rho)], axis=-1))
    _, warnings = thermodynamics(dataset.assign(entropy=("r", own)), eos=eos)
    assert not [w for w in warnings if w.field == "entropy"]
    _, warnings = thermodynamics(dataset.assign(entropy=("r", 1.2 * own)), eos=eos)
    (line,) = [str(w) for w in warnings if w.field == "entropy"]
    assert "differs from the equation-of-state table eos.h5 by 16.7 % (median of 9 zones)" in line
