"""Late states of local boxes: the table of reference runs of two other methods.

The table (data/reference/local_boxes.csv) holds runs by fifth-order upwind differences and by
exact Fourier advection; they differ among themselves by up to 0.010. Unit of length is 1/mu with
weights in v that sum to 2.
"""

import csv

import numpy as np
import pytest

from qkepipe.constants import SQRT2_GF
from qkepipe.solvers import run_box
from qkepipe.solvers.local import local_box

EDGES = np.linspace(-1.0, 1.0, 33)
#: Normalisation of the Gaussian lepton number: its larger lobe is 1.
N_GAUSS = 0.12378774


def averages(function):
    """Mean of a function of v over every bin."""
    x, w = np.polynomial.legendre.leggauss(8)
    low, high = EDGES[:-1, None], EDGES[1:, None]
    return function(0.5 * (low + high) + 0.5 * (high - low) * x) @ w / 2.0


def gaussian(width):
    x, w = np.polynomial.legendre.leggauss(100)

    def shape(v):
        return np.exp(-((v - 1.0) ** 2) / (2.0 * width**2))

    return averages(shape) / (shape(x) @ w)


CASES = {
    "boxA0.2": (np.ones(32), np.where(EDGES[1:] > 0.0, 0.0, 1.8)),
    "gauss0.9": (gaussian(0.6) / N_GAUSS, 0.9 * gaussian(0.5) / N_GAUSS),
}


@pytest.mark.parametrize("case", CASES)
def test_survival_of_the_reference_boxes(shared, case):
    """Survival in the shallow and deep lobe and of all nue, within 0.02; lepton number stays."""
    nue, nuebar = CASES[case]
    density = np.zeros((4, 32))
    density[:2] = 2.0 / SQRT2_GF * np.array([nue, nuebar])
    found = run_box(
        density, EDGES, length=300.0, cells=600, duration=300.0, wavenumber=None,
        seed_amplitude=1e-3, average_from=0.5,
    )  # fmt: skip
    survival = found["density_mean"].mean("z").values[0] / density[0]
    g = nue - nuebar
    shallow = (g > 0.0) != (g.sum() > 0.0)
    with open(shared / "reference" / "local_boxes.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["case"] == case]
    expected = [np.mean([float(row[n]) for row in rows]) for n in ("P_small", "P_deep")]
    for lobe, value in zip((shallow, ~shallow), expected, strict=True):
        assert np.average(survival[lobe], weights=abs(g[lobe])) == pytest.approx(value, abs=0.02)
    expected = np.mean([float(row["P_nue_mean"]) for row in rows])
    assert np.average(survival, weights=nue) == pytest.approx(expected, abs=0.02)
    lepton = found["lepton_number"].values
    assert np.ptp(lepton) < 1e-10 * density.sum()


def test_split_bins_give_the_same_late_state():
    """Densities are constant in a bin: halves of 16 bins are the same gas, better resolved."""
    edges = EDGES[::2]
    density = np.zeros((4, 16))
    for row, values in enumerate(CASES["gauss0.9"]):
        density[row] = 2.0 / SQRT2_GF * values.reshape(16, 2).mean(axis=1)
    halves = np.repeat(density, 2, axis=1)
    coarse, fine = (
        np.mean([local_box(e, d, random_seed=s)["survival_probability"].values for s in (1, 2)], 0)
        for e, d in ((edges, density), (EDGES, halves))
    )
    fine = fine.reshape(16, 2).mean(axis=1)
    assert np.average(coarse, weights=density[0]) < 0.9
    assert np.average(abs(coarse - fine), weights=density.sum(axis=0)) < 0.02
    assert np.average(coarse - fine, weights=density[0]) == pytest.approx(0.0, abs=0.02)
