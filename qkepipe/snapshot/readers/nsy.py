"""Boltzmann (S_N) text format of Nagakura, Sumiyoshi and Yamada ("NSY"), several files.

``<root>/<any folder>/dou*``: 165 columns without header, one row per zone, radius innermost,
one block of rows for each polar angle. ``<root>/meshdata/{E,r,th}mesh_ascii_{edge,mid}.dat``:
index and value. ``<root>/opacities/opac_r{k}_theta{j}.dat`` (optional): one header line, then
one row per energy group.

The file has two frames side by side. Densities and fluxes in the standard names are those of
the laboratory, for which alone the energy density is given; the set of the fluid frame has
names ending in ``_fluid``. Moments of single groups (columns 52-135 and 154-165) belong to
four groups below 2 MeV only and are not read. The heading of an opacity file is not evidence:
:mod:`qkepipe.snapshot.given_rates` establishes what the numbers mean. Scattering is the total
opacity. Its directions are not in the file and are taken from nucleons: trapped nux of the file
diffuse 3 to 4 % slower than isotropic scattering lets them, as the kernel of Bruenn (1985, ApJS
58, 771) has it.
"""

from __future__ import annotations

import hashlib
from numbers import Integral
from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe.constants import M_U_GRAM
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.snapshot.files import head, is_text, read_text, require_file, sha256
from qkepipe.snapshot.given_rates import establish
from qkepipe.snapshot.reader import Reader
from qkepipe.snapshot.text import parse_table
from qkepipe.species import SPECIES, to_four

__all__ = ["READER"]

_COLUMNS = 165
#: Columns (from 0) of quantities over space.
_MATTER = {
    "rho": 2, "ye": 3, "temperature": 4, "velocity_r": 5, "entropy": 8, "pressure": 10,
    "mu_e": 32, "mu_p": 33, "mu_n": 34,
}  # fmt: skip
#: Columns (from 0) of nue, nuebar, nux.
_MOMENTS = {
    "nu_number_density": (23, 37, 43),
    "nu_number_flux": (26, 40, 46),
    "nu_energy_density": (48, 49, 50),
    "nu_energy_flux": (144, 147, 150),
    "nu_number_density_fluid": (22, 36, 42),
    "nu_number_flux_fluid": (24, 38, 44),
    "nu_energy_flux_fluid": (135, 138, 141),
}
_MU_NUE, _NUE_PER_BARYON = 35, 14
#: Columns that repeat others must agree within this.
_AGREE = 1e-3


def _sniff(path) -> float:
    path = Path(path)
    if path.is_dir():
        return 1.0 if (path / "meshdata").is_dir() and _data_files(path) else 0.0
    data = head(path)
    if not is_text(data):
        return 0.0
    words = data.decode("latin-1").partition("\n")[0].split()
    try:
        return float(len(words) == _COLUMNS and bool([float(w) for w in words]))
    except ValueError:
        return 0.0


def _data_files(root: Path) -> list[Path]:
    return sorted(p for p in [*root.glob("dou*"), *root.glob("*/dou*")] if p.is_file())


def _locate(path: Path) -> tuple[Path, Path]:
    """Data file and root folder of a path that is either."""
    if path.is_dir():
        files = _data_files(path)
        if len(files) != 1:
            listed = ", ".join(str(p.relative_to(path)) for p in files) or "none"
            raise QkepipeError(
                Defect(str(path), "", f"{len(files)} data files dou* ({listed})", "one",
                       "the path of the file itself")
            )  # fmt: skip
        return files[0], path
    require_file(path)
    for root in (path.parent, path.parent.parent):
        if (root / "meshdata").is_dir():
            return path, root
    raise QkepipeError(
        Defect(str(path), "", f"no folder meshdata beside or above {path.parent}",
               "meshdata with E, r and th meshes")
    )  # fmt: skip


def _mesh(root: Path, axis: str, kind: str) -> np.ndarray:
    """Values of one mesh file, whose index column is checked."""
    path = root / "meshdata" / f"{axis}mesh_ascii_{kind}.dat"
    table = parse_table(read_text(path), str(path), columns=2)
    start = 0 if kind == "edge" else 1
    if not np.array_equal(table.values[:, 0], start + np.arange(len(table.values))):
        raise QkepipeError(
            Defect(str(path), "", "index column is not sequential", f"{start}, {start + 1}, ...")
        )
    return table.values[:, 1]


