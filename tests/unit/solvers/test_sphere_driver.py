"""The sphere driver: grid, equilibrium, inflow, restart, refusals."""

import warnings

import numpy as np
import pytest
import xarray as xr

from qkepipe import schema
from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.gallery import onset
from qkepipe.phasespace import angle_grid, energy_grid, radial_grid
from qkepipe.solvers.schemes import SCHEMES, Oscillation, Scheme, Setup
from qkepipe.solvers.sphere import Record, equilibrium, grid_of, inflow, run_sphere
from qkepipe.solvers.steady import steady_field
from qkepipe.species import SPECIES

N_R, N_MU = 24, 8


@pytest.fixture(scope="module")
def background():
    """A hot absorbing core in a thin envelope, 20 to 60 km."""
    radius, angle = radial_grid(np.geomspace(2e6, 6e6, N_R + 1)), angle_grid(N_MU)
    energy = energy_grid([0.0, 10.0, 40.0])
    r = radius.centres
    t = 6.0 * (2e6 / r)
    mu_nue = np.array([2.0, -2.0, 0.0, 0.0])[:, None, None] * (2e6 / r) ** 2
    strength = np.array([2.0, 1.0, 0.5, 0.5])[:, None, None] * 1e-6 * (2e6 / r) ** 8
    absorption = strength * (energy.centres[:, None] / 10) ** 2
    f_eq = 1 / (1 + np.exp((energy.centres[:, None] - mu_nue) / t))
    dims = ("species", "energy", "r")
    data = {
        "rho": ("r", 1e12 * (2e6 / r) ** 5),
        "temperature": ("r", t),
        "ye": ("r", np.full(N_R, 0.2)),
        "mu_e": ("r", 20.0 * (2e6 / r) ** 2),
        "mu_hat": ("r", 18.0 * (2e6 / r) ** 2),
        "x_n": ("r", np.full(N_R, 0.8)),
        "x_p": ("r", np.full(N_R, 0.2)),
        "absorption": (dims, absorption),
        "emissivity": (dims, C_LIGHT * absorption * f_eq),
        "scattering": (dims, 0.5 * absorption),
        "scattering_transport": (dims, 0.45 * absorption),
    }
    coords = {
        "r": r,
        "r_edge": radius.edges,
        "energy": energy.centres,
        "energy_edge": energy.edges,
        "mu": angle.centres,
        "mu_edge": angle.edges,
        "species": list(SPECIES),
    }
    return schema.check(schema.set_attributes(xr.Dataset(data, coords)), "background")


@pytest.fixture(scope="module")
def baseline(background):
    return steady_field(background)


def test_grid(background):
    grid = grid_of(background)
    np.testing.assert_allclose(grid.radius.centres, background["r"])
    np.testing.assert_allclose(grid.energy.centres, background["energy"])
    np.testing.assert_allclose(grid.angle.centres, background["mu"])


def test_equilibrium_is_emission_over_absorption(background):
    f = equilibrium(background)
    ratio = background["emissivity"] / (C_LIGHT * background["absorption"])
    np.testing.assert_allclose(f, ratio, rtol=1e-14)
    transparent = background.copy(deep=True)
    transparent["absorption"][1] = 0.0
    assert np.all(equilibrium(transparent)[1] == 0.0)


def test_inflow_is_equilibrium_or_given(background):
    """Of the rates where they absorb, thermal where they do not, or what the dataset says."""
    grid = grid_of(background)
    np.testing.assert_array_equal(
        inflow(background, grid), np.repeat(equilibrium(background)[:, :, :1], N_MU, axis=2)
    )
    transparent = background.copy(deep=True)
    transparent["absorption"][2] = 0.0
    np.testing.assert_allclose(
        inflow(transparent, grid)[2, :, 0],
        1 / (1 + np.exp(grid.energy.centres / float(background["temperature"][0]))),
        rtol=1e-14,
    )
    given = np.random.default_rng(0).uniform(size=(4, 2, N_MU))
    background = background.assign(inflow=(("species", "energy", "mu"), given))
    np.testing.assert_array_equal(inflow(background, grid), given)


def test_classical_run_stays_steady(background, baseline):
    """A run from the steady field changes it by no more than the residual lets it."""
    out = run_sphere(
        background, "classical", initial=baseline["f"].values, crossings=0.5, samples=4
    )
    scale = baseline["f"].max(("mu", "r"))
    assert float((np.abs(out["f_final"] - baseline["f"]) / scale).max()) < 1e-8
    assert out.attrs["number_balance_error"] < 1e-10
    schema.check(out, "solution")


OPTIONS = {
    "classical": {},
    "qke": {"xi": 1e-4},
    "bgk": {"prescription": "box", "c_tau": 1.0, "tolerance": 1e-2},
    "threshold": {"density": 1e11},
}


