"""Scores of prescriptions follow from survival probabilities alone."""

import numpy as np
import pytest

from qkepipe.diagnostics.calibration import SCORES, box_spread, score, scores_of

EDGES = np.linspace(-1.0, 1.0, 13)
WEIGHTS = 0.5 * np.diff(EDGES)
MU = 0.5 * (EDGES[1:] + EDGES[:-1])
ENERGY = np.array([8.0, 16.0, 30.0])


def field():
    """Four species in three energies; nuebar forward of nue, nux above them."""
    level = np.array([[3.0, 2.0, 0.5], [2.5, 2.9, 0.8], [0.5, 0.6, 0.6], [0.5, 0.6, 0.6]])
    z = np.array([0.3, 1.2, 1.5, 1.5])
    return level[:, :, None] * np.exp(z[:, None, None] * (MU - 1.0)) * 1e32


def test_the_reference_scores_zero():
    reference = 0.5 + 0.4 * MU**2
    found = score(field(), ENERGY, WEIGHTS, reference, reference)
    assert set(found) == set(SCORES)
    assert all(found[name] == 0.0 for name in SCORES if name != "lepton_number")


def test_scores_against_mixed_fields():
    """Numbers and energies of fields that are mixed with both probabilities."""
    f, survival, reference = field(), 0.5 + 0.5 * MU**2, 0.8 - 0.2 * MU

    def mixed(p):
        return p * f[:2] + (1.0 - p) * f[2:]

    found = score(f, ENERGY, WEIGHTS, survival, reference)
    for row, name in enumerate(("nue", "nuebar")):
        for quantity, factor in (("number", np.ones(3)), ("energy", ENERGY)):
            a, b = (factor @ mixed(p)[row] @ WEIGHTS for p in (survival, reference))
            assert found[f"{quantity}_{name}"] == pytest.approx(a / b - 1.0, rel=1e-12)
        n = f[row].sum(0) * WEIGHTS
        expected = n @ (survival - reference) / n.sum()
        assert found[f"survival_{name}"] == pytest.approx(expected, rel=1e-12)
    before = (f[0] - f[1] - f[2] + f[3]).sum(0) * WEIGHTS
    after = (2.0 * survival - 1.0) * before
    expected = (after.sum() - before.sum()) / np.abs(before).sum()
    assert found["lepton_number"] == pytest.approx(expected, rel=1e-12)


def test_known_prescriptions():
    """The identity keeps all, equipartition halves, the box conserves the lepton number."""
    f = field()
    out = scores_of(f, ENERGY, EDGES, np.ones(12), ["none", "equipartition", "box"])
    assert (out["survival_probability"].sel(prescription="none") == 1.0).all()
    assert (out["score"].sel(prescription="none") == 0.0).all()
    equal = out["score"].sel(prescription="equipartition")
    assert equal.sel(quantity=["survival_nue", "angle"]).values == pytest.approx(
        -0.5 * np.array([1, -1])
    )
    assert abs(float(out["score"].sel(prescription="box", quantity="lepton_number"))) < 1e-14


def test_a_rule_that_converts_nothing_at_a_crossing_makes_no_statement():
    """`bd21` where ELN-XLN changes sign away from mu = 0; it says something about a step there."""
    reference = 0.7 * np.ones(12)
    out = scores_of(field(), ENERGY, EDGES, reference, ["none", "bd21"])
    assert list(out["statement"].values) == [1, 0]
    assert np.isnan(out["score"].sel(prescription="bd21")).all()
    assert float(out["score"].sel(prescription="none", quantity="angle")) == pytest.approx(0.3)
    step = np.zeros((4, 3, 12))
    step[0] = np.where(MU > 0.0, 1e32, 0.0)
    step[1] = np.where(MU > 0.0, 0.0, 0.5e32)
    out = scores_of(step, ENERGY, EDGES, reference, ["bd21"])
    assert list(out["statement"].values) == [1]
    assert np.isfinite(out["score"]).all()


def test_spread_of_two_boxes_is_the_error_of_one_against_the_other():
    f, first, second = field(), 0.5 + 0.1 * MU, 0.6 - 0.3 * MU**2
    spread = box_spread(f, WEIGHTS, np.stack([first, second]))
    assert spread == pytest.approx(score(f, ENERGY, WEIGHTS, first, second)["angle"], rel=1e-12)
    assert box_spread(f, WEIGHTS, np.stack([first, first])) == 0.0


def test_an_empty_field_scores_zero():
    found = score(np.zeros((4, 3, 12)), ENERGY, WEIGHTS, 0.5 * np.ones(12), np.ones(12))
    assert all(value == 0.0 for value in found.values())
