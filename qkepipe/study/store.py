"""Finished solutions and checkpoints, kept by content outside the outputs of the workflow.

Snakemake removes the outputs of a job that failed or runs again. What a case has computed
stays here under a key of everything that determines it, so that a retry, an added case or a
case changed back never computes again what is known. Deleting the folder is always safe.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from qkepipe.runtime import content_hash
from qkepipe.study.cases import Case

__all__ = ["StoredCase", "place", "stored_case"]


@dataclass(frozen=True)
class StoredCase:
    """Folder of one case."""

    folder: Path

    @property
    def solution(self) -> Path:
        """Finished solution."""
        return self.folder / "solution.nc"

    @property
    def summary(self) -> Path:
        """Summary; made again by every job, as it costs little."""
        return self.folder / "summary.nc"

    @property
    def checkpoint(self) -> Path:
        """State of a run under way."""
        return self.folder / "state.npz"

    @property
    def finished(self) -> bool:
        """Whether the solution is there; it is written atomically."""
        return self.solution.exists()

    def drop_checkpoint(self) -> None:
        """Remove the state of a run that is finished."""
        self.checkpoint.unlink(missing_ok=True)


def stored_case(
    root: Path, snapshot: str, case: Case, settings: dict, background_sha256: str, code: str
) -> StoredCase:
    """Folder for a case, keyed by all that determines its solution.

    Parameters
    ----------
    root : Path
        Folder ``_checkpoints`` of the study.
    snapshot : str
        Name of the snapshot, for the eye.
    case : Case
    settings : dict
        Part of the configuration that the solve reads.
    background_sha256 : str
        Checksum of the reference background.
    code : str
        Hash of the source that the solve uses.
    """
    key = content_hash(
        {
            "case": case.as_dict(),
            "settings": settings,
            "background": background_sha256,
            "code": code,
        }
    )
    return StoredCase(Path(root) / snapshot / f"{case.name}-{key}")


def place(source: Path, target: Path) -> None:
    """Put a stored file at its place among the outputs: a hard link, or a copy."""
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
    except OSError:
        # a file system without hard links
        shutil.copyfile(source, part)
    # outputs must not look older than the inputs of their job
    os.utime(part)
    os.replace(part, target)
    # os.replace leaves both names where they are the same file already
    part.unlink(missing_ok=True)