def solve(background, baseline, scheme, **options):
    keywords = {"crossings": 0.4, "samples": 8, "options": OPTIONS[scheme]} | options
    if SCHEMES[scheme].components == 4:
        rng = np.random.default_rng(0)
        keywords.setdefault("seed_profile", np.exp(2j * np.pi * rng.uniform(size=N_R)))
    return run_sphere(background, scheme, initial=baseline["f"].values, **keywords)


def test_every_scheme_has_options_here():
    assert set(OPTIONS) == set(SCHEMES)


def test_attenuation_may_differ_from_cell_to_cell(background, baseline):
    same = solve(background, baseline, "qke", options={"xi": np.full(N_R, 1e-4)})
    np.testing.assert_array_equal(same["f_final"], solve(background, baseline, "qke")["f_final"])
    grid, field = grid_of(background), baseline["f"].values
    state = np.zeros((4, 2, *field.shape[1:]))
    state[:2] = field.reshape(2, 2, *field.shape[1:])
    state[2] = 0.1 * grid.angle.centres[:, None] * (state[0] - state[1])
    before, xi = state.copy(), np.where(np.arange(N_R) < 10, 1.0, 0.0)
    Oscillation(Setup(grid, 0.1, background["rho"].values, {"xi": xi})).apply(state)
    changed = np.abs(state - before).max(axis=(0, 1, 2, 3)) > 1e-12
    np.testing.assert_array_equal(changed, xi > 0.0)


def test_a_run_without_a_seed_stays_unmixed():
    """Nothing enters but nue and nuebar: heavy flavours, of which there are none, are no defect."""
    shell = onset.shell(40)
    field = steady_field(shell)["f"].transpose("species", "energy", "mu", "r").values
    out = run_sphere(
        shell, "qke", initial=field, options={"xi": 1e-4}, seed_amplitude=0.0, crossings=0.5
    )
    assert float(out["coherence"].max()) == 0.0
    assert out.attrs["number_balance_error"] < 1e-14
    assert out.attrs["eln_balance_error"] < 1e-14


@pytest.mark.parametrize("xi", [np.ones(3), 1.5, -0.1, np.nan])
def test_attenuation_that_is_none_is_refused(xi, background, baseline):
    with pytest.raises(QkepipeError, match="run: xi: .* expected one number, or 24, from 0 to 1"):
        solve(background, baseline, "qke", options={"xi": xi})


@pytest.mark.parametrize("scheme", sorted(OPTIONS))
def test_balances(background, baseline, scheme):
    """Particles, and nue - nuebar - nux + nuxbar, against faces and matter."""
    out = solve(background, baseline, scheme)
    assert out.attrs["scheme"] == scheme
    assert out.attrs["number_balance_error"] < 1e-10
    if scheme != "threshold":
        assert out.attrs["eln_balance_error"] < 1e-12
    assert float(out["f"].min()) >= 0.0
    if scheme == "qke":
        assert out.attrs["max_polarisation_over_trace"] < 1 + 1e-11
        assert 0.0 < float(out["coherence"].max()) < 1.0


class Interrupted(Exception):
    pass


@pytest.mark.parametrize(
    "scheme, options",
    [
        ("classical", {}),
        ("qke", {"record": Record((3, 9), 4)}),
        ("qke", {"boundary_seed": 3}),
        ("bgk", {}),
    ],
)
def test_restart_is_bit_identical(background, baseline, scheme, options, tmp_path):
    """Stopped after three of eight samples and started again from its checkpoint."""
    whole = solve(background, baseline, scheme, **options)
    path = tmp_path / "state.npz"
    calls = []

    def stop(fraction, seconds):
        calls.append(fraction)
        if len(calls) == 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        solve(
            background,
            baseline,
            scheme,
            checkpoint=path,
            checkpoint_seconds=0.0,
            progress=stop,
            **options,
        )
    assert path.exists()
    resumed = []
    again = solve(
        background,
        baseline,
        scheme,
        checkpoint=path,
        progress=lambda fraction, seconds: resumed.append(fraction),
        **options,
    )
    assert len(resumed) < 8
    for name in ("f", "f_final", "number_flux_series", "steadiness"):
        np.testing.assert_array_equal(again[name], whole[name])
    if "record" in options:
        np.testing.assert_array_equal(again["f_recorded"], whole["f_recorded"])
    assert again.attrs["eln_balance_error"] == whole.attrs["eln_balance_error"]


