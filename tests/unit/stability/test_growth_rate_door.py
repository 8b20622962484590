"""growth_rate refuses arrays that it cannot mean, and merges beams without changing roots."""

import numpy as np
import pytest

from qkepipe.errors import QkepipeError
from qkepipe.stability import growth_rate

GOOD = {"v": [1.0, -1.0], "g": [1.0, 0.7], "sign": [1, -1]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"v": [1.1, -1.0]}, "v"),
        ({"v": []}, "v"),
        ({"v": [[1.0, -1.0]]}, "v"),
        ({"g": [1.0]}, "g"),
        ({"g": [1.0, np.nan]}, "g"),
        ({"sign": [1, 0]}, "sign"),
        ({"sign": [1, -1, 1]}, "sign"),
        ({"omega": [0.0, np.inf]}, "omega"),
        ({"gamma": -0.1}, "gamma"),
        ({"kappa": np.nan}, "kappa"),
        ({"kappa": [0.0, 1.0]}, "kappa"),
        ({"sector": "symm"}, "sector"),
    ],
)
def test_refuses_with_one_line(change, field):
    """Each bad argument gives one defect that names it."""
    with pytest.raises(QkepipeError) as error:
        growth_rate(**{**GOOD, **change})
    (defect,) = error.value.defects
    assert defect.field == field
    assert "\n" not in str(defect)


def test_unknown_sector_gets_a_hint():
    """The nearest name is suggested."""
    with pytest.raises(QkepipeError, match="did you mean 'sym'"):
        growth_rate(**GOOD, sector="symm")


def test_scalars_broadcast():
    """A scalar omega and gamma hold for all beams."""
    scalar = growth_rate(**GOOD, omega=0.1, gamma=0.01)
    array = growth_rate(**GOOD, omega=[0.1, 0.1], gamma=[0.01, 0.01])
    assert scalar == array


@pytest.mark.parametrize("sector", ["sym", "brk"])
def test_split_beams_change_nothing(sector):
    """Beams cut into parts, and a nu and a nubar beam written as one, have the same roots."""
    rng = np.random.default_rng(2)
    v, g = rng.uniform(-1, 1, 6), rng.normal(size=6)
    sign = np.ones(6)
    whole = growth_rate(v, g, sign, gamma=0.01, kappa=0.3, sector=sector)
    share = rng.uniform(0, 1, 6)
    split = growth_rate(
        np.r_[v, v],
        np.r_[share * g, -(1 - share) * g],
        np.r_[sign, -sign],
        gamma=0.01,
        kappa=0.3,
        sector=sector,
    )
    assert whole[0] > 0.0
    assert split == pytest.approx(whole, rel=1e-10)


def test_empty_beam_is_no_root():
    """An undamped beam without weight must not hide that all modes are damped."""
    growth, _ = growth_rate([0.5, 0.2], [1.0, 0.0], [1, 1], gamma=[0.3, 0.0])
    assert growth == pytest.approx(-0.3, rel=1e-12)


def test_beam_along_the_axis_does_not_break_symmetry():
    """A beam at v = 1 has no part in the breaking sector."""
    growth, _ = growth_rate([1.0, 0.0], [1.0, 1.0], [1, 1], gamma=[0.0, 0.2], sector="brk")
    assert growth == pytest.approx(-0.2, rel=1e-12)


def test_growth_far_below_the_potential_is_polished():
    """A damping of 1e-12 of |g| comes out with 8 digits although eigenvalues carry less."""
    g, gbar, rate, ratebar = 3.0, 2.0, 5e-12, 1e-12
    growth, _ = growth_rate([0.0, 0.0], [g, gbar], [1, -1], gamma=[rate, ratebar])
    plus = (gbar * rate - g * ratebar) / (g - gbar)  # root of g/(y+a) = gbar/(y+b)
    assert growth == pytest.approx(plus, rel=1e-8)
