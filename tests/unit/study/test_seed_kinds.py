"""Seeds of quantum-kinetic cases, from the configuration to a short run."""

import numpy as np
import pytest

from qkepipe.constants import HBAR_C, M_U_GRAM, SQRT2_GF
from qkepipe.oscillation.vacuum import mixing_of
from qkepipe.study.cases import expand_cases
from qkepipe.study.load import load_config
from qkepipe.study.stages import background, baseline, ingest, solve


def config_of(**seed):
    return load_config(
        {
            "grid": {"r_in_km": 34, "r_out_km": 60, "n_r": 24, "n_mu": 8, "n_energy": 3},
            "solve": {"crossings": 0.2, "samples": 8, "seed": seed},
            "cases": [{"scheme": "qke", "xi": [1e-6]}],
        }
    )


@pytest.fixture(scope="module")
def matter():
    config = config_of()
    snapshot = ingest.run(config, config.snapshots[0])
    found = background.run(config, snapshot)
    return found.assign(f=baseline.run(config, snapshot, found)["f"])


def run(matter, **seed):
    config = config_of(**seed)
    case = next(case for case in expand_cases(config) if case.kind == "qke")
    return solve.run(config, case, matter)[0]


def test_noise_at_the_boundary_is_another_run(matter):
    steady, noise = run(matter, kind="noise"), run(matter, kind="noise", boundary="noise")
    assert "boundary_seed" not in steady.attrs
    assert noise.attrs["boundary_seed"] == 3
    difference = np.abs(noise["coherence_series"] - steady["coherence_series"]).isel(time_sample=0)
    assert difference[0] > 1e3 * difference[-1]
    assert (noise.attrs["seed_kind"], noise.attrs["seed_number"]) == ("noise", 1)


def test_the_vacuum_seed_is_the_mixing_angle_in_matter(matter):
    """dm^2/(2 E) sin(2 theta) over sqrt(2) G_F n_e, for the mean energy of nue."""
    found = run(matter, kind="vacuum").attrs["seed_amplitude"]
    first = matter.isel(r=0)
    density = float(first["rho"] * first["ye"]) / M_U_GRAM
    mixing = mixing_of("normal", 2)
    angles = [
        mixing.delta_m2 * 1e-12 * np.sin(2 * mixing.theta) / (2 * e * HBAR_C * SQRT2_GF * density)
        for e in (40.0, 5.0)
    ]
    assert angles[0] < found < angles[1]