def _meshes(root: Path, axis: str) -> tuple[np.ndarray, np.ndarray]:
    edges, mids = _mesh(root, axis, "edge"), _mesh(root, axis, "mid")
    if edges.size != mids.size + 1:
        raise QkepipeError(
            Defect(str(root / "meshdata"), f"{axis}mesh",
                   f"{edges.size} edges for {mids.size} centres", f"{mids.size + 1} edges")
        )  # fmt: skip
    return edges, mids


def _rows(path: Path, n_theta: int, n_r: int) -> np.ndarray:
    """Numbers of the data file, shape (theta, r, column), in the order of the file."""
    source = str(path)
    values = parse_table(read_text(path), source, columns=_COLUMNS).values
    if len(values) != n_theta * n_r:
        raise QkepipeError(
            Defect(source, "", f"{len(values)} rows: truncated, or meshes of another run?",
                   f"{n_theta * n_r} (meshes of {n_theta} polar angles and {n_r} radii)")
        )  # fmt: skip
    blocks = values.reshape(n_theta, n_r, _COLUMNS)
    found = []
    for what, column, along in (("radius", 0, 0), ("polar angle", 1, 1)):
        part = blocks[..., column]
        if np.ptp(part, axis=along).max() > 1e-9 * np.abs(part).max():
            found.append(
                Defect(source, f"column {column + 1}", f"{what} is not the same in all "
                       f"{'blocks' if along == 0 else 'rows of a block'}", "rows ordered by polar "
                       "angle, then radius")
            )  # fmt: skip
    if found:
        raise QkepipeError(found)
    _agree(blocks, source)
    return blocks


def _agree(blocks: np.ndarray, source: str) -> None:
    """Refuse shifted columns: two quantities are given twice."""
    mu_nue = blocks[..., 32] + blocks[..., 33] - blocks[..., 34]
    per_baryon = blocks[..., 23] * M_U_GRAM / blocks[..., 2]
    for name, column, expected in (
        ("mu_nue = mu_e + mu_p - mu_n", _MU_NUE, mu_nue),
        ("nue per baryon = density over rho/m_u", _NUE_PER_BARYON, per_baryon),
    ):
        given = blocks[..., column]
        off = np.abs(given - expected) > _AGREE * np.maximum(np.abs(expected), 1e-30) + 1e-9 * (
            np.abs(expected).max()
        )
        if off.any():
            j, k = (int(i) for i in np.argwhere(off)[0])
            raise QkepipeError(
                Defect(source, f"column {column + 1}, block {j}, zone {k}",
                       f"{given[j, k]:.6g} does not agree with {name} = {expected[j, k]:.6g}",
                       "the 165 columns of this format", "the order of the columns")
            )  # fmt: skip


def _opacities(root: Path, n_theta: int, n_r: int, groups: int) -> np.ndarray | None:
    """Numbers of the opacity files, shape (species, kind, energy, theta, r), or None.

    Kinds are emission, absorption, scattering.
    """
    folder = root / "opacities"
    if not folder.is_dir():
        return None
    names = [[folder / f"opac_r{k}_theta{j}.dat" for k in range(n_r)] for j in range(n_theta)]
    absent = [p.name for row in names for p in row if not p.is_file()]
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        raise QkepipeError(
            Defect(str(folder), "", f"missing: {', '.join(absent[:3])}{more}",
                   f"{n_r * n_theta} files, one for each zone", "the option rates = false")
        )  # fmt: skip
    out = np.empty((3, 3, groups, n_theta, n_r))
    for j, row in enumerate(names):
        for k, path in enumerate(row):
            values = parse_table(read_text(path), str(path), skip=1, columns=10).values
            if not np.array_equal(values[:, 0], np.arange(groups)):
                raise QkepipeError(
                    Defect(str(path), "", f"{len(values)} rows, the last of group "
                           f"{values[-1, 0]:g}: truncated?", f"groups 0 to {groups - 1}")
                )  # fmt: skip
            out[..., j, k] = np.moveaxis(values[:, 1:].reshape(groups, 3, 3), 0, -1)
    return out


