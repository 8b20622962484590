"""Moments that no radiation field has."""

import numpy as np
import pytest
from synthetic_snapshot import edit, lines, only, put, scale, snapshot

from qkepipe.constants import C_LIGHT
from qkepipe.snapshot.checks import clip_noise


def _plain():
    """Number moments alone, so that an edit contradicts nothing else."""
    keep = ["rho", "temperature", "ye", "velocity_r", "nu_number_density", "nu_number_flux"]
    return snapshot()[keep]


def _closure():
    """Eddington factors and densities, without fluxes."""
    return snapshot()[["rho", "temperature", "ye", "nu_number_density", "nu_eddington"]]


def test_negative_density():
    text = only(edit(_plain(), nu_number_density=scale(-1.0, (1, 8))))
    assert "nu_number_density[nuebar,8] = -" in text
    assert "negative" in text


def test_negative_noise_is_a_warning():
    data = edit(_plain(), nu_number_density=put((2, 30), -1.0), nu_number_flux=put((2, 30), 0.0))
    text = only(data, "warning")
    assert "nu_number_density[nux,30] = -1 cm-3" in text
    assert "clipped" in text


def test_negative_energy_density():
    data = snapshot()[["rho", "temperature", "ye", "nu_energy_density"]]
    assert "nu_energy_density[nue,3] = -" in only(edit(data, nu_energy_density=scale(-1.0, (0, 3))))


def test_flux_above_the_speed_of_light():
    text = only(edit(_plain(), nu_number_flux=scale(1.2, (0, 39))))
    assert "nu_number_flux[nue,39]" in text
    assert "abs(F) is 1.14 times c nu_number_density" in text


def test_inward_flux_is_bounded_as_well():
    assert "not causal" in only(edit(_plain(), nu_number_flux=scale(-1.2, (0, 39))))


def test_slight_excess_is_a_warning():
    data = _plain()
    flux = 1.0005 * C_LIGHT * data["nu_number_density"].values[0, 39]
    text = only(edit(data, nu_number_flux=put((0, 39), flux)), "warning")
    assert "nu_number_flux[nue,39]" in text and "clipped" in text


def test_flux_without_particles():
    data = edit(_plain(), nu_number_density=put((0, 20), 0.0))
    assert "not causal: abs(F) is inf times" in only(data)


def test_energy_flux_is_bounded_as_well():
    data = snapshot()[["rho", "temperature", "ye", "nu_energy_density", "nu_energy_flux"]]
    assert "nu_energy_flux[nux,39]" in only(edit(data, nu_energy_flux=scale(1.1, (2, 39))))


def test_exchanged_density_and_flux():
    data = _plain()
    swapped = edit(
        data,
        nu_number_density=lambda v: data["nu_number_flux"].values,
        nu_number_flux=lambda v: data["nu_number_density"].values,
    )
    found = lines(swapped)
    assert len(found) == 1
    assert "nu_number" in found[0]


def test_eddington_factor_below_the_closure():
    text = only(edit(_closure(), nu_eddington=put((0, 2), 1.0 / 3.0 - 1e-5)))
    assert "nu_eddington[nue,2] = 0.333323: Eddington factor too small" in text


def test_eddington_noise_is_accepted():
    assert lines(edit(_closure(), nu_eddington=put((0, 2), 1.0 / 3.0 - 5e-7))) == []
    above = edit(_closure(), nu_eddington=put((0, 39), 1.0 + 5e-7))
    assert lines(above) == []
    assert float(clip_noise(above)["nu_eddington"].max()) == 1.0


def test_eddington_factor_that_is_no_number():
    assert "nu_eddington[nue,2] = nan" in only(edit(_closure(), nu_eddington=put((0, 2), np.nan)))


def test_eddington_factor_above_one():
    assert "Eddington factor above 1" in only(edit(_closure(), nu_eddington=put((0, 39), 1.01)))


def test_eddington_factor_of_transport_may_be_below_a_third():
    """Distributions in angle exist for any chi >= f^2 (the variance of mu is not negative)."""
    data = snapshot()
    assert lines(edit(data, nu_eddington=put((0, 12), 0.31))) == []
    assert "at least the square of the flux factor" in only(
        edit(data, nu_eddington=put((0, 39), 0.8))
    )


def test_anisotropic_where_opaque():
    text = only(edit(_closure(), nu_eddington=put((1, 3), 0.4)))
    assert "nu_eddington[nuebar,3] = 0.4: unphysical in optically thick matter" in text
    text = only(edit(_plain(), nu_number_flux=scale(4.0, (0, 10))))
    assert "unphysical in optically thick matter: large flux factor" in text


def test_shifted_column_is_anisotropic_where_opaque():
    data = edit(_closure(), nu_eddington=lambda v: np.roll(v, 1, axis=1))
    assert "nu_eddington[nue,0]" in only(data)


@pytest.mark.parametrize("speed", [0.0, 3e9])
def test_flux_of_moving_opaque_matter(speed):
    """An isotropic field that moves with the fluid has the flux factor 4 v/(3 c) in the lab."""
    data = edit(
        _plain(),
        velocity_r=put(slice(0, 4), speed),
        nu_number_flux=lambda v: np.where(
            np.arange(v.shape[1]) < 4,
            4.0 / 3.0 * 3e9 * snapshot()["nu_number_density"].values, v,
        ),
    )  # fmt: skip
    assert bool(lines(data)) == (speed == 0.0)
