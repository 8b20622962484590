"""The stage that makes the background, with the equation of state of the configuration."""

import numpy as np

from qkepipe import open_snapshot
from qkepipe.study.load import load_config
from qkepipe.study.plan import Plan, settings_view
from qkepipe.study.stages import background


def test_stage_takes_what_the_snapshot_lacks_from_the_table(shared):
    """A profile without potentials and composition, from 6e11 g cm^-3 outwards."""
    table = shared / "eos_table" / "nse23_stellarcollapse_rho84_temp34_ye25.h5"
    config = load_config(
        {
            "grid": {"r_in_km": 31, "r_out_km": 90, "n_r": 16, "n_mu": 4, "n_energy": 2},
            "background": {"eos": {"format": "stellarcollapse", "path": str(table)}},
        }
    )
    # as the workflow passes it
    view = settings_view(Plan(config).settings("background"))
    profile = open_snapshot(shared / "ccsn_1d" / "ccsn_1d.txt")
    given = background.run(view, profile)
    assert np.all(given["mu_e_source"] == 0)
    lost = ["mu_e", "mu_hat", "x_n", "x_p", "x_alpha", "x_heavy", "abar", "zbar"]
    out = background.run(view, profile.drop_vars(lost))
    for name in ("composition", "mu_e", "mu_hat"):
        assert np.all(out[f"{name}_source"] == 3)
    assert out.attrs["eos_file"] == str(table)
    assert out.attrs["eos_electron_mass"] == out.attrs["eos_nucleon_masses"] == "included"
    np.testing.assert_allclose(out["mu_e"], given["mu_e"], rtol=0.02)
    # rates of two equations of state that are both nearly free gases here
    np.testing.assert_allclose(
        out["absorption"].sel(species="nue"), given["absorption"].sel(species="nue"), rtol=0.03
    )
