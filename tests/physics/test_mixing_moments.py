"""Asymptotic states of moments and of distributions on the full sphere.

Two maximum-entropy beams (n = 1 and 0.9, flux factors 0.1 and 0.35, nux = nuxbar) have their
crossing and lobes in closed form: with coth Z - 1/Z = F/n the crossing lies at
[ln(n Z/sinh Z) - ln(nbar Zbar/sinh Zbar)]/(Zbar - Z) = 0.355723, the lobes are 0.2311213 and
0.1311213, r = 0.567327, and the deep survival probability of three flavours 1 - 2r/3 =
0.621782. Discrete sums obey the conservation laws whatever the quadrature. A rotation of an
axisymmetric field changes nothing but the direction of its flux.
"""

import math

import numpy as np
import pytest

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.maximum_entropy import flux_parameter
from qkepipe.mixing import PRESCRIPTIONS, bgk_step, mixed_moments, sphere_quadrature

BEAMS = np.array([1.0, 0.9, 0.3, 0.3])[:, None, None]
FACTORS = np.array([0.1, 0.35, 0.4, 0.4])[:, None, None]
LOBES = (0.1311213, 0.2311213)
FOUR = {n: rule for n, rule in PRESCRIPTIONS.items() if rule.species == 4 and "mu" in rule.axes}
CONSERVING = [name for name, rule in FOUR.items() if "eln" in rule.conserves]
ON_SPHERE = [name for name, rule in FOUR.items() if "mu" not in rule.needs]


def lobe_error(n_mu):
    """Bound of the error of a lobe: the crossing lies up to half a spacing, pi/(2 n_mu), off.

    It is (1/2) int |G| dmu over this distance with |G'| = 0.9 at the crossing.
    """
    return 0.25 * 0.9 * (0.5 * math.pi / n_mu) ** 2


def moment_error(n_mu):
    """The same for mixed moments: k jumps by 1 - r where |f_e - f_x| = 0.73."""
    return 0.5 * (0.5 * math.pi / n_mu) * (1.0 - 0.567327) * 0.73


