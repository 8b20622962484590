"""Does a snapshot fit into the memory of the job?"""

from __future__ import annotations

import os

import xarray as xr

from qkepipe.errors import Defect

__all__ = ["job_memory", "too_large"]

#: The checks hold a few arrays beside the snapshot.
_ROOM = 2.0
_GIGABYTE = 1e9


def job_memory() -> float:
    """Memory of this job in bytes: what the scheduler grants, else that of the machine."""
    granted = os.environ.get("SLURM_MEM_PER_NODE", "")
    machine = float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    # the variable counts in megabytes; 0 means all of the node
    megabytes = int(granted) if granted.isdigit() else 0
    return min(megabytes * 1048576.0, machine) if megabytes > 0 else machine


def too_large(dataset: xr.Dataset, source: str) -> Defect | None:
    """The refusal of a snapshot that does not fit into memory; None where it does."""
    needed, memory = _ROOM * dataset.nbytes, job_memory()
    if needed <= memory:
        return None
    return Defect(
        source,
        "",
        f"too large: {needed / _GIGABYTE:.3g} GB needed to check {dataset.nbytes / _GIGABYTE:.3g} "
        "GB of data",
        f"at most {memory / _GIGABYTE:.3g} GB in this job",
        "a ray, an angle average, or a job with more memory",
    )
