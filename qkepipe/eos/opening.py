"""The door of the room: read a table of any registered format, in the project's conventions."""

from __future__ import annotations

from pathlib import Path

from qkepipe import registered
from qkepipe.eos.conventions import CHOICES
from qkepipe.eos.nodes import make_table
from qkepipe.eos.reader import EosReader
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.matter import EosTable

__all__ = ["READERS", "read_eos"]

#: Readers by name.
READERS: dict[str, EosReader] = {
    name: registered.load(entry) for name, entry in registered.EOS_READERS.items()
}


def read_eos(
    path, format: str, electron_mass: str = "auto", nucleon_masses: str = "auto"
) -> EosTable:
    """Read an equation-of-state table.

    Parameters
    ----------
    path : path
        File, or folder for formats of several files.
    format : str
        Registered reader.
    electron_mass, nucleon_masses : {"auto", "included", "excluded"}
        Whether mu_e of the file includes the rest mass of the electron, and mu_n - mu_p the
        difference of the nucleon masses; ``auto`` finds out
        (:mod:`qkepipe.eos.conventions`).

    Returns
    -------
    EosTable
        Chemical potentials with rest masses; ``attrs`` say what the file had.

    Raises
    ------
    QkepipeError
        One line per defect.
    """
    if format not in READERS:
        raise QkepipeError(
            Defect(str(path), "format", f"unknown format {format!r}", hint=nearest(format, READERS))
        )
    for option, value in (("electron_mass", electron_mass), ("nucleon_masses", nucleon_masses)):
        if value not in CHOICES:
            raise QkepipeError(
                Defect(
                    str(path), option, f"unknown choice {value!r}", "one of " + ", ".join(CHOICES)
                )
            )
    nodes = READERS[format].read(Path(path))
    return make_table(nodes, electron_mass, nucleon_masses)