def turned(axis, angle):
    """Rotation matrix about an axis."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * cross @ cross


def size(flux, number):
    return np.abs(flux) if flux.ndim == number.ndim else np.linalg.norm(flux, axis=2)


def random_moments(seed, n_energy, n_r, vector):
    """Densities over six decades with empty species, and all flux factors, 0 and 1 among them."""
    rng = np.random.default_rng(seed)
    number = 10.0 ** rng.uniform(-6.0, 0.0, (4, n_energy, n_r))
    number[rng.uniform(size=number.shape) < 0.1] = 0.0
    factor = rng.uniform(0.0, 1.0, number.shape)
    factor[rng.uniform(size=number.shape) < 0.1] = 1.0
    factor[rng.uniform(size=number.shape) < 0.1] = 0.0
    if not vector:
        return number, number * factor * rng.choice([-1.0, 1.0], number.shape)
    unit = rng.normal(size=(4, n_energy, 3, n_r))
    unit /= np.linalg.norm(unit, axis=2, keepdims=True)
    return number, (number * factor)[:, :, None] * unit


# --- two beams ---------------------------------------------------------------------------------


@pytest.mark.parametrize("nodes", [8, 16, 32, 64, 128])
def test_lobes_of_two_beams(nodes):
    """The kink of G at the crossing is all that is left of the quadrature error."""
    error = lobe_error(nodes)
    out = mixed_moments(BEAMS, BEAMS * FACTORS, np.ones(1), n_mu=nodes)
    assert out.negative[0] == pytest.approx(LOBES[0], abs=error)
    assert out.positive[0] == pytest.approx(LOBES[1], abs=error)
    # the difference is the net number, whatever the nodes
    assert out.positive[0] - out.negative[0] == pytest.approx(0.1, abs=1e-14)
    deep = 1.0 - 2.0 / 3.0 * out.negative[0] / out.positive[0]
    assert deep == pytest.approx(0.621782, abs=2.0 / 3.0 * error / LOBES[1])


@pytest.mark.parametrize("flavors", [2, 3])
def test_mixed_moments_of_two_beams(flavors):
    """Against n_e - loss int (1 - k) (f_e - f_x), integrated lobe by lobe in closed form."""
    z = flux_parameter(FACTORS[:, 0, 0])
    crossing, r = 0.355723, 0.567327
    moved = np.zeros((4, 2))
    for s in range(4):
        amplitude = 0.5 * BEAMS[s, 0, 0] * z[s] / math.sinh(z[s])

        def part(mu, slope=z[s]):
            e = math.exp(slope * mu) / slope
            return np.array([e, e * (mu - 1.0 / slope)])

        back, front = part(crossing) - part(-1.0), part(1.0) - part(crossing)
        moved[s] = amplitude * (r * back + front)
    change = np.array([moved[0] - moved[2], moved[1] - moved[3]])
    expected = np.stack([BEAMS[:, 0, 0], (BEAMS * FACTORS)[:, 0, 0]], axis=1)
    expected[:2] -= (flavors - 1) / flavors * change
    expected[2:] += change / flavors
    for nodes in (32, 128, 1024):
        error = moment_error(nodes)
        out = mixed_moments(BEAMS, BEAMS * FACTORS, np.ones(1), flavors=flavors, n_mu=nodes)
        np.testing.assert_allclose(out.number[:, 0, 0], expected[:, 0], rtol=0, atol=error)
        np.testing.assert_allclose(out.flux[:, 0, 0], expected[:, 1], rtol=0, atol=error)


def test_relaxation_reduces_the_lobe_as_the_closed_solution():
    """n(t) - n(0) is the share 1 - 1/(1 + x + (1 - r) x^2/4) of the way to the box state."""
    number = 1e33 * BEAMS
    whole = mixed_moments(number, number * FACTORS, np.ones(1))
    a, b = whole.negative[0], whole.positive[0]
    for x in (0.1, 1.0, 30.0):
        dt = x * 2.0 * math.pi / (SQRT2_GF_RATE * math.sqrt(a * b))
        out = mixed_moments(number, number * FACTORS, np.ones(1), mode="exact", dt=dt)
        way = 1.0 - 1.0 / (1.0 + x + (1.0 - min(a, b) / max(a, b)) * x * x / 4.0)
        np.testing.assert_allclose(
            out.number - number, way * (whole.number - number), rtol=1e-11, atol=1e18
        )
        np.testing.assert_allclose(
            out.flux - number * FACTORS,
            way * (whole.flux - number * FACTORS),
            rtol=1e-11,
            atol=1e18,
        )


def test_repeated_maps_leave_little_of_the_crossing():
    """A reconstruction is smooth again: the map of moments is not idempotent, by a per cent."""
    first = mixed_moments(BEAMS, BEAMS * FACTORS, np.ones(1))
    second = mixed_moments(first.number, first.flux, np.ones(1))
    assert second.negative[0] < 0.05 * first.negative[0]
    change = np.abs(second.number - first.number) / first.number
    assert 1e-4 < change.max() < 0.01


# --- conservation ------------------------------------------------------------------------------


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize(
    "name, vector",
    [(name, False) for name in FOUR] + [(name, True) for name in ON_SPHERE],
)
def test_conservation_on_random_moments(name, vector, flavors):
    """Trace of number and flux of each group, energy, and the declared lepton numbers."""
    if flavors not in PRESCRIPTIONS[name].flavors:
        pytest.skip("not defined")
    n_energy, n_r = (6, 12000) if not vector else (3, 600)
    number, flux = random_moments(3, n_energy, n_r, vector)
    weights = np.linspace(0.3, 2.0, n_energy)
    energy = np.linspace(5.0, 60.0, n_energy)
    out = mixed_moments(number, flux, weights, prescription=name, flavors=flavors)
    assert np.all(np.isfinite(out.number)) and np.all(np.isfinite(out.flux))
    assert np.all(out.number >= 0.0)
    assert np.all(size(out.flux, out.number) <= out.number * (1.0 + 1e-12))

    old, new = (x[:2] + (flavors - 1) * x[2:] for x in (number, out.number))
    assert np.all(np.abs(new - old) <= 1e-13 * old)
    old_energy, new_energy = (np.einsum("ser,e,e->sr", x, weights, energy) for x in (old, new))
    assert np.all(np.abs(new_energy - old_energy) <= 1e-13 * old_energy)
    old_flux, new_flux = (x[:2] + (flavors - 1) * x[2:] for x in (flux, out.flux))
    scale = old[:, :, None] if vector else old
    assert np.all(np.abs(new_flux - old_flux) <= 1e-13 * scale)

    change = np.einsum("ser,e->sr", out.number - number, weights)
    total = np.einsum("ser,e->r", number, weights)
    defect = np.maximum(np.abs(change[0] - change[1]), np.abs(change[2] - change[3]))
    if name in CONSERVING:
        assert np.all(defect <= 1e-13 * total)
    else:
        assert np.any(defect > 1e-3 * total)

    # where nothing is converted every bit stays
    still = ~out.converted
    assert np.array_equal(out.number[..., still], number[..., still])
    assert np.array_equal(out.flux[..., still], flux[..., still])
    if name not in ("none", "bd21"):
        assert 0.02 * n_r < still.sum() < 0.5 * n_r


# --- full sphere -------------------------------------------------------------------------------


def beams(cosine, n_energy=3):
    """Axisymmetric beams of three groups with spectra that differ: ELN-XLN has a crossing."""
    z = flux_parameter(np.array([0.1, 0.35, 0.4, 0.3]))
    level = np.array([1.0, 0.9, 0.3, 0.25])[:, None] * np.array([1.0, 0.7, 0.2])[:n_energy]
    level = level * np.array([[1.0, 1.0, 1.0], [1.02, 0.99, 0.9], [1.0, 1.1, 1.2], [1.0, 1.1, 1.0]])
    return level[..., None] * (z / np.sinh(z))[:, None, None] * np.exp(z[:, None, None] * cosine)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_tilted_axisymmetric_field(seed):
    """eta and the moments of the box are those of the field about its axis, turned."""
    rng = np.random.default_rng(seed)
    axis = turned(rng.normal(size=3), rng.uniform(0.0, math.pi)) @ np.array([0.0, 0.0, 1.0])
    weights = np.array([0.5, 1.0, 2.0])
    mu, w = np.polynomial.legendre.leggauss(512)
    w = 0.5 * w
    straight = np.ascontiguousarray(beams(mu)[..., None])
    before = straight.copy()
    state = bgk_step(straight, weights, w, mu, 0.0, flavors=3, mode="map")
    eta = (1.0 + 2.0 * (1.0 - state.lobe_ratio[0])) / 3.0

    vectors, solid = sphere_quadrature(32, 64)
    tilted = np.ascontiguousarray(beams(vectors @ axis)[..., None])
    given = tilted.copy()
    found = bgk_step(tilted, weights, solid, None, 0.0, flavors=3, mode="map")
    # densities of the given fields agree to round-off, so do the conserved quantities
    number = [np.einsum("sem,m->se", f[..., 0], q) for f, q in ((before, w), (given, solid))]
    np.testing.assert_allclose(number[1], number[0], rtol=1e-13)
    new = [np.einsum("sem,m->se", f[..., 0], q) for f, q in ((straight, w), (tilted, solid))]
    traces = [x[:2] + 2.0 * x[2:] for x in new]
    np.testing.assert_allclose(traces[1], traces[0], rtol=1e-13)
    net = [(x[0] - x[1]) @ weights for x in new]
    assert net[1] == pytest.approx(net[0], abs=1e-13)
    # what depends on the lobes agrees within the error of the kink
    values = np.unique(found.k)
    assert values.size == 2 and values[0] == 0.0
    assert (1.0 + 2.0 * values[1]) / 3.0 == pytest.approx(
        eta, abs=2.0 / 3.0 * lobe_error(32) / LOBES[1]
    )
    np.testing.assert_allclose(new[1], new[0], rtol=0, atol=moment_error(32))
    current = np.einsum("sem,m,mc->sec", tilted[..., 0], solid, vectors)
    along = np.einsum("sem,m,m->se", straight[..., 0], w, mu)
    np.testing.assert_allclose(current, along[..., None] * axis, rtol=0, atol=moment_error(32))


@pytest.mark.parametrize("seed", [0, 1])
def test_vector_moments_of_a_tilted_field(seed):
    """Vector fluxes along one tilted axis give the moments of radial ones."""
    rng = np.random.default_rng(seed)
    axis = turned(rng.normal(size=3), rng.uniform(0.0, math.pi)) @ np.array([0.0, 0.0, 1.0])
    flux = BEAMS * FACTORS
    radial = mixed_moments(BEAMS, flux, np.ones(1), n_mu=512)
    vector = mixed_moments(BEAMS, flux[:, :, None] * axis[:, None], np.ones(1), n_mu=32)
    assert vector.negative[0] == pytest.approx(LOBES[0], abs=lobe_error(32))
    np.testing.assert_allclose(vector.number, radial.number, rtol=0, atol=moment_error(32))
    expected = radial.flux[:, :, None] * axis[:, None]
    np.testing.assert_allclose(vector.flux, expected, rtol=0, atol=moment_error(32))


@pytest.mark.parametrize("flavors", [2, 3])
def test_box_conserves_without_axisymmetry(flavors):
    """Random amplitudes in every direction, group and cell; the crossing is gone."""
    rng = np.random.default_rng(5)
    _, solid = sphere_quadrature(8, 16)
    weights = np.array([0.5, 1.0, 2.0])
    f = rng.uniform(0.0, 1.0, (4, 3, solid.size, 500))
    new = f.copy()
    bgk_step(new, weights, solid, None, 0.0, flavors=flavors, mode="map")
    old_trace, new_trace = (x[:2] + (flavors - 1) * x[2:] for x in (f, new))
    assert np.all(np.abs(new_trace - old_trace) <= 1e-13 * old_trace)
    change = np.einsum("semr,e,m->sr", new - f, weights, solid)
    total = np.einsum("semr,e,m->r", f, weights, solid)
    assert np.all(np.abs(change[0] - change[1]) <= 1e-13 * total)
    assert np.all(np.abs(change[2] - change[3]) <= 1e-13 * total)
    assert new.min() >= 0.0 and new.max() <= 1.0
    g = np.einsum("semr,e,s->mr", new, weights, [1.0, -1.0, -1.0, 1.0])
    lobes = [np.einsum("mr,m->r", np.maximum(side * g, 0.0), solid) for side in (1.0, -1.0)]
    assert np.all(np.minimum(*lobes) <= 1e-14 * total)
