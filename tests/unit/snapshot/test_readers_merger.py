"""The merger profile read without options gives the physics its columns imply.

Targets: README of ``bnsm_thc_m1``, computed there from the columns alone.
"""

import numpy as np
import pytest

from qkepipe.constants import C_LIGHT, H_C, MEV_ERG, SQRT2_GF_RATE
from qkepipe.snapshot import open_snapshot
from qkepipe.units import KM_CM

ZETA_3 = 1.2020569031595942


def at(profile, r, value):
    """Radii [km] where a profile passes a value, by linear interpolation."""
    sign = np.sign(profile - value)
    i = np.flatnonzero(sign[1:] * sign[:-1] < 0)
    w = (value - profile[i]) / (profile[i + 1] - profile[i])
    return (r[i] + w * (r[i + 1] - r[i])) / KM_CM


def eln(snapshot, name):
    return (snapshot[name].sel(species="nue") - snapshot[name].sel(species="nuebar")).values


def test_nux_is_one_species_and_the_baryon_mass_is_that_of_the_header(merger):
    """In the core a Fermi gas at mu = 0: n = 3/2 zeta(3) 4 pi (T/hc)^3."""
    core = merger.isel(r=merger["r"].values < 5 * KM_CM)
    gas = 1.5 * ZETA_3 * 4 * np.pi * (core["temperature"] / H_C) ** 3
    ratio = core["nu_number_density"].sel(species="nux") / gas
    # digits of the file: single zones scatter by 4e-5
    assert float(ratio.median()) == pytest.approx(1.00001, abs=2e-6)
    np.testing.assert_allclose(ratio, 1.0, rtol=0, atol=6e-5)
    assert merger.attrs["heavy_multiplicity"] == 1
    np.testing.assert_array_equal(
        merger["nu_number_density"].sel(species="nuxbar"),
        merger["nu_number_density"].sel(species="nux"),
    )


def test_the_atomic_mass_unit_would_be_one_percent_off(merger, merger_path):
    from qkepipe.constants import M_U_GRAM

    other = open_snapshot(merger_path, baryon_mass=M_U_GRAM)
    ratio = other["nu_number_density"] / merger["nu_number_density"]
    np.testing.assert_allclose(ratio, 922.293227699518 / 931.49410372, rtol=1e-9)


def test_matter(merger):
    r, rho = merger["r"].values, merger["rho"].values
    found = [at(np.log(rho), r, np.log(10.0**k))[0] for k in (14, 13, 12, 11, 10, 9)]
    np.testing.assert_allclose(found, [8.30, 9.08, 9.69, 10.33, 10.85, 12.41], rtol=0, atol=0.01)
    assert float(merger["temperature"].max()) == pytest.approx(21.78, abs=0.005)
    assert float(merger["ye"].min()) == pytest.approx(0.0494, abs=5e-5)
    assert float(merger["ye"].max()) == pytest.approx(0.530, abs=5e-4)
    assert float(merger["time"]) == pytest.approx(0.05)
    assert merger.sizes["r"] == 69


def test_ratio_of_electron_flavours(merger):
    n = merger["nu_number_density"]
    ratio = (n.sel(species="nuebar") / n.sel(species="nue")).values
    np.testing.assert_allclose(at(ratio, merger["r"].values, 1.0), [8.70, 9.96], rtol=0, atol=0.01)
    assert ratio.min() == pytest.approx(0.670, abs=5e-4)
    assert ratio.max() == pytest.approx(58.9, abs=0.05)


@pytest.mark.parametrize("closure, growth", [("minerbo", 2.83e10), ("levermore", 2.52e10)])
def test_fast_instability_condition(merger_path, closure, growth):
    snapshot = open_snapshot(merger_path, closure=closure)
    n, f = eln(snapshot, "nu_number_density"), eln(snapshot, "nu_number_flux") / C_LIGHT
    unstable = np.abs(f) > np.abs(n)
    np.testing.assert_allclose(
        snapshot["r"].values[unstable] / KM_CM, [9.968, 10.214], rtol=0, atol=1e-3
    )
    i = int(np.argmax(unstable))
    assert SQRT2_GF_RATE * np.sqrt(f[i] ** 2 - n[i] ** 2) == pytest.approx(growth, rel=2e-3)
    assert snapshot.attrs["flux_source"] == f"closure:{closure}"
    assert snapshot["nu_number_flux"].attrs["flux_source"] == f"closure:{closure}"


def test_matter_neutrino_resonance(merger):
    electrons = (merger["rho"] * merger["ye"]).values / merger.attrs["baryon_mass"]
    total = electrons + eln(merger, "nu_number_density")
    r = merger["r"].values
    np.testing.assert_allclose(at(total, r, 0.0), [15.35], rtol=0, atol=0.01)
    np.testing.assert_array_equal(total < 0.0, r > 15.36 * KM_CM)
    assert np.sum(total < 0.0) == 7
    assert total[-1] / electrons[-1] == pytest.approx(-0.503, abs=5e-4)


def test_flux_factors_and_mean_energies(merger):
    n, e = merger["nu_number_density"], merger["nu_energy_density"]
    factor = merger["nu_number_flux"] / (C_LIGHT * n)
    np.testing.assert_allclose(factor[:3, -1], [0.672, 0.667, 0.653], rtol=0, atol=5e-4)
    np.testing.assert_allclose(merger["nu_energy_flux"] / (C_LIGHT * e), factor, rtol=1e-12)
    mean = e / n / MEV_ERG
    near = mean.sel(r=[9.97 * KM_CM, 15.87 * KM_CM], method="nearest").values[:3]
    np.testing.assert_allclose(near.T, [[20.3, 25.8, 29.8], [17.2, 21.1, 27.0]], rtol=0, atol=0.05)


def test_composition_is_kept_and_its_gap_is_a_warning(merger):
    total = sum(merger[x] for x in ("x_n", "x_p", "x_alpha", "x_heavy"))
    assert float(total.min()) == pytest.approx(0.8955, abs=5e-5)
    assert float(total["r"][int(np.argmin(total.values))]) == pytest.approx(9.23 * KM_CM, rel=1e-3)
    assert "composition incomplete" in merger.attrs["warnings"]


def test_potentials(merger):
    np.testing.assert_allclose(merger["delta_u"], merger["u_n"] - merger["u_p"])
    # hot dilute zone: rest masses are included
    far = merger.isel(r=-1)
    thermal = far["temperature"] * np.log(far["x_n"] / far["x_p"])
    assert float(far["mu_n"] - far["mu_p"] - thermal) == pytest.approx(1.293, abs=0.01)


def test_provenance(merger, merger_path):
    import hashlib

    assert merger.attrs["source_format"] == "delimited"
    assert merger.attrs["source_file"] == str(merger_path)
    assert merger.attrs["source_sha256"] == hashlib.sha256(merger_path.read_bytes()).hexdigest()
    assert merger.attrs["frame"] == "unknown"
    assert "post merger" in merger.attrs["simulation"]
    assert "column 2 -> r, unit km (factor 100000.0)" in merger.attrs["history"]
