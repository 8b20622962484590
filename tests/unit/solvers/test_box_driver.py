"""Interface of the local box: axes, attributes, refusals."""

import numpy as np
import pytest

from qkepipe.constants import C_LIGHT
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
