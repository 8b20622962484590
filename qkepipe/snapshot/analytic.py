"""Embedded post-bounce supernova model: an analytic snapshot that needs no data.

Four layers, each a textbook relation of the stalled-shock phase (Bethe 1990, Rev. Mod.
Phys. 62, 801; Janka 2001, A&A 368, 527, section 3):

- the surface of the proto-neutron star: an isothermal nucleon gas in hydrostatic
  equilibrium, rho = rho_s exp[(G M m_u/T_s) (1/r - 1/R_s)];
- the shocked mantle, where radiation and pairs carry the pressure: rho ~ r^-3, T ~ 1/r,
  added to the first layer, so that the transition is smooth;
- the accretion shock at R_shock with the compression of a strong shock in a gas of
  adiabatic index 4/3, a factor 7;
- free fall ahead of it: v = -sqrt(2 G M/r), rho = Mdot/(4 pi r^2 |v|), T ~ rho^(1/3).

Matter is Newtonian; the metric is that of vacuum around the mass M (the matter of the model
is light), lapse sqrt(1 - 2 G M/(r c^2)) and its inverse as radial metric.

The electron fraction is that of beta equilibrium with neutrinos of a given degeneracy,

    mu_e - (m_n - m_p) - T ln[(1 - ye)/ye] = eta T ,

with mu_e of massless electrons, n_e = (mu^3 + pi^2 T^2 mu)/(3 pi^2 (hbar c)^3) (Bludman &
van Riper 1978, ApJ 224, 631), bounded by the ye of the infalling matter. ``degeneracy`` = eta
is the knob of the lepton asymmetry: towards negative values more nuebar than nue leave the
star. Between the two signs lies a window where ELN changes sign with direction, which makes
the field outside the neutrinospheres unstable to fast conversion.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, G_NEWTON, HBAR_C, M_SUN, M_U, M_U_GRAM, Q_NP
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.units import KM_CM

__all__ = ["beta_equilibrium_ye", "post_bounce_model"]

#: Compression of a strong shock, (gamma + 1)/(gamma - 1) with gamma = 4/3.
_COMPRESSION = 7.0
#: Electron fraction and temperature [MeV] of the matter that meets the shock.
_YE_INFALL = 0.495
_T_INFALL = 0.6

#: Allowed ranges of the parameters.
_RANGES = {
    "mass": (0.5, 3.0),
    "accretion_rate": (1e-3, 10.0),
    "surface_radius_km": (10.0, 100.0),
    "surface_density": (1e10, 1e13),
    "surface_temperature": (2.0, 15.0),
    "shock_radius_km": (50.0, 1000.0),
    "degeneracy": (-5.0, 5.0),
    "zones": (20, 100000),
}


def beta_equilibrium_ye(rho, temperature, degeneracy: float) -> np.ndarray:
    """Electron fraction in equilibrium with neutrinos of degeneracy mu_nue/T.

    Parameters
    ----------
    rho, temperature : ndarray
        [g cm^-3], [MeV]; same shape.
    degeneracy : float
        mu_nue/T.

    Returns
    -------
    ndarray
        ye in (0, 1), by bisection of the equation in the module's header, whose left side
        rises monotonically with ye.
    """
    rho, t = np.asarray(rho, dtype=float), np.asarray(temperature, dtype=float)
    states = 3.0 * np.pi**2 * HBAR_C**3
    b = (np.pi * t) ** 2 / 3.0
    low, high = np.full(rho.shape, 1e-6), np.full(rho.shape, 1.0 - 1e-6)
    for _ in range(60):
        ye = 0.5 * (low + high)
        # real root of mu^3 + 3 b mu = states n_e
        q = 0.5 * states * rho / M_U_GRAM * ye
        mu_e = 2.0 * np.sqrt(b) * np.sinh(np.arcsinh(q / b**1.5) / 3.0)
        below = mu_e - Q_NP - t * np.log((1.0 - ye) / ye) < degeneracy * t
        low, high = np.where(below, ye, low), np.where(below, high, ye)
    return 0.5 * (low + high)


def post_bounce_model(
    mass: float = 1.5,
    accretion_rate: float = 0.3,
    surface_radius_km: float = 35.0,
    surface_density: float = 4e11,
    surface_temperature: float = 5.0,
    shock_radius_km: float = 100.0,
    degeneracy: float = -0.25,
    zones: int = 400,
    r_min_km: float = 20.0,
    r_max_km: float = 500.0,
) -> xr.Dataset:
    """Analytic post-bounce profile, see the module's header.

    Parameters
    ----------
    mass : float
        Gravitating mass [solar masses].
    accretion_rate : float
        [solar masses per second].
    surface_radius_km, surface_density, surface_temperature : float
        R_s [km], rho_s [g cm^-3] and T_s [MeV] of the isothermal layer.
    shock_radius_km : float
        [km].
    degeneracy : float
        mu_nue/T of the beta equilibrium: the knob of the lepton asymmetry.
    zones : int
        Number of zones, geometric in r.
    r_min_km, r_max_km : float
        Radial range [km].

    Returns
    -------
    Dataset
        Canonical snapshot: ``rho temperature ye velocity_r lapse radial_metric`` over ``r``.

    Raises
    ------
    QkepipeError
        For parameters out of range, one line each.
    """
    given = {
        "mass": mass, "accretion_rate": accretion_rate, "surface_radius_km": surface_radius_km,
        "surface_density": surface_density, "surface_temperature": surface_temperature,
        "shock_radius_km": shock_radius_km, "degeneracy": degeneracy, "zones": zones,
    }  # fmt: skip
    wrong = [
        Defect("analytic model", name, f"{value!r}", "{:g} to {:g}".format(*_RANGES[name]))
        for name, value in given.items()
        if not (isinstance(value, int | float) and _RANGES[name][0] <= value <= _RANGES[name][1])
    ]
    if not wrong and not 0.0 < r_min_km < surface_radius_km < shock_radius_km < r_max_km:
        wrong.append(
            Defect(
                "analytic model",
                "radii",
                f"r_min = {r_min_km:g}, surface = {surface_radius_km:g}, "
                f"shock = {shock_radius_km:g}, r_max = {r_max_km:g} km",
                "0 < r_min < surface < shock < r_max",
            )
        )
    if wrong:
        raise QkepipeError(wrong)
    gravity = G_NEWTON * mass * M_SUN
    orbit = 3.0 * gravity / C_LIGHT**2 / KM_CM
    if r_min_km <= orbit:
        raise QkepipeError(
            Defect("analytic model", "r_min_km", f"{r_min_km:g}",
                   f"above {orbit:.3g} km, the photon sphere of the mass")
        )  # fmt: skip
    edges = KM_CM * np.geomspace(r_min_km, r_max_km, int(zones) + 1)
    r = 0.5 * (edges[1:] + edges[:-1])
    surface, shock = KM_CM * surface_radius_km, KM_CM * shock_radius_km
    # G M m_u/T_s as a length: potential energy over temperature, times r
    reach = gravity / C_LIGHT**2 * M_U / surface_temperature

    def layer(radius):
        return surface_density * np.exp(reach * (1.0 / radius - 1.0 / surface))

    ahead = accretion_rate * M_SUN / (4.0 * math.pi * shock**2 * np.sqrt(2.0 * gravity / shock))
    # the jump holds for the sum of both layers
    mantle = _COMPRESSION * ahead - layer(shock)
    if mantle <= 0.0:
        raise QkepipeError(
            Defect(
                "analytic model",
                "surface_density",
                f"the isothermal layer has {layer(shock):.3g} g cm-3 at the shock",
                f"less than the {_COMPRESSION * ahead:.3g} g cm-3 behind a strong shock",
                "a lower surface_density or surface_temperature, or a larger shock radius",
            )
        )
    rho = layer(r) + mantle * (shock / r) ** 3
    # isothermal inside, 1/r outside
    temperature = surface_temperature / (1.0 + (r / surface) ** 4) ** 0.25 * 2.0**0.25
    flow = accretion_rate * M_SUN / (4.0 * math.pi * r**2)
    velocity = -flow / rho
    outside = r > shock
    fall = np.sqrt(2.0 * gravity / r)
    rho = np.where(outside, flow / fall, rho)
    velocity = np.where(outside, -fall, velocity)
    temperature = np.where(outside, _T_INFALL * (rho / ahead) ** (1.0 / 3.0), temperature)
    # matter does not reach equilibrium in the mantle: its ye is bounded by the infalling one
    equilibrium = beta_equilibrium_ye(rho, temperature, degeneracy)
    ye = np.where(outside, _YE_INFALL, np.minimum(equilibrium, _YE_INFALL))
    lapse = np.sqrt(1.0 - 2.0 * gravity / (r * C_LIGHT**2))
    data = xr.Dataset(
        {
            "rho": ("r", rho),
            "temperature": ("r", temperature),
            "ye": ("r", ye),
            "velocity_r": ("r", velocity),
            "lapse": ("r", lapse),
            "radial_metric": ("r", 1.0 / lapse),
        },
        coords={"r": ("r", r), "r_edge": ("r_edge", edges)},
        attrs={
            "baryon_mass": M_U_GRAM,
            "frame": "no neutrinos",
            "simulation": "analytic post-bounce model",
            **{f"model_{name}": value for name, value in given.items()},
        },
    )
    return set_attributes(data)
