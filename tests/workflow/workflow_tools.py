"""Helpers to run Snakemake on a study.

The workflow runs from a copy of the repository, so that tests can change the source; the
copy comes first on the path of all its processes.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
# compiled kernels beside the source are valid for a copy with equal times
_COPIED = ("Snakefile", "workflow", "qkepipe", "config", "profiles")


@dataclass(frozen=True)
class Workflow:
    """The workflow of one copy of the repository, applied to one folder."""

    repository: Path
    folder: Path

    def command(self, *arguments):
        """Command line that runs in the folder."""
        return [
            *SNAKEMAKE, "--snakefile", str(self.repository / "Snakefile"),
            "--directory", str(self.folder), "--cores", "2", *map(str, arguments),
        ]  # fmt: skip

    @property
    def environment(self):
        """Variables of the process."""
        kept = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
        return {**kept, "PYTHONPATH": str(self.repository)}

    def run(self, *arguments):
        """Run Snakemake to its end."""
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=500,
            env=self.environment,
            cwd=self.folder,
        )

    def jobs(self, *arguments):
        """Number of jobs of each rule that a dry run lists; empty: nothing to be done."""
        done = self.run("--dry-run", *arguments)
        assert done.returncode == 0, done.stderr
        if "Nothing to be done" in done.stdout + done.stderr:
            return {}
        table = (done.stdout + done.stderr).split("Job stats:")[1]
        rows = re.findall(r"^(\S+)\s+(\d+)$", table.split("\n\n")[0], re.MULTILINE)
        counts = {rule: int(count) for rule, count in rows}
        assert counts.pop("total") == sum(counts.values())
        return counts

    def write_config(self, name="study.yaml", **changes):
        """Write the quick example with changed blocks; returns the option for Snakemake."""
        config = yaml.safe_load((ROOT / "config" / "examples" / "quick.yaml").read_text())
        for block, value in changes.items():
            if isinstance(value, dict):
                config.setdefault(block, {}).update(value)
            else:
                config[block] = value
        (self.folder / name).write_text(yaml.safe_dump(config))
        return ["--configfile", str(self.folder / name)]

    def copy(self, folder, repository=None):
        """This workflow on a copy of its folder, with the times of the files."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Workflow(repository or self.repository, folder)


def copy_repository(target, source=ROOT):
    """Copy what the workflow needs."""
    target.mkdir(exist_ok=True)
    for name in _COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        else:
            shutil.copy2(source / name, target / name)
    return target