def _read(path, theta: int | str = "all", rates: bool = True) -> xr.Dataset:
    """Snapshot of a data file with its meshes and, where they exist, opacities."""
    data, root = _locate(Path(path))
    source = str(data)
    r_edge, r_mid = _meshes(root, "r")
    theta_edge, theta_mid = _meshes(root, "th")
    blocks = _rows(data, theta_mid.size, r_mid.size)
    block = _block(theta, theta_mid.size, source)
    space = ("theta", "r")
    out = xr.Dataset(
        {name: (space, blocks[..., column]) for name, column in _MATTER.items()},
        coords={"theta": blocks[:, 0, 1], "r": blocks[0, :, 0], "r_edge": r_edge,
                "species": list(SPECIES)},
        attrs={"baryon_mass": M_U_GRAM, "frame": "lab", "metric": "flat", "heavy_multiplicity": 1,
               "simulation": f"Boltzmann (S_N) snapshot {data.name}"},
    )  # fmt: skip
    out["r_edge"].attrs["source"] = "file"
    for name in ("mu_e", "mu_n", "mu_p"):
        out[name].attrs["rest_mass"] = "included"
    for name, columns in _MOMENTS.items():
        values = to_four(np.stack([blocks[..., c] for c in columns]))
        frame = "fluid" if name.endswith("_fluid") else "lab"
        out[name] = (("species", *space), values, {"frame": frame})
    history = [
        f"{blocks.shape[0]} blocks of {blocks.shape[1]} zones; columns in cgs and MeV, factor 1",
        "moments of the laboratory frame in the standard names; nuxbar = nux",
        "single-group moments (columns 52-135, 154-165) not read",
    ]
    if rates:
        out, lines = _with_rates(out, root, source)
        history += lines
    if np.all(np.diff(theta_edge) < 0.0):
        out = out.isel(theta=slice(None, None, -1))
        theta_edge = theta_edge[::-1].copy()
        history.append("polar angles of the file descend: order reversed")
    if block is None:
        out = out.assign_coords(theta_edge=theta_edge)
    else:
        angle = float(blocks[block, 0, 1])
        out = out.sel(theta=angle).drop_vars("theta").assign_attrs(theta=angle)
        history.append(f"block {block} of the file only, theta = {angle!r} rad")
    meshes = sorted((root / "meshdata").glob("[!.]*.dat")) if root else []
    opacity_files = sorted((root / "opacities").glob("opac_*.dat")) if "emissivity" in out else []
    out.attrs |= {
        "source_sha256": sha256(data),
        "source_file": source,
        "companion_sha256": _digest([*meshes, *opacity_files]),
        "history": "\n".join(history),
    }
    return set_attributes(out)


def _block(theta, count: int, source: str) -> int | None:
    if theta == "all":
        return None
    if isinstance(theta, bool) or not isinstance(theta, Integral) or not 0 <= theta < count:
        raise QkepipeError(
            Defect(
                source, "theta", f"{theta!r}", f"all, or the number of a block, 0 to {count - 1}"
            )
        )
    return int(theta)


def _with_rates(out: xr.Dataset, root: Path, source: str) -> tuple[xr.Dataset, list[str]]:
    """Add emissivity, absorption and scattering; lines for the history."""
    edges, energy = _meshes(root, "E")
    given = _opacities(root, out.sizes["theta"], out.sizes["r"], energy.size)
    if given is None:
        return out, ["no folder opacities: no rates"]
    matter = {name: out[name].values.ravel() for name in ("rho", "temperature")}
    mu_nue = (out["mu_e"] + out["mu_p"] - out["mu_n"]).values.ravel()
    flat = given.reshape(3, 3, energy.size, -1)
    convention = establish(
        flat[0, 0], flat[0, 1], energy, edges, matter["rho"], matter["temperature"], mu_nue,
        str(root / "opacities"),
    )  # fmt: skip
    j, kappa = convention.apply(flat[:, 0], flat[:, 1], energy, edges)
    out = out.assign_coords(energy=energy, energy_edge=edges)
    for name, values in (("emissivity", j), ("absorption", kappa), ("scattering", flat[:, 2])):
        out[name] = (
            ("species", "energy", "theta", "r"),
            to_four(values.reshape(3, *given.shape[2:])),
        )
    out["scattering"].attrs["kernel"] = "nucleons"
    out.attrs |= {
        "rates_emission": f"{convention.angle}, {convention.spectral}",
        "rates_absorption": convention.absorption,
        "rates_scattering": "total, directions of elastic scattering on nucleons",
        "rates_detailed_balance": convention.ratio,
    }
    return out, [
        "rates: emission of the file is " + f"{convention.angle}, {convention.spectral}; "
        f"absorption is {convention.absorption}; j/(c kappa f_FD) of nue in dense zones has the "
        f"median {convention.ratio:.6f}; rates of nuxbar = rates of nux"
    ]


def _digest(paths: list[Path]) -> str:
    """SHA-256 over names and contents of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


READER = Reader(
    name="nsy",
    doc="Boltzmann S_N text output (165 columns) with meshes and opacities; file or folder",
    read=_read,
    sniff=_sniff,
    options={
        "theta": "all (default), or the number of one block of the file (from 0), for 1-D use",
        "rates": "whether to read the opacity files (default true)",
    },
)
