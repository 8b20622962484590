"""Detailed balance of given rates, and the three conventions that break it."""

import numpy as np
import pytest
from synthetic_snapshot import edit, lines, only, scale, snapshot

from qkepipe.constants import C_LIGHT


def _plain():
    keep = ["rho", "temperature", "ye", "mu_e", "mu_n", "mu_p", "emissivity", "absorption"]
    data = snapshot()
    return data[keep].assign_coords(energy_edge=data["energy_edge"])


@pytest.mark.parametrize("factor", [4.0 * np.pi, 0.25 / np.pi])
def test_per_steradian(factor):
    text = only(edit(_plain(), emissivity=scale(factor)))
    assert "emissivity: per steradian?" in text


def test_bare_absorption():
    """kappa = kappa* - j/c in the place of kappa*."""
    data = _plain()
    emission = data["emissivity"].values
    text = only(edit(data, absorption=lambda v: v - emission / C_LIGHT))
    assert "absorption: bare absorption?" in text


def test_per_mev():
    width = np.diff(snapshot()["energy_edge"].values)[:, None]
    assert "emissivity: per MeV?" in only(edit(_plain(), emissivity=lambda v: v / width))


def test_other_factor_is_a_warning():
    text = only(edit(_plain(), emissivity=scale(2.0)), "warning")
    assert "no detailed balance: j/(c kappa f_FD) is 2 (median)" in text


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_rates_within_tolerance(factor):
    assert lines(edit(_plain(), emissivity=scale(factor))) == []


def test_thin_matter_is_not_judged():
    data = edit(_plain().where(_plain()["rho"] < 1e12, drop=True), emissivity=scale(4.0 * np.pi))
    assert lines(data) == []


def test_heavy_neutrinos_are_not_judged():
    assert lines(edit(_plain(), emissivity=scale(7.0, slice(2, 4)))) == []
