"""Mean energies, groups against grey moments, two frames."""

import numpy as np
import pytest
from synthetic_snapshot import edit, lines, only, scale, snapshot

from qkepipe.constants import C_LIGHT, MEV_ERG


def _grey():
    keep = ["rho", "temperature", "ye", "nu_number_density", "nu_energy_density"]
    return snapshot()[keep]


def _groups(of_number=True, of_energy=False):
    """Number and energy density from one spectrum, each grey or in groups."""
    data = snapshot()
    energy, edges = data["energy"].values, data["energy_edge"].values
    mean = (data["nu_energy_density"] / data["nu_number_density"] / MEV_ERG).values
    weight = energy**2 * np.diff(edges) * np.exp(-3.0 * energy / mean[:, None, :].swapaxes(1, 2)
                                                 )  # fmt: skip
    weight = np.moveaxis(weight, -1, 1)
    weight /= weight.sum(axis=1, keepdims=True)
    number = data["nu_number_density"].values[:, None, :] * weight
    density = number * energy[None, :, None] * MEV_ERG
    grey, spectral = ("species", "r"), ("species", "energy", "r")
    out = data[["rho", "temperature", "ye"]].assign_coords(
        energy=data["energy"], energy_edge=data["energy_edge"], species=data["species"]
    )
    out["nu_number_density"] = (
        (spectral, number) if of_number else (grey, number.sum(1))
    )  # fmt: skip
    out["nu_energy_density"] = (spectral, density) if of_energy else (grey, density.sum(1))
    out["nu_number_density"].attrs["units"] = "cm-3"
    out["nu_energy_density"].attrs["units"] = "erg cm-3"
    return out


def _per_mev(name):
    width = np.diff(snapshot()["energy_edge"].values)
    return {name: lambda v: v / width[:, None]}


@pytest.mark.parametrize("factor", [1.0 / MEV_ERG, 1e-3])
def test_unit_of_energy(factor):
    text = only(edit(_grey(), nu_energy_density=scale(factor)))
    assert "nu_energy_density[nue,0]: mean energy" in text
    assert "unit of energy?" in text


@pytest.mark.parametrize("number, energy", [(True, False), (False, True), (True, True)])
def test_groups_that_fit(number, energy):
    assert lines(_groups(number, energy)) == []


@pytest.mark.parametrize(
    "number, energy, name",
    [
        (True, False, "nu_number_density"),
        (False, True, "nu_energy_density"),
    ],
)
def test_per_mev_taken_as_group(number, energy, name):
    text = only(edit(_groups(number, energy), **_per_mev(name)))
    assert f"{name}[nue," in text
    assert "per MeV?" in text


def test_groups_of_another_spectrum():
    data = edit(_groups(True, True), nu_energy_density=lambda v: v[:, ::-1])
    text = only(data)
    assert "energy over number is off the groups" in text
    assert "per MeV?" not in text


def test_lab_density_is_the_fluid_density():
    """At 0.1 c and a forward field the frames differ by 10 %."""
    data = snapshot()
    mixed = edit(data, nu_number_density=lambda v: data["nu_number_density_fluid"].values)
    keep = ["rho", "temperature", "ye", "velocity_r", "nu_number_density",
            "nu_number_density_fluid", "nu_number_flux_fluid"]  # fmt: skip
    text = only(mixed[keep], "warning")
    assert "frames mixed?" in text
    assert lines(data[keep]) == []


def test_declared_frames_of_a_ratio():
    data = snapshot().copy(deep=True)
    data["nu_number_density"].attrs["frame"] = "lab"
    data["nu_number_flux"].attrs["frame"] = "fluid"
    assert "nu_number_flux: frames mixed: fluid, but nu_number_density is lab" in only(
        data, "warning"
    )


def test_transformation_of_the_oracle():
    """The synthetic fluid moments: their invariant n^2 - F^2/c^2 is that of the lab."""
    data = snapshot()
    lab = data["nu_number_density"] ** 2 - (data["nu_number_flux"] / C_LIGHT) ** 2
    fluid = data["nu_number_density_fluid"] ** 2 - (data["nu_number_flux_fluid"] / C_LIGHT) ** 2
    np.testing.assert_allclose(fluid.values, lab.values, rtol=1e-9)
