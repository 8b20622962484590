"""Weights are taken from the best information that a field carries."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.errors import QkepipeError
from qkepipe.mixing.quadrature import quadrature_of
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges


def field(mu, energy=(5.0, 15.0), **coords):
    shape = (4, len(energy), len(mu))
    return xr.DataArray(
        np.ones(shape),
        dims=("species", "energy", "mu"),
        coords={"energy": list(energy), "mu": list(mu), **coords},
    )


def test_edges_of_a_dataset_win():
    energy = energy_grid(geometric_energy_edges(4, 5.0, 100.0))
    angle = angle_grid(8)
    data = field(angle.centres, energy.centres).to_dataset(name="f")
    data["energy_edge"] = ("energy_edge", energy.edges)
    data["mu_edge"] = ("mu_edge", angle.edges)
    q = quadrature_of(data)
    assert np.array_equal(q.eweights, energy.weights)
    np.testing.assert_allclose(q.mweights, angle.weights, rtol=1e-15)
    assert (q.energy_source, q.mu_source) == ("energy_edge", "mu_edge")


def test_gauss_legendre_and_midpoints_are_recognised():
    nodes, weights = np.polynomial.legendre.leggauss(10)
    np.testing.assert_allclose(quadrature_of(field(nodes)).mweights, weights / 2, rtol=1e-14)
    angle = angle_grid(10)
    np.testing.assert_allclose(
        quadrature_of(field(angle.centres)).mweights, angle.weights, rtol=1e-12
    )


def test_other_nodes_and_uniform_groups():
    q = quadrature_of(field(np.linspace(-1.0, 1.0, 5), [5.0, 15.0, 25.0]))
    np.testing.assert_allclose(q.mweights, [0.125, 0.25, 0.25, 0.25, 0.125])
    np.testing.assert_allclose(q.eweights, energy_grid([0.0, 10.0, 20.0, 30.0]).weights)


def test_weights_given_as_coordinates():
    q = quadrature_of(
        field([-0.5, 0.5], energy_weight=("energy", [1.0, 2.0]), mu_weight=("mu", [3.0, 1.0]))
    )
    np.testing.assert_allclose(q.mweights, [0.75, 0.25])
    np.testing.assert_allclose(q.eweights, [1.0, 2.0])


def test_single_group_without_edges_has_no_scale():
    assert not quadrature_of(field([-0.5, 0.5], [10.0])).absolute


@pytest.mark.parametrize(
    "bad, message",
    [
        (field([0.5, -0.5]), "mu: not ascending"),
        (field([-0.5, 1.5]), "within -1 to 1"),
        (field([-0.5, 0.5]).drop_vars("mu"), "mu: no such axis"),
        (field([-0.5, 0.5]).drop_vars("energy"), "energy: an axis without values"),
        (
            field([-0.5, 0.5]).to_dataset(name="f").assign(mu_edge=("mu_edge", [-1, 0.1, 0.5, 1])),
            "mu_edge: 3 bins; expected 2 bins",
        ),
    ],
)
def test_refusals(bad, message):
    with pytest.raises(QkepipeError, match=message):
        quadrature_of(bad)
