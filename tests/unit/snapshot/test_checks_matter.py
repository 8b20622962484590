"""Atmosphere, table floor, composition and charge."""

import numpy as np
import pytest
from synthetic_snapshot import edit, lines, only, scale, snapshot


def _flat_tail(values):
    values[..., -6:] = values[..., [-6]]
    return values


def _plain():
    """Matter without what the edits would contradict."""
    return snapshot()[["rho", "temperature", "ye", "velocity_r"]]


def test_atmosphere_is_a_warning_with_count():
    data = edit(_plain(), rho=_flat_tail, temperature=_flat_tail, ye=_flat_tail)
    text = only(data, "warning")
    assert "rho[34] = " in text
    assert "atmosphere" in text and "(6 such zones)" in text


def test_density_plateau_of_varying_temperature_is_no_atmosphere():
    assert lines(edit(_plain(), rho=_flat_tail, ye=_flat_tail)) == []


def test_table_floor_is_a_note():
    text = only(edit(_plain(), ye=lambda v: np.maximum(v, 0.12)), "note")
    assert "ye[0] = 0.12: one value above 1e+10 g cm-3" in text


def test_number_per_baryon():
    # half of the neutrons in nuclei, given as number instead of mass
    data = edit(snapshot(), x_n=scale(0.5)).drop_vars(["mu_n", "mu_p"])
    text = only(data)
    assert "x_n[0]: number per baryon?" in text
    assert "declaring per_baryon" in text


def test_incomplete_composition_is_a_warning():
    data = edit(snapshot(), x_n=lambda v: np.where(np.arange(v.size) == 20, v - 0.09, v))
    text = only(data, "warning")
    assert "x_n[20]: composition incomplete" in text
    assert "worst 0.91" in text


@pytest.mark.parametrize("part", ["x_alpha", "x_heavy"])
def test_three_of_four_fractions_are_not_summed(part):
    assert lines(snapshot().drop_vars(part)) == []


def test_charge_of_the_nuclei():
    """The charge of alphas: a quarter of the neutrons and as many protons, bound."""
    data = snapshot()
    bound = 0.2 * data["x_p"].values
    alphas = edit(
        data, x_p=lambda v: v - bound, x_n=lambda v: v - bound, x_alpha=lambda v: v + 2 * bound
    ).drop_vars(["mu_n", "mu_p"])
    assert lines(alphas) == []
    # the same with the charge of the alphas forgotten
    wrong = edit(alphas, ye=lambda v: v - bound).drop_vars(["mu_e"])
    text = only(wrong, "warning")
    assert "not the charge of the nuclei" in text


def test_charge_of_heavy_nuclei_needs_their_numbers():
    data = snapshot().drop_vars(["mu_n", "mu_p", "mu_e"])
    iron = edit(
        data, x_n=scale(0.0), x_p=scale(0.0), x_heavy=lambda v: v + 1.0,
    )  # fmt: skip
    assert lines(iron) == []
    known = iron.assign(
        abar=("r", np.full(40, 56.0), {"units": "1"}), zbar=("r", np.full(40, 26.0), {"units": "1"})
    )
    assert "0.4643 per baryon" in only(known, "warning")
