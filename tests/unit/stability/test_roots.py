"""All roots of the dispersion relation of discrete beams."""

import numpy as np
import pytest

from qkepipe.errors import QkepipeError
from qkepipe.stability import growth_rate, roots


def dispersion(w, v, g, sign, omega, gamma, kappa, sector):
    """D(w) and the size of its terms, from its definition."""
    term = sign * g / (w - kappa * v + sign * omega + 1j * gamma)
    i0, i1, i2 = term.sum(), (term * v).sum(), (term * v * v).sum()
    size = np.abs(term).sum()
    if sector == "sym":
        return (1 + i0) * (1 - i2) + i1 * i1, (1 + size) ** 2
    return 1 - 0.5 * (i0 - i2), 1 + size


def test_two_beams_have_the_pair_of_the_closed_form():
    """w = (1 - alpha) +- sqrt(kappa^2 - 4 alpha) for opposite beams."""
    found = roots([1.0, -1.0], [1.0, 0.7], [1, -1], kappa=0.5)
    root = np.sqrt(4 * 0.7 - 0.25)
    assert found.imag == pytest.approx([root, -root], rel=1e-12)
    assert found.real == pytest.approx([found.real[0]] * 2, abs=1e-12)


@pytest.mark.parametrize("sector", ["sym", "brk"])
@pytest.mark.parametrize("damped", [False, True])
def test_every_root_solves_the_dispersion_relation(sector, damped):
    """As many roots as beams; each makes D vanish, and the first is that of growth_rate."""
    rng = np.random.default_rng(4)
    beams = {
        "v": rng.uniform(-0.99, 0.99, 9), "g": rng.uniform(0.2, 1.0, 9),
        "sign": np.where(rng.random(9) < 0.5, -1, 1), "omega": rng.uniform(0.0, 0.3, 9),
        "gamma": rng.uniform(0.01, 0.2, 9) * damped, "kappa": 0.3, "sector": sector,
    }  # fmt: skip
    found = roots(**beams)
    assert found.size == 9
    for w in found:
        value, size = dispersion(w, **beams)
        assert abs(value) < 1e-10 * size
    assert np.min(np.abs(found[:, None] - found + 10 * np.eye(9))) > 1e-6
    assert found[0].imag == pytest.approx(growth_rate(**beams)[0], rel=1e-10)
    assert (np.diff(found.imag) <= 1e-12).all()


def test_beams_that_do_not_act_have_no_root():
    """Equal beams count once; one without weight, or along the axis in brk, not at all."""
    found = roots([0.5, 0.5, -0.5, 0.1, 0.1], [1.0, 1.0, 1.0, 1.0, 1.0], [1, 1, -1, 1, -1])
    assert found.size == 2
    assert roots([1.0, 0.2, -0.3], [1.0, 1.0, 1.0], [1, 1, -1], sector="brk").size == 2


def test_unsound_beams_are_refused():
    with pytest.raises(QkepipeError, match="sector"):
        roots([1.0], [1.0], [1], sector="odd")
