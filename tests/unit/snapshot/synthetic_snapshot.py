"""A small consistent snapshot, and one edit at a time, for the tests of the checks.

Ideal gases, composition of free nucleons, neutrinos in equilibrium where the matter is
dense and diluted outside. Integrals and roots by scipy, independent of the package.
"""

from functools import cache

import numpy as np
import xarray as xr
from scipy.integrate import quad
from scipy.optimize import brentq

from qkepipe.constants import C_LIGHT, HBAR_C, M_ELECTRON, M_U_GRAM, MEV_ERG, Q_NP
from qkepipe.schema import set_attributes
from qkepipe.snapshot.checks import snapshot_defects

SPECIES = ["nue", "nuebar", "nux", "nuxbar"]
ZONES = 40
#: Moments of neutrinos in the standard names.
MOMENTS = ("nu_number_density", "nu_number_flux", "nu_energy_density", "nu_energy_flux")


def _fermi(x):
    return 1.0 / (np.exp(min(x, 700.0)) + 1.0)


def electron_potential(density, temperature):
    """mu_e [MeV] of electrons and positrons of finite mass, by quadrature and bisection."""

    def net(mu):
        def integrand(p):
            energy = np.hypot(p, M_ELECTRON)
            occupied = _fermi((energy - mu) / temperature) - _fermi((energy + mu) / temperature)
            return p * p * occupied

        top = max(mu, 0.0) + 60.0 * temperature
        points = [mu] if 0.0 < mu < top else None
        value = quad(integrand, 0.0, top, points=points, limit=400)[0]
        return value / (np.pi**2 * HBAR_C**3) / density - 1.0

    return brentq(net, 0.0, 500.0, xtol=1e-8)


def fermi_gas(temperature, mu):
    """Number [cm^-3] and energy density [erg cm^-3] of one massless species."""
    moments = [
        quad(lambda e, k=k: e**k * _fermi((e - mu) / temperature), 0.0,
             max(mu, 0.0) + 60.0 * temperature, limit=400)[0]
        for k in (2, 3)
    ]  # fmt: skip
    states = 1.0 / (2.0 * np.pi**2 * HBAR_C**3)
    return states * moments[0], states * moments[1] * MEV_ERG


def minerbo(factor):
    """Eddington factor of the maximum-entropy closure of Minerbo (1978)."""
    return 1.0 / 3.0 + factor**2 * (6.0 - 2.0 * factor + 6.0 * factor**2) / 15.0


