"""Small equation-of-state files of ideal gases, for the tests of the readers.

Nucleons are a Maxwell-Boltzmann gas with equal masses in the prefactor, electrons the ideal gas;
both written here with independent formulas where they are short.
"""

import netCDF4
import numpy as np

from qkepipe.constants import HBAR_C, M_NEUTRON, M_PROTON, M_U_GRAM
from qkepipe.matter import electron_chemical_potential

LOG_RHO = np.linspace(6.0, 12.0, 7)
LOG_T = np.linspace(0.0, 1.0, 6)
YE = np.array([0.1, 0.3, 0.5])


def gas():
    """Nodes (ye, T, rho): potentials with rest masses, composition of every kind of matter."""
    ye, t, rho = np.meshgrid(YE, 10.0**LOG_T, 10.0**LOG_RHO, indexing="ij")
    # matter: x_alpha, x_light (deuterons) and x_heavy (A = 50, Z = 20) at given shares
    x_alpha, x_light = 0.05 * (12.0 - np.log10(rho)) / 6.0, np.full(ye.shape, 0.02)
    x_heavy = np.where(rho > 1e9, 0.1 * ye, 0.0)
    x_p = ye - 0.5 * x_alpha - 0.5 * x_light - 0.4 * x_heavy
    x_n = 1.0 - x_p - x_alpha - x_light - x_heavy
    n = rho / M_U_GRAM
    states = 2.0 * (M_NEUTRON * t / (2.0 * np.pi * HBAR_C**2)) ** 1.5
    return {
        "rho": rho, "t": t, "ye": ye, "x_n": x_n, "x_p": x_p, "x_alpha": x_alpha,
        "x_light": x_light, "x_heavy": x_heavy,
        "mu_n": M_NEUTRON + t * np.log(x_n * n / states),
        "mu_p": M_PROTON + t * np.log(x_p * n / states),
        "mu_e": electron_chemical_potential(n * ye, t),
        "entropy": 5.0 + np.log(t**1.5 / (rho / 1e9)) ** 2, "pressure": n * t * 1.602e-6,
    }  # fmt: skip


def write_hdf5(path, change=None, drop=()):
    """Table in the layout of stellarcollapse.org; ``change(arrays)`` edits in place."""
    g = gas()
    heavy = g["x_heavy"] > 0.0
    arrays = {
        "logrho": LOG_RHO, "logtemp": LOG_T, "ye": YE, "mu_e": g["mu_e"],
        "mu_n": g["mu_n"] - M_NEUTRON, "mu_p": g["mu_p"] - M_NEUTRON,
        "muhat": g["mu_n"] - g["mu_p"], "Xn": g["x_n"], "Xp": g["x_p"], "Xa": g["x_alpha"],
        "Xh": g["x_heavy"], "Xl": g["x_light"], "Albar": 2.0 + 0.0 * g["ye"],
        "Zlbar": 1.0 + 0.0 * g["ye"], "Abar": np.where(heavy, 50.0, 0.0),
        "Zbar": np.where(heavy, 20.0, 0.0), "entropy": g["entropy"],
        "logpress": np.log10(g["pressure"]),
    }  # fmt: skip
    if change is not None:
        change(arrays)
    return write_arrays(path, {n: a for n, a in arrays.items() if n not in drop})


def write_arrays(path, arrays):
    """HDF5 file of plain arrays."""
    with netCDF4.Dataset(path, "w") as data:
        for name, array in arrays.items():
            dims = tuple(f"{name}_{i}" for i in range(array.ndim))
            for dim, size in zip(dims, array.shape, strict=True):
                data.createDimension(dim, size)
            data.createVariable(name, "f8", dims)[...] = array
    return path


def write_compose(folder, leptons=1):
    """The same gas as CompOSE text."""
    g = gas()
    folder.mkdir(exist_ok=True)
    nb = 10.0**LOG_RHO / M_U_GRAM * 1e-39
    for name, first, axis in (("t", 1, 10.0**LOG_T), ("nb", 0, nb), ("yq", 3, YE)):
        rows = [str(first), str(first + axis.size - 1), *map(repr, axis.tolist())]
        (folder / f"eos.{name}").write_text("\n".join(rows) + "\n")
    thermo, compo = [f"{M_NEUTRON!r} {M_PROTON!r} {leptons}"], []
    for k, j, i in np.ndindex(LOG_T.size, LOG_RHO.size, YE.size):
        at = i, k, j
        v = {name: float(array[at]) for name, array in g.items()}
        # electrons: mu_e = mu_l - mu_q, and neutrons, protons: mu_b, mu_b + mu_q
        mu_q = v["mu_p"] - v["mu_n"]
        mu_l = v["mu_e"] + mu_q
        where = f"{k + 1} {j} {i + 3}"
        q = [v["pressure"] / 1.602176634e-6 / (v["rho"] / M_U_GRAM), v["entropy"],
             v["mu_n"] / M_NEUTRON - 1.0, mu_q / M_NEUTRON, mu_l / M_NEUTRON, 0.1, 0.2]  # fmt: skip
        thermo.append(" ".join([where, *map(repr, q), "2 7.0 8.0"]))
        pairs = {0: v["ye"], 10: v["x_n"], 11: v["x_p"], 4002: v["x_alpha"] / 4.0,
                 2001: v["x_light"] / 2.0}  # fmt: skip
        words = [where, "1", str(len(pairs)), *(f"{n} {y!r}" for n, y in pairs.items())]
        heavy = v["x_heavy"] / 50.0
        compo.append(" ".join([*words, f"1 999 50.0 20.0 {heavy!r}" if heavy > 0.0 else "0"]))
    (folder / "eos.thermo").write_text("\n".join(thermo) + "\n")
    (folder / "eos.compo").write_text("\n".join(compo) + "\n")
    return folder