@pytest.mark.parametrize("flavors", [2, 3])
def test_recorded_cells_have_the_whole_state(background, baseline, flavors):
    """At three of eight samples, the last of them; what it says is what averages are made of."""
    options = {"xi": 1e-4, "flavors": flavors}
    out = solve(background, baseline, "qke", options=options, record=Record((3, 9), 3))
    state = out["f_recorded"]
    assert state.dims == ("time_recorded", "component", "sector", "energy", "mu", "r_recorded")
    np.testing.assert_array_equal(out["time_recorded"], out["time_sample"][[2, 5, 7]])
    np.testing.assert_array_equal(out["r_recorded"], background["r"][[3, 9]])
    last = state.isel(time_recorded=-1)
    final = out["f_final"].isel(r=[3, 9]).values
    np.testing.assert_array_equal(last.sel(component="ee"), final[:2])
    heavy = [last.sel(component=c).values for c in (["xx"], ["mumu", "tautau"])[flavors - 2]]
    np.testing.assert_allclose(np.mean(heavy, axis=0), final[2:], rtol=1e-14)
    mixed = last.isel(component=slice(flavors, None))
    assert mixed.sizes["component"] == flavors * (flavors - 1)
    assert float(np.abs(mixed).max()) > 0.0
    assert "f_recorded" not in solve(background, baseline, "qke", options=options)


@pytest.mark.parametrize("flavors", [2, 3])
def test_noise_enters_at_the_inner_edge(background, baseline, flavors):
    """Nothing but what entered is mixed; its size is that of the seed, its phases change."""
    size = np.zeros(N_R, dtype=complex)
    given = {
        "options": {"xi": 0.0, "flavors": flavors},
        "seed_profile": size if flavors == 2 else np.stack([size, size]),
        "seed_amplitude": 1e-3,
        "crossings": 1.5,
    }
    runs = [solve(background, baseline, "qke", boundary_seed=k, **given) for k in (3, 3, 4)]
    late = [run["coherence_series"].isel(time_sample=-1).values for run in runs]
    np.testing.assert_array_equal(late[0], late[1])
    assert np.abs(late[0] - late[2]).max() > 0.1 * late[0].max()
    assert 1e-5 < late[0].max() < 2e-3
    # it comes from inside
    first = runs[0]["coherence_series"].isel(time_sample=0).values
    assert first[-1] < 1e-3 * first[0]
    assert runs[2].attrs["boundary_seed"] == 4


@pytest.mark.parametrize("name", ["swap", "slow_empirical", "swap_below"])
def test_a_prescription_with_a_mask_is_no_run(name, background, baseline):
    options = OPTIONS["bgk"] | {"prescription": name}
    with pytest.raises(QkepipeError, match=f"prescription: {name} holds in cells that a run"):
        solve(background, baseline, "bgk", options=options)


def test_a_broken_state_stops_the_run(background, baseline):
    bad = baseline["f"].values.copy()
    bad[0, 0, 0, 5] = np.nan
    with pytest.raises(QkepipeError, match="run: step [0-9]+, t = .* ms: state is not finite"):
        run_sphere(background, "classical", initial=bad, crossings=0.2, samples=2)


class Leak:
    """Not an operator of mixing: it makes particles."""

    keeps_trace = True

    def __init__(self, setup):
        pass

    def apply(self, f):
        f[:2] *= 1.0 + 1e-6


class Amplifier(Leak):
    """Makes flavour vectors longer than the trace."""

    def apply(self, f):
        f[2] = 0.6 * (f[0] + f[1])


@pytest.mark.parametrize(
    "operator, components, said",
    [
        (Leak, 2, r"change of the flavour trace by mixing, per step is 1e-06; expected at most"),
        (Amplifier, 4, r"\|P\| over the trace is 1\.[0-9]+; expected at most 1.05"),
    ],
)
def test_a_run_that_goes_bad_stops_in_one_line(
    operator, components, said, background, baseline, monkeypatch
):
    monkeypatch.setitem(SCHEMES, "bad", Scheme(operator, components))
    with pytest.raises(QkepipeError, match=said):
        run_sphere(background, "bad", initial=baseline["f"].values, crossings=0.2, samples=2)


def test_steps_too_long_for_the_self_interaction_are_told(background, baseline):
    """With the xi that suits them: a little less than that is no reason to warn."""
    options = {"crossings": 0.02, "samples": 8}
    with pytest.warns(UserWarning, match=r"turns flavour by up to .* try xi smaller by") as found:
        solve(background, baseline, "qke", options={"xi": 1.0}, **options)
    (message,) = (str(w.message) for w in found)
    factor = float(message.split("smaller by ")[1].split(" or ")[0])
    cells = int(message.split(" or ")[1].split(" ")[0])
    assert cells == pytest.approx(factor * background.sizes["r"], rel=1e-2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solve(background, baseline, "qke", options={"xi": 0.99 / factor}, **options)
