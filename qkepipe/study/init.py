"""A new study folder: a small study that runs as it is, and what to type."""

from __future__ import annotations

from pathlib import Path

from qkepipe.errors import Defect, QkepipeError
from qkepipe.runtime import write_text

__all__ = ["init_study"]

_STUDY = """\
# A small study: one analytic post-bounce model, some minutes on a laptop.
# All settings, with units and bounds: docs/configuration-reference.md of qkepipe.

study: {name}

snapshots:
  # The embedded model. Your own data instead:
  # - name: my_model
  #   path: data/profile.txt      # relative to this folder; check it with `qkepipe check FILE`
  #   options: {{}}                 # of the reader: columns, units, ...
  - name: ccsn_demo
    format: analytic
    options:
      degeneracy: -0.25           # the knob of the lepton asymmetry

grid:
  r_in_km: 33                     # the model needs no equation of state from here outwards
  r_out_km: 105                   # beyond the shock at 100 km
  n_r: 100
  n_mu: 16                        # even
  n_energy: 4
  resolve_xi: 5.0e-5              # largest xi whose flavour waves are resolved

solve:
  crossings: 4                    # light crossings of the domain; the last 30 % are averaged

cases:
  - scheme: qke                   # quantum kinetics with the Hamiltonian attenuated by xi
    xi: [1.25e-5, 2.5e-5, 5.0e-5]
  - scheme: bgk                   # relaxation to an asymptotic state
    prescription: box
  - scheme: threshold             # equilibration below a density [g cm-3]
    density: [1.0e+11]
"""

_SNAKEFILE = """\
# The workflow of qkepipe on the study of this folder.
configfile: "study.yaml"


module qkepipe:
    snakefile:
        {snakefile!r}
    config:
        config


use rule * from qkepipe
"""

_README = """\
# Study {name}

    snakemake -n           # what would run, and why
    snakemake -c all       # run it on this machine
    snakemake --report report.zip

Results appear in `results/{name}/`: start with `report.html`. Edit `study.yaml` and run again:
only what the change concerns is computed.
"""


def init_study(path: str | Path) -> list[Path]:
    """Write a study folder that is ready to run and to edit.

    Parameters
    ----------
    path : path
        New or empty folder; its name becomes the name of the study where it can.

    Returns
    -------
    list of Path
        Files written.

    Raises
    ------
    QkepipeError
        If the folder is not empty.
    """
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "is not empty" if folder.is_dir() else "is a file"
        raise QkepipeError(Defect(str(path), "", what, "a new or empty folder"))
    kept = [c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in folder.resolve().name]
    name = "".join(kept).lstrip("_-") or "study"
    texts = {
        "study.yaml": _STUDY.format(name=name),
        "Snakefile": _SNAKEFILE.format(snakefile=str(_workflow_file())),
        "README.md": _README.format(name=name),
    }
    for file, text in texts.items():
        write_text(folder / file, text)
    return [folder / file for file in texts]


def _workflow_file() -> Path:
    """Snakefile of this copy of qkepipe."""
    found = Path(__file__).resolve().parents[2] / "Snakefile"
    if not found.is_file():
        raise QkepipeError(
            Defect(
                "qkepipe",
                "",
                "installed without its workflow",
                hint="an editable install of a clone",
            )
        )
    return found
