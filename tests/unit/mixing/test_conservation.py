"""The checker of conservation laws finds what a broken kernel does."""

from dataclasses import replace

import numpy as np
import pytest

from qkepipe.errors import QkepipeError
from qkepipe.mixing import LAWS, PRESCRIPTIONS, law_defects


def arguments(make, seed=1):
    f, energy, angle = make(seed)
    return f, energy.centres, energy.weights, angle.weights, angle.centres


@pytest.fixture
def broken(monkeypatch):
    """Register a box whose factors are those of the function."""

    def register(change):
        box = PRESCRIPTIONS["box"]

        def kernel(g, mweights, mu, negative, positive, rtol, flavors, k):
            box.kernel(g, mweights, mu, negative, positive, rtol, flavors, k)
            change(k)

        monkeypatch.setitem(PRESCRIPTIONS, "broken", replace(box, name="broken", kernel=kernel))

    return register


def test_declared_laws_are_the_default(random_field):
    found = law_defects(*arguments(random_field), "box", flavors=3)
    assert set(found) == set(LAWS)
    assert all(defect.shape == (20,) and defect.max() < 1e-14 for defect in found.values())
    found = law_defects(*arguments(random_field), "equipartition", flavors=3)
    assert set(found) == {"trace", "energy", "positivity"}
    (lost,) = law_defects(
        *arguments(random_field), "equipartition", flavors=3, laws=["eln"]
    ).values()
    assert lost.max() > 1e-3


def test_the_field_is_not_changed(random_field):
    given = arguments(random_field)
    before = given[0].copy()
    law_defects(*given, "box", flavors=2)
    assert np.array_equal(given[0], before)


def test_lost_lepton_number_and_negative_values_are_found(random_field, broken):
    def too_far(k):
        k[k < 1.0] = -2.0

    broken(too_far)
    found = law_defects(*arguments(random_field), "broken", flavors=2)
    assert found["trace"].max() < 1e-14 and found["energy"].max() < 1e-14
    assert all(found[law].max() > 1e-3 for law in ("eln", "xln", "positivity"))


def test_a_value_that_is_not_finite_breaks_every_law(random_field, broken):
    def spoil(k):
        k[0, 3] = np.nan

    broken(spoil)
    f, *rest = arguments(random_field)
    f[:, :, :, 3] = [[[0.5]], [[0.1]], [[0.2]], [[0.2]]]
    f[1, :, 0, 3] = 0.9
    found = law_defects(f, *rest, "broken", flavors=2)
    assert all(np.isinf(defect[3]) for defect in found.values())


def test_empty_states_have_no_defect(random_field):
    f, *rest = arguments(random_field)
    found = law_defects(np.zeros_like(f), *rest, "box", flavors=3)
    assert all(np.array_equal(defect, np.zeros(20)) for defect in found.values())


def test_refusals_are_those_of_the_step(random_field):
    with pytest.raises(QkepipeError, match="flavors: 3 with prescription 'bd21'"):
        law_defects(*arguments(random_field), "bd21", flavors=3)
