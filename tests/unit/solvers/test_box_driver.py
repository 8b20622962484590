"""Interface of the local box: axes, attributes, refusals."""

import numpy as np
import pytest

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import QkepipeError
from qkepipe.solvers import run_box

EDGES = np.array([-1.0, 0.0, 1.0])


def run(density=None, **options):
    if density is None:
        density = np.full((4, 2), 1e32)
    return run_box(density, EDGES, length=10.0, cells=8, duration=5.0, samples=4, **options)


def test_output():
    out = run()
    np.testing.assert_allclose(out["time_sample"], np.array([1, 2, 3, 4]) * 1.25 / C_LIGHT)
    assert out["density"].dims == ("species", "mu", "z")
    assert out["density"].attrs["units"] == "cm-3"
    assert out["species"].values.tolist() == ["nue", "nuebar", "nux", "nuxbar"]
    assert out.attrs["xi"] == 1.0
    assert out.attrs["n_steps"] % 4 == 0


def test_equal_flavours_do_nothing():
    out = run()
    np.testing.assert_allclose(out["survival_probability"], 1.0, rtol=1e-13)
    np.testing.assert_allclose(out["density"], 1e32, rtol=1e-13)
    np.testing.assert_allclose(out["lepton_number"], 0.0, rtol=0, atol=1e-12 * 1e32)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_unusable_density(bad):
    density = np.full((4, 2), 1e32)
    density[1, 1] = bad
    with pytest.raises(QkepipeError, match="density"):
        run(density)


def test_wrong_shape():
    with pytest.raises(QkepipeError, match=r"\(4, 2\)"):
        run(np.ones((4, 3)))


def test_output_with_ends():
    out = run(boundary="inflow", matter=np.linspace(0.0, 1.0, 8), wavenumber=None)
    assert out["lepton_flux"].dims == ("time_sample", "end")
    assert out["coherence"].dims == ("time_sample", "z")
    assert out["density_mean"].dims == ("species", "mu", "z")
    assert out.attrs["boundary"] == "inflow"
    assert "lepton_flux" not in run()


def test_an_empty_box_has_no_survival_probability():
    out = run(np.zeros((4, 2)), boundary="inflow", entering=np.full((4, 2), 1e32))
    assert np.isnan(out["survival_probability"]).all()


@pytest.mark.parametrize(
    "options, line",
    [
        ({"boundary": "opem"}, r"box: boundary: 'opem'; expected periodic, inflow, open; .*open"),
        ({"boundary": "open", "entering": np.ones((4, 2))}, "box: entering: given for boundary"),
        ({"boundary": "inflow", "entering": np.ones((4, 3))}, r"box: entering: .*\(4, 2\)"),
        ({"matter": np.ones(3)}, r"box: matter: shape \(3,\) or not finite; expected shape \(8,\)"),
        ({"matter": np.full(8, np.nan)}, "box: matter"),
        ({"density": np.zeros((4, 2)), "boundary": "open"}, "box: density: no neutrinos"),
    ],
)
def test_ends_and_matter_that_do_not_fit(options, line):
    with pytest.raises(QkepipeError, match=line):
        run(**options)


@pytest.mark.parametrize(
    "options, line",
    [
        ({"cells": 0}, r"box: cells: is 0; expected a whole number >= 5"),
        ({"cells": 7.5}, r"box: cells: is 7.5"),
        ({"cells": np.nan}, r"box: cells: is nan"),
        ({"length": -1.0}, r"box: length: is -1.0 cm; expected a finite length > 0"),
        ({"duration": np.nan}, r"box: duration: is nan cm"),
        ({"samples": 0}, r"box: samples: is 0"),
        ({"cfl": 2.0}, r"box: cfl: is 2.0; expected > 0 and at most 0.5"),
        ({"xi": -1.0}, r"box: xi: is -1.0; expected 0 to 1"),
        ({"wavenumber": 5}, r"box: wavenumber: 5 on 8 cells; expected at most 4"),
        ({"average_from": 1.0}, r"box: average_from: is 1.0"),
        ({"seed_amplitude": -1e-3}, r"box: seed_amplitude: is -0.001"),
        ({"boundary_seed": 4.0}, r"box: boundary_seed: is 4.0"),
        ({"mu_edge": [-1.0, 0.0, 0.5]}, r"box: mu_edge: from -1 to 0.5; expected edges from -1 to"),
        ({"mu_edge": [1.0, 0.0, -1.0]}, r"box: mu_edge: edges do not increase"),
    ],
)
def test_impossible_sizes(options, line):
    options = {"mu_edge": EDGES, "length": 10.0, "cells": 8, "duration": 5.0} | options
    with pytest.raises(QkepipeError, match=line):
        run_box(np.full((4, 2), 1e32), **options)


def test_cells_wider_than_the_flavour_length():
    """nue alone, sqrt(2) G_F n = 3 / cm: cells of 1.25 cm are 3.75 lengths, 30 are needed."""
    density = np.zeros((4, 2))
    density[0] = 3.0 / SQRT2_GF
    with pytest.warns(UserWarning, match=r"box: cells of 1.25 cm are 3.75 .*; try 30 cells"):
        run(density)


def test_directions_that_do_not_resolve_the_crossing():
    density = np.zeros((4, 8))
    density[:2] = 0.01 / SQRT2_GF
    density[1, -1] *= 1.5
    density[0, :4] *= 1.1
    with pytest.warns(UserWarning, match="1 of 8 directions hold one side .*; try 24 directions"):
        run_box(density, np.linspace(-1, 1, 9), length=10.0, cells=8, duration=5.0, samples=4)
