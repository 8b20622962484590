"""CompOSE tables as text: ``eos.t``, ``eos.nb``, ``eos.yq``, ``eos.thermo``, ``eos.compo``.

Definitions of the CompOSE manual (Typel, Oertel & Klaehn 2015, Phys. Part. Nucl. 46, 633; version
3.01, EPJ A 58, 221):

- axis files: first and last index, then the values (MeV, fm^-3, charge fraction),
- ``eos.thermo``: a line ``m_n m_p I_l`` (MeV; I_l = 1 with leptons), then rows ``i_T i_nb i_yq
  Q1 .. Q7 N ...`` with Q1 = p/n_b [MeV], Q2 = s/n_b, Q3 = mu_b/m_n - 1, Q4 = mu_q/m_n, Q5 =
  mu_l/m_n; mu_n = mu_b, mu_p = mu_b + mu_q, mu_e = mu_l - mu_q, all with rest masses,
- ``eos.compo``: rows ``i_T i_nb i_yq phase N_pairs (I Y) .. N_quads (I A Z Y) ..`` with particles
  per baryon; I is 0 electron, 10 neutron, 11 proton, 1000 A + Z for a nucleus; quadruples are
  means over groups of nuclei. Of rows given twice the last one counts.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np

from qkepipe.constants import M_U_GRAM, MEV_ERG
from qkepipe.eos.nodes import Nodes
from qkepipe.eos.reader import EosReader
from qkepipe.errors import Defect, QkepipeError
from qkepipe.snapshot.files import require_file
from qkepipe.units import TO_PROJECT

__all__ = ["READER"]

_NEUTRON, _PROTON, _ALPHA = 10, 11, 4002
_PER_FM3 = TO_PROJECT["number_density"]["fm-3"]
#: Mass number up to which a nucleus, or the mean of a group of them, counts as light.
_LIGHT_A = 4.0


def _numbers(path: Path, skip: int = 0, columns=None) -> np.ndarray:
    require_file(path)
    try:
        return np.loadtxt(path, skiprows=skip, usecols=columns, ndmin=2)
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from None


def _unreadable(path: Path, reason: str) -> QkepipeError:
    reason = " ".join(reason.split())
    return QkepipeError(Defect(str(path), "", f"cannot be read ({reason})", "the CompOSE format"))


def _axis(path: Path) -> tuple[int, np.ndarray]:
    """First index and values."""
    values = _numbers(path).ravel()
    if values.size < 3 or values.size - 2 != values[1] - values[0] + 1:
        raise _unreadable(path, f"{values.size - 2} values, not those of the first two lines")
    return int(values[0]), values[2:]


class _Grid:
    """Order of rows by their indices: arrays over (ye, T, rho)."""

    def __init__(self, axes: dict[str, tuple[int, np.ndarray]]):
        self.first = np.array([axes[n][0] for n in ("t", "nb", "yq")])
        self.size = np.array([axes[n][1].size for n in ("t", "nb", "yq")])
        self.shape = (self.size[2], self.size[0], self.size[1])

    def place(self, index: np.ndarray, path: Path) -> tuple[np.ndarray, ...]:
        """Positions of rows ``i_T i_nb i_yq``."""
        at = index.astype(int) - self.first
        if at.size == 0 or (at < 0).any() or (at >= self.size).any():
            raise _unreadable(path, "indices outside the axes")
        seen = np.zeros(self.shape, dtype=bool)
        where = (at[:, 2], at[:, 0], at[:, 1])
        seen[where] = True
        if not seen.all():
            raise _unreadable(
                path, f"{int((~seen).sum())} of {seen.size} nodes missing: truncated?"
            )
        return where


def _composition(path: Path, grid: _Grid) -> dict[str, np.ndarray]:
    """Mass fractions, mean heavy nucleus and charge of the light ones."""
    require_file(path)
    # compact: such files have millions of rows
    index, rows = array("q"), array("d")
    with path.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            words = line.split()
            if not words:
                continue
            try:
                rows.extend(_nuclei(words))
                index.extend([int(w) for w in words[:3]])
            except (ValueError, IndexError):
                raise _unreadable(path, f"line {number} is no list of particles") from None
    where = grid.place(np.array(index).reshape(-1, 3), path)
    names = ("x_n", "x_p", "x_alpha", "x_light", "light_charge", "x_heavy", "number", "charge")
    out = {}
    for name, column in zip(names, np.array(rows).reshape(-1, len(names)).T, strict=True):
        out[name] = np.zeros(grid.shape)
        out[name][where] = column
    heavy = out["number"] > 0.0
    for name, sums in (("abar", "x_heavy"), ("zbar", "charge")):
        out[name] = np.divide(out[sums], out["number"], out=np.zeros(grid.shape), where=heavy)
    del out["number"], out["charge"]
    return out


def _nuclei(words: list[str]) -> tuple[float, ...]:
    """One row: n, p, alpha, light (mass, charge), heavy (mass, number, charge) per baryon."""
    pairs = int(words[4])
    end = 5 + 2 * pairs
    particles = [(int(i), float(y)) for i, y in zip(words[5:end:2], words[6:end:2], strict=True)]
    nuclei = [(i // 1000, i % 1000, y) for i, y in particles if i >= 1000 and i != _ALPHA]
    for at in range(end + 1, end + 1 + 4 * int(words[end]), 4):
        nuclei.append(tuple(float(words[at + k]) for k in (1, 2, 3)))
    free = dict(particles)
    light = [row for row in nuclei if 0.0 < row[0] <= _LIGHT_A]
    heavy = [row for row in nuclei if row[0] > _LIGHT_A]
    return (
        free.get(_NEUTRON, 0.0), free.get(_PROTON, 0.0), 4.0 * free.get(_ALPHA, 0.0),
        sum(a * y for a, _, y in light), sum(z * y for _, z, y in light),
        sum(a * y for a, _, y in heavy), sum(y for _, _, y in heavy),
        sum(z * y for _, z, y in heavy),
    )  # fmt: skip


def _read(path: Path) -> Nodes:
    if not path.is_dir():
        raise QkepipeError(
            Defect(str(path), "", "not a folder", "the folder of eos.t, eos.nb, eos.yq, "
                   "eos.thermo, eos.compo")
        )  # fmt: skip
    axes = {name: _axis(path / f"eos.{name}") for name in ("t", "nb", "yq")}
    for name in ("t", "nb"):
        if axes[name][1][0] <= 0.0:
            raise _unreadable(path / f"eos.{name}", "the first value is not positive")
    grid = _Grid(axes)
    thermo = path / "eos.thermo"
    require_file(thermo)
    with thermo.open(encoding="utf-8", errors="replace") as stream:
        header = stream.readline().split()
    try:
        neutron, leptons = float(header[0]), int(header[2]) == 1
    except (ValueError, IndexError):
        raise _unreadable(thermo, "line 1 is not m_n m_p I_l") from None
    rows = _numbers(thermo, 1, range(8))
    where = grid.place(rows[:, :3], thermo)
    q = np.empty((5, *grid.shape))
    for k in range(5):
        q[k][where] = rows[:, 3 + k]
    pressure, entropy, _, charge, lepton = q
    with np.errstate(invalid="ignore", divide="ignore"):
        log_pressure = np.log10(pressure * axes["nb"][1] * _PER_FM3 * MEV_ERG)
    return Nodes(
        str(path),
        np.log10(axes["nb"][1] * _PER_FM3 * M_U_GRAM), np.log10(axes["t"][1]), axes["yq"][1],
        mu_e=neutron * (lepton - charge) if leptons else None,
        mu_hat=-neutron * charge,
        entropy=entropy, log_pressure=log_pressure,
        **_composition(path / "eos.compo", grid),
        baryon_mass=M_U_GRAM,
        declared="included",
        attrs={"format": "compose"},
    )  # fmt: skip


READER = EosReader(
    name="compose",
    doc="folder of a CompOSE table in text, eos.t to eos.compo",
    read=_read,
)
