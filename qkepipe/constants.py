"""Physical constants, each defined once, in cgs with MeV.

Values: CODATA 2022 (https://physics.nist.gov/constants) and the Review of Particle
Physics for the weak-interaction entries.
"""

import math

#: Speed of light [cm s^-1] (exact).
C_LIGHT = 2.99792458e10
#: Energy of 1 MeV [erg] (exact).
MEV_ERG = 1.602176634e-6
#: Boltzmann constant [MeV K^-1].
K_BOLTZMANN_MEV = 8.617333262e-11
#: hbar c [MeV cm].
HBAR_C = 1.973269804e-11
#: Planck constant times c [MeV cm].
H_C = 2.0 * math.pi * HBAR_C
#: Fine-structure constant e^2/(hbar c).
FINE_STRUCTURE = 7.2973525643e-3
#: Fermi constant G_F/(hbar c)^3 [MeV^-2].
G_FERMI = 1.1663788e-11
#: Newton constant [cm^3 g^-1 s^-2].
G_NEWTON = 6.67430e-8
#: Solar mass [g] (IAU nominal GM over G_NEWTON).
M_SUN = 1.3271244e26 / G_NEWTON

#: Electron mass [MeV].
M_ELECTRON = 0.51099895069
#: Neutron and proton mass [MeV].
M_NEUTRON = 939.56542194
M_PROTON = 938.27208943
#: Neutron-proton mass difference Q [MeV].
Q_NP = M_NEUTRON - M_PROTON
#: Mean nucleon mass [MeV].
M_NUCLEON = 0.5 * (M_NEUTRON + M_PROTON)
#: Atomic mass unit [MeV] and [g].
M_U = 931.49410372
M_U_GRAM = 1.66053906892e-24

#: Vector and axial coupling of the nucleon, weak mixing angle (defaults of the rates).
G_V = 1.0
G_A = 1.2723
SIN2_THETA_W = 0.2312

#: sqrt(2) G_F (hbar c)^2 [cm^2]: times a density in cm^-3 gives a potential in cm^-1.
SQRT2_GF = math.sqrt(2.0) * G_FERMI * HBAR_C**2
#: sqrt(2) G_F/hbar [cm^3 s^-1].
SQRT2_GF_RATE = SQRT2_GF * C_LIGHT
#: Number of states: n = PHASE_SPACE * int E^2 dE int (dmu/2) f [cm^-3 MeV^-3].
PHASE_SPACE = 4.0 * math.pi / H_C**3
#: Atmospheric mass splitting [eV^2] used for two flavours (magnitude, rounded).
DELTA_M2_ATM = 2.5e-3
#: Oscillation parameters of three flavours: NuFIT 6.0 with atmospheric data (Esteban et al. 2024,
#: JHEP 12, 216; recalled), normal and inverted ordering: dm^2_21 and dm^2_3l [eV^2], which is
#: dm^2_31 > 0 or dm^2_32 < 0; squared sines of the angles; phase [rad].
DELTA_M2_21 = 7.49e-5
DELTA_M2_3L = {"normal": 2.513e-3, "inverted": -2.484e-3}
SIN2_THETA_12 = 0.308
SIN2_THETA_13 = {"normal": 0.02215, "inverted": 0.02231}
SIN2_THETA_23 = {"normal": 0.470, "inverted": 0.550}
DELTA_CP = {"normal": math.radians(212.0), "inverted": math.radians(274.0)}
