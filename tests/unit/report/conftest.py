"""Files of a synthetic study."""

from __future__ import annotations

import pytest
from report_data import (
    default_cases,
    make_background,
    make_baseline,
    make_calibration,
    make_modes,
    make_regions,
    make_resolution,
    make_snapshot,
    make_stability,
)

from qkepipe.diagnostics import compare, to_csv


@pytest.fixture
def make_study(tmp_path):
    """Factory of the arguments of ``write_report``; files are written below ``tmp_path``."""
    return _factory(tmp_path)


@pytest.fixture(scope="module")
def full_study(tmp_path_factory):
    """Arguments of ``write_report`` for a study with everything."""
    return _factory(tmp_path_factory.mktemp("full"))()


def _factory(folder_of_all):
    def make(
        cases: dict | None = None,
        *,
        stable: bool = False,
        directions: int = 0,
        field: str = "transport",
        names=("s15",),
        resolution: bool = False,
        config: dict | None = None,
    ) -> dict:
        cases = default_cases() if cases is None else cases
        files, summaries, errors = {}, {}, {}
        for name in names:
            folder = folder_of_all / "results" / "demo" / name
            (folder / "solve").mkdir(parents=True, exist_ok=True)
            snapshot = make_snapshot(name)
            background = make_background(snapshot)
            baseline = make_baseline()
            if field == "snapshot":
                baseline.attrs.update(
                    scheme="snapshot",
                    radiation_source="snapshot moments, maximum entropy",
                    closure="maximum entropy of fermions",
                )
            axis = "distance along the z axis" if field == "moments" else ""
            datasets = {
                "snapshot": snapshot,
                "background": background if field != "moments" else None,
                "baseline": baseline if field != "moments" else None,
                "resolution": make_resolution(name) if resolution else None,
                "stability": make_stability(stable, directions, axis),
            }
            map_field = None if field == "moments" else baseline
            datasets["regions"] = make_regions(datasets["stability"], background, map_field)
            datasets["modes"] = make_modes(stable)
            datasets["calibration"] = make_calibration()
            entry = {}
            for kind, data in datasets.items():
                entry[kind] = None
                if data is not None:
                    entry[kind] = folder / f"{kind}.nc"
                    data.to_netcdf(entry[kind])
            if resolution:
                errors[name] = datasets["resolution"]
            entry["summaries"] = {}
            for case, summary in cases.items():
                path = folder / "solve" / f"{case}.summary.nc"
                summary.to_netcdf(path)
                entry["summaries"][case] = path
                summaries[name, case] = summary
            files[name] = entry
        comparison = None
        if summaries:
            comparison = folder_of_all / "results" / "demo" / "comparison.nc"
            table = compare(summaries, errors)
            table.to_netcdf(comparison)
            to_csv(table, comparison.with_suffix(".csv"))
        settings = {
            "study": "demo",
            "field": field,
            "background": {"processes": ["beta", "scattering_nucleons"]},
            "solve": {"tolerance": 1e-4, "seed": {"kind": "wave", "amplitude": 1e-6}},
            **(config or {}),
        }
        return {
            "config": settings,
            "files": files,
            "comparison": comparison,
            "provenance": {
                "qkepipe": "0.1.0",
                "code_hash": "0123456789abcdef",
                "inputs": {"s15": [{"file": "model.dat", "sha256": "ab" * 32}]},
                "seeds": {"number": 1},
                "run_times": [{"job": "solve", "seconds": float("nan")}],
            },
            "output": folder_of_all / "results" / "demo" / "report.html",
            "figures_dir": folder_of_all / "results" / "demo" / "figures",
        }

    return make
