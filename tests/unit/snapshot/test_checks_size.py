"""Snapshots larger than the memory of the job are refused before they are loaded."""

import dask.array as da
import pytest
import xarray as xr
from synthetic_snapshot import only

from qkepipe.snapshot.checks.size import job_memory


def _refuse_to_load(block):
    raise AssertionError("loaded")


def test_estimate_and_no_loading():
    chunks = da.zeros((10**5, 10**5, 10**3), chunks=(10**3, 10**3, 10**3))
    large = xr.Dataset(
        {
            "rho": (
                ("phi", "theta", "r"),
                chunks.map_blocks(_refuse_to_load, dtype=float, meta=chunks._meta),
            )
        }
    )
    text = only(large)
    assert "too large: 1.6e+05 GB needed" in text
    assert f"at most {job_memory() / 1e9:.3g} GB" in text


@pytest.mark.parametrize("granted, limited", [("1", True), ("0", False), ("", False)])
def test_memory_granted_by_the_scheduler(granted, limited, monkeypatch):
    monkeypatch.delenv("SLURM_MEM_PER_NODE", raising=False)
    machine = job_memory()
    monkeypatch.setenv("SLURM_MEM_PER_NODE", granted)
    assert job_memory() == (1048576.0 if limited else machine)