@cache
def snapshot():
    """A snapshot in which nothing is wrong; :func:`edit` makes changed copies."""
    edges = np.geomspace(5e5, 3e7, ZONES + 1)
    r = np.sqrt(edges[1:] * edges[:-1])
    x = np.linspace(0.0, 1.0, ZONES)
    rho = 2e14 * 10.0 ** (-6.5 * x**1.3)
    temperature = 15.0 * 10.0 ** (-0.9 * x)
    ye = 0.1 + 0.35 * x**2
    mu_e = np.array([electron_potential(*z) for z in zip(rho * ye / M_U_GRAM, temperature,
                                                        strict=True)])  # fmt: skip
    mu_hat = temperature * np.log((1.0 - ye) / ye) + Q_NP
    mu_nu = np.stack([mu_e - mu_hat, mu_hat - mu_e, 0.0 * mu_e, 0.0 * mu_e])
    gas = np.array([[fermi_gas(t, m) for t, m in zip(temperature, row, strict=True)]
                    for row in mu_nu])  # fmt: skip
    number, energy = gas[..., 0], gas[..., 1]
    # equilibrium inside, radiation from zone 15 outside
    sphere, factor = 15, np.clip((rho / 1e12) ** -0.6, 0.0, 1.0) * 0.1
    for field in (number, energy):
        field[:, sphere:] = field[:, [sphere]] * (r[sphere] / r[sphere:]) ** 2
    factor[sphere:] = np.linspace(factor[sphere], 0.95, ZONES - sphere)
    velocity = -np.minimum(3e9, 1e8 * (r / r[0]))
    beta = velocity / C_LIGHT
    group_edges = np.array([0.0, 2.0, 5.0, 9.0, 14.0, 20.0, 28.0, 40.0, 60.0, 90.0, 150.0])
    group = 0.75 * (group_edges[1:] ** 4 - group_edges[:-1] ** 4)
    group /= group_edges[1:] ** 3 - group_edges[:-1] ** 3
    occupation = 1.0 / (1.0 + np.exp(np.minimum(
        (group[None, :, None] - mu_nu[:, None]) / temperature, 700.0)))  # fmt: skip
    absorption = 1e-20 * group[None, :, None] ** 2 * rho * np.ones((4, 1, 1))
    sr, ser = ("species", "r"), ("species", "energy", "r")
    data = xr.Dataset(
        {
            "rho": ("r", rho),
            "temperature": ("r", temperature),
            "ye": ("r", ye),
            "velocity_r": ("r", velocity),
            "mu_e": ("r", mu_e),
            "mu_n": ("r", 900.0 + mu_hat),
            "mu_p": ("r", np.full(ZONES, 900.0)),
            "x_n": ("r", 1.0 - ye),
            "x_p": ("r", ye.copy()),
            "x_alpha": ("r", np.zeros(ZONES)),
            "x_heavy": ("r", np.zeros(ZONES)),
            "nu_number_density": (sr, number),
            "nu_number_flux": (sr, number * C_LIGHT * factor),
            "nu_energy_density": (sr, energy),
            "nu_energy_flux": (sr, energy * C_LIGHT * factor),
            "nu_eddington": (sr, np.tile(minerbo(factor), (4, 1))),
            "emissivity": (ser, C_LIGHT * absorption * occupation),
            "absorption": (ser, absorption),
            "scattering": (ser, absorption.copy()),
        },
        coords={
            "r": r, "r_edge": edges, "energy": group, "energy_edge": group_edges,
            "species": SPECIES,
        },
        attrs={"baryon_mass": M_U_GRAM, "frame": "lab"},
    )  # fmt: skip
    for name in ("mu_e", "mu_n", "mu_p"):
        data[name].attrs["rest_mass"] = "included"
    # the transformation of the number current: n' = W (n - v F/c^2), F' = W (F - v n)
    lorentz = 1.0 / np.sqrt(1.0 - beta**2)
    flux = number * C_LIGHT * factor
    data["nu_number_density_fluid"] = (sr, lorentz * (number - beta * flux / C_LIGHT))
    data["nu_number_flux_fluid"] = (sr, lorentz * (flux - velocity * number))
    return set_attributes(data)


def edit(data, **changes):
    """Copy with ``variable=function(values)`` applied; attributes stay."""
    data = data.copy(deep=True)
    for name, change in changes.items():
        variable = (data[name].dims, np.asarray(change(data[name].values.copy())),
                    data[name].attrs)  # fmt: skip
        if name in data.coords:
            data = data.assign_coords({name: variable})
        else:
            data[name] = variable
    return data


def put(index, value):
    """Change for :func:`edit`: set one element."""

    def change(values):
        values[index] = value
        return values

    return change


def scale(factor, index=...):
    """Change for :func:`edit`: multiply a part."""

    def change(values):
        values[index] = values[index] * factor
        return values

    return change


def turn(values):
    """Change for :func:`edit`: reverse the order of zones."""
    return values[..., ::-1]


def only(data, severity="error"):
    """The one line that a snapshot gives; fails if there is another."""
    found = snapshot_defects(data, "file.nc")
    assert [d.severity for d in found] == [severity], "\n".join(map(str, found))
    return str(found[0])


def lines(data):
    """All lines that a snapshot gives."""
    return [str(d) for d in snapshot_defects(data, "file.nc")]
