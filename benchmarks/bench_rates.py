"""Time of the weak rates for 384 zones, 20 energies and 4 species, one by one and of a study.

    python benchmarks/bench_rates.py [--threads N]

Columns: milliseconds of CPU time, and ratio to the lowest-order charged-current rate of nu_e and
nubar_e written in plain numpy, measured in the same process. Rates at the energies, and averages
over groups where a process has them.
"""

import argparse
import os

ZONES, ENERGIES = 384, 20


def matter():
    """Zones of a supernova core from 1e14 to 1e8 g cm^-3 with all that any process needs."""
    import numpy as np
    import xarray as xr

    rho = np.geomspace(1e14, 1e8, ZONES)
    share = np.linspace(0.0, 1.0, ZONES)
    t = 20.0 * (1e-14 * rho) ** 0.25 + 0.5
    x_heavy = 0.1 * share
    x_p = 0.1 + 0.3 * share
    x_n = 1.0 - x_p - x_heavy
    values = {
        "rho": rho,
        "temperature": t,
        "ye": x_p + 0.46 * x_heavy,
        "mu_e": 20.0 * (1e-12 * rho) ** (1 / 3),
        "mu_hat": 1.293 + t * np.log(x_n / x_p),
        "x_n": x_n,
        "x_p": x_p,
        "x_alpha": 0.0 * rho,
        "x_heavy": x_heavy,
        "abar": 60.0 + 0.0 * rho,
        "zbar": 27.0 + 0.0 * rho,
    }
    zones = xr.Dataset({name: ("r", v) for name, v in values.items()}, {"r": 1e6 + share})
    own = np.geomspace(0.5, 400.0, ENERGIES)
    given = np.broadcast_to(1e-8 * own[None, :, None] ** 2, (4, ENERGIES, ZONES))
    axes = ("species", "energy", "r")
    from qkepipe.species import SPECIES

    return zones.assign_coords(species=list(SPECIES), energy=own).assign(
        absorption=(axes, given), scattering=(axes, given), emissivity=(axes, given)
    )


def reference(zones, energy):
    """kappa* of Bruenn (1985), eqs (C13)-(C20), without recoil."""
    import numpy as np

    from qkepipe.constants import G_A, G_FERMI, HBAR_C, M_ELECTRON, M_U_GRAM, Q_NP

    t, mu_e, mu_hat = (zones[n].values for n in ("temperature", "mu_e", "mu_hat"))
    n_n, n_p = (zones[x].values * zones["rho"].values / M_U_GRAM for x in ("x_n", "x_p"))
    strength = (G_FERMI * HBAR_C) ** 2 * (1 + 3 * G_A**2) / np.pi
    x = (mu_hat - Q_NP) / t
    eta = (n_n - n_p) / -np.expm1(-x)
    out = np.zeros((2, energy.size, t.size))
    for s, (sign, n) in enumerate(((1, eta), (-1, eta * np.exp(-x)))):
        lepton = np.maximum(energy[:, None] + sign * Q_NP, M_ELECTRON)
        blocking = 1 / (1 + np.exp((sign * mu_e - lepton) / t))
        f_eq = 1 / (1 + np.exp((energy[:, None] - sign * (mu_e - mu_hat)) / t))
        phase_space = lepton * np.sqrt(lepton**2 - M_ELECTRON**2)
        out[s] = strength * n * phase_space * blocking / (1 - f_eq)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    os.environ["NUMBA_NUM_THREADS"] = str(parser.parse_args().threads)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import numpy as np
    from yardstick import cpu_rate

    from qkepipe.opacity import PROCESSES, rates
    from qkepipe.phasespace import energy_grid, geometric_energy_edges
    from qkepipe.study.config import Config

    zones = matter()
    grid = energy_grid(geometric_energy_edges(ENERGIES, 3.0, 200.0))
    mine = rates(zones, grid, ("beta",))["absorption"].values[0]
    np.testing.assert_allclose(mine, reference(zones, grid.centres)[0], rtol=1e-2)
    unit = 1 / cpu_rate(lambda: reference(zones, grid.centres), 1)
    print(f"plain numpy, lowest order: {1e3 * unit:.3g} ms")
    study = tuple(Config().background.processes)
    parts = {name: (name,) for name in PROCESSES} | {"default of a study": study}
    for name, chosen in parts.items():
        for average in (False, True):
            if average and chosen == ("table",):
                continue

            def work(chosen=chosen, average=average):
                rates(zones, grid, chosen, None, "form_factors", average)

            seconds = 1 / cpu_rate(work, 1)
            where = "averages" if average else "energies"
            print(f"{name:20s} {where}: {1e3 * seconds:8.3g} ms, {seconds / unit:6.3g} x numpy")


if __name__ == "__main__":
    main()
