"""Constants and treatments of the weak rates in one block, with those of public programs."""

import math
from dataclasses import asdict, dataclass

from qkepipe import constants as _c
from qkepipe.errors import Defect, QkepipeError, nearest

__all__ = ["BLOCKING", "CONSTANTS", "SCATTERING_RECOIL", "WeakConstants", "weak_constants"]

#: Final-state blocking of nucleons in the charged-current rates (:mod:`qkepipe.opacity.beta`).
BLOCKING = ("bounded", "bruenn", "clipped")
#: Recoil and weak magnetism of elastic scattering (:mod:`qkepipe.opacity.nucleon`).
SCATTERING_RECOIL = ("horowitz", "low_energy")


@dataclass(frozen=True)
class WeakConstants:
    """Couplings, masses, and the treatments in which published programs differ.

    g_A alone moves the charged-current rates by 7 %: compare with a program only with its
    block, see :data:`CONSTANTS`.

    Parameters
    ----------
    g_fermi : float
        Fermi constant [MeV^-2].
    g_v, g_a : float
        Vector and axial coupling of the nucleon.
    sin2_theta_w : float
        Weak mixing angle.
    q_np, m_e : float
        Neutron-proton mass difference and electron mass [MeV].
    m_nucleon : float
        Nucleon mass [MeV] of degenerate nucleons.
    m_recoil_n, m_recoil_p : float
        Mass [MeV] of the neutron and of the proton that recoils.
    hbar_c : float
        [MeV cm].
    pair_strength : float or None
        G_F^2 c (hbar c)^2 of the pair processes [cm^3 MeV^-2 s^-1]; None: from ``g_fermi``.
    nucleon_blocking : str
        One of :data:`BLOCKING`.
    blocking_density : float
        [g cm^-3], as n_b m_u. Below, charged-current rates take the densities of free
        nucleons without final-state blocking.
    scattering_recoil : str
        One of :data:`SCATTERING_RECOIL`.
    f2_n, f2_p : float or None
        Neutral-current Pauli couplings of neutron and proton; None: from the magnetic
        moments and ``sin2_theta_w``.
    electron_polarisation : bool
        The term C_LOS of scattering on nuclei (:mod:`qkepipe.opacity.nuclei_scattering`).
    """

    g_fermi: float = _c.G_FERMI
    g_v: float = _c.G_V
    g_a: float = _c.G_A
    sin2_theta_w: float = _c.SIN2_THETA_W
    q_np: float = _c.Q_NP
    m_e: float = _c.M_ELECTRON
    m_nucleon: float = _c.M_NUCLEON
    m_recoil_n: float = _c.M_NUCLEON
    m_recoil_p: float = _c.M_NUCLEON
    hbar_c: float = _c.HBAR_C
    pair_strength: float | None = None
    nucleon_blocking: str = "bounded"
    blocking_density: float = 0.0
    scattering_recoil: str = "horowitz"
    f2_n: float | None = None
    f2_p: float | None = None
    electron_polarisation: bool = False

    def __post_init__(self) -> None:
        for name, allowed in (
            ("nucleon_blocking", BLOCKING),
            ("scattering_recoil", SCATTERING_RECOIL),
        ):
            value = getattr(self, name)
            if value not in allowed:
                raise QkepipeError(
                    Defect("rates", name, f"unknown choice {value!r}", hint=nearest(value, allowed))
                )

    @property
    def g2(self) -> float:
        """G_F^2 (hbar c)^2/pi [cm^2 MeV^-2]: the scale of every cross section."""
        return (self.g_fermi * self.hbar_c) ** 2 / math.pi

    @property
    def pair_coupling(self) -> float:
        """G_F^2 c (hbar c)^2 of the pair processes [cm^3 MeV^-2 s^-1]."""
        if self.pair_strength is not None:
            return self.pair_strength
        return (self.g_fermi * self.hbar_c) ** 2 * _c.C_LIGHT

    def attributes(self) -> dict[str, float | str]:
        """The block as attributes of a dataset: ``rates_`` and the name; None is left out."""
        values = asdict(self) | {"pair_strength": self.pair_coupling}
        out = {f"rates_{name}": value for name, value in values.items() if value is not None}
        return out | {"rates_electron_polarisation": "on" if self.electron_polarisation else "off"}


#: Blocks by name. ``bns_nurates``: Chiesa et al. 2025, PRD 111, 063053, commit efbabe0;
#: ``nulib``: O'Connor 2015, ApJS 219, 24, commit f77dba6.
CONSTANTS: dict[str, WeakConstants] = {
    "default": WeakConstants(),
    "bns_nurates": WeakConstants(
        g_fermi=1.1663787e-11,
        g_a=1.23,
        g_v=1.0,
        sin2_theta_w=0.2325,
        q_np=1.29333251,
        m_e=0.51099895069,
        m_nucleon=938.918756,
        m_recoil_n=938.918756,
        m_recoil_p=938.918756,
        hbar_c=1.973269804e-11,
        pair_strength=1.55e-33,
        nucleon_blocking="bruenn",
        scattering_recoil="low_energy",
    ),
    "nulib": WeakConstants(
        g_fermi=1.1663213e-11,
        g_a=1.254,
        g_v=1.0,
        sin2_theta_w=0.23,
        q_np=1.293332,
        m_e=0.510998910,
        m_nucleon=931.494061,
        m_recoil_n=939.565346,
        m_recoil_p=938.272013,
        hbar_c=1.97326966e-11,
        pair_strength=1.5878e-33,
        nucleon_blocking="clipped",
        blocking_density=1e11,
        scattering_recoil="horowitz",
        f2_n=-0.963,
        f2_p=1.019,
        electron_polarisation=True,
    ),
}


def weak_constants(choice: WeakConstants | str | None) -> WeakConstants:
    """Block of constants from its name in :data:`CONSTANTS`; None is the project's.

    Raises
    ------
    QkepipeError
        For an unknown name.
    """
    if isinstance(choice, WeakConstants):
        return choice
    name = "default" if choice is None else choice
    if name not in CONSTANTS:
        raise QkepipeError(
            Defect("rates", "constants", f"unknown {name!r}", "one of " + ", ".join(CONSTANTS),
                   hint=nearest(str(name), CONSTANTS))
        )  # fmt: skip
    return CONSTANTS[name]
