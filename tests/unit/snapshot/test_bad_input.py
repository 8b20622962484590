"""Every row of the table of bad input (design, formats, section 5), through ``qkepipe check``.

Each case is a small file: shared data, or a synthetic canonical netCDF, with one edit. It
must give exactly one line of its severity, with file, variable, value and what to try.

Rows that do not apply to the formats that are read (they belong to grids of several
components, as of Carpet): *component or file missing* for components, *components overlap*,
*iteration ambiguous*. Missing files of a format of several files are tested below. The row
*file too large* is tested in ``test_checks_size.py``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from synthetic_snapshot import edit, put, scale, snapshot, turn

from qkepipe import cli, open_snapshot
from qkepipe.constants import C_LIGHT, K_BOLTZMANN_MEV, M_ELECTRON, MEV_ERG
from qkepipe.snapshot import columns

BNSM = "bnsm_thc_m1/DD2_M12980-12980_M1_LR_t_50ms_z_axis.txt"
CCSN = "ccsn_1d/ccsn_1d.txt"


@dataclass(frozen=True)
class Run:
    """Result of ``qkepipe check``."""

    code: int
    out: str
    errors: list[str]
    others: list[str]


@pytest.fixture
def check(capsys):
    """Call the command; lines of standard error split by severity."""

    def call(path, *words):
        code = cli.main(["check", str(path), *words])
        captured = capsys.readouterr()
        lines = captured.err.splitlines()
        others = [x for x in lines if x.startswith(("warning: ", "note: "))]
        return Run(code, captured.out, [x for x in lines if x not in others], others)

    return call


def _table(path):
    """Header and rows of words of a text file."""
    lines = path.read_text().splitlines()
    header = [x for x in lines if x.startswith("#")]
    return header, [x.split() for x in lines if x.strip() and not x.startswith("#")]


def _write(path, header, rows):
    path.write_text("\n".join([*header, *(" ".join(row) for row in rows)]) + "\n")
    return path


def change(column: int, function: Callable) -> Callable:
    """Edit of a text table: numbers of one column (from 1), as text of full precision."""

    def apply(rows):
        values = function(np.array([float(row[column - 1]) for row in rows]))
        for row, value in zip(rows, values, strict=True):
            row[column - 1] = repr(float(value))

    return apply


def word(line: int, column: int, text: str) -> Callable:
    """Edit of a text table: one word."""

    def apply(rows):
        rows[line][column - 1] = text

    return apply


def exchange(a: int, b: int) -> Callable:
    """Edit of a text table: two columns exchanged."""

    def apply(rows):
        for row in rows:
            row[a - 1], row[b - 1] = row[b - 1], row[a - 1]

    return apply


def both(*edits: Callable) -> Callable:
    """Several edits, one after the other."""

    def apply(rows):
        for one in edits:
            one(rows)

    return apply


@dataclass(frozen=True)
class Case:
    """One file: what is edited, the severity of its line, what the line says."""

    row: str
    change: object
    says: Sequence[str]
    severity: str = "error"


def _judge(case, run, path):
    """One line of the severity, from this file, with the words; the exit code fits."""
    if case.severity == "error":
        assert run.code == 2
        assert run.out == ""
        lines = run.errors
    else:
        assert run.code == 0
        assert run.errors == []
        lines = [x for x in run.others if all(s in x for s in case.says)]
        assert lines and lines[0].startswith(f"{case.severity}: "), run.others
        lines = [x.removeprefix(f"{case.severity}: ") for x in lines]
    assert len(lines) == 1, "\n".join(lines)
    assert lines[0].startswith(f"{path}")
    for words in case.says:
        assert words in lines[0], lines[0]


# --- real data pass --------------------------------------------------------------------------


def test_bnsm_passes_with_the_warning_of_its_composition(check, shared):
    run = check(shared / BNSM)
    assert (run.code, run.errors) == (0, [])
    assert any("composition incomplete" in x and "0.8955" in x for x in run.others)
    assert "closure:minerbo" in run.out


def test_ccsn_passes_with_the_note_of_its_table_floor(check, shared):
    run = check(shared / CCSN)
    assert (run.code, run.errors) == (0, [])
    assert [x for x in run.others if x.startswith("note: ") and "= 0.06: one value above" in x]
    assert not [x for x in run.others if "atmosphere" in x]
    assert "no neutrino data" in run.out


# --- text: the merger axis with one edit -----------------------------------------------------

_RADIUS, _RHO, _T, _YE = 2, 3, 4, 5
_BNSM_CASES = [
    Case("temperature in K", change(_T, lambda v: v / K_BOLTZMANN_MEV),
         ["temperature[28] = 2.52711e+11 MeV", "looks like K", "try unit K"]),
    Case("temperature in GK", change(_T, lambda v: v / K_BOLTZMANN_MEV / 1e9),
         ["temperature[28] = 252.711 MeV", "looks like GK"]),
    Case("temperature in another unit", change(_T, lambda v: 1e-3 * v),
         ["temperature[0] = 0.0112", "too cold", "rho > 1e+12"]),
    Case("log10 stored", change(_RHO, np.log10), ["rho[0] = 14.8", "looks like log10"]),
    Case("km for cm", change(_RADIUS, lambda v: 1e-5 * v),
         ["r[68] = 16.8592 cm", "looks like km"]),
    Case("cm for km", change(_RADIUS, lambda v: 1e5 * v), ["r[0] = ", "radius too large"]),
    Case("geometric units",
         both(change(_RHO, lambda v: v / 6.17583e17), change(_RADIUS, lambda v: v / 1.476625e5)),
         ["rho[0] = 0.00117", "geometric units", "6.17583e+17"]),
    Case("radius descending", change(_RADIUS, lambda v: v[::-1]), ["r[1] = ", "descending"]),
    Case("radius repeated", change(_RADIUS, lambda v: np.where(v == v[9], v[8], v)),
         ["r[9] = ", "repeated value"]),
    Case("radius not positive", change(_RADIUS, lambda v: np.where(v == v[0], -v[0], v)),
         ["r[0] = -12306 cm", "not positive", "ghost zones"]),
    Case("reversed column", change(_T, lambda v: v[::-1]),
         ["temperature", "order of column?", "runs against r, rho"]),
    Case("shifted column", change(23, lambda v: np.roll(v, 1)),
         ["nu_eddington[nue,0] = 0.555124", "optically thick"]),
    Case("exchanged columns", exchange(17, 20), ["mean energy", "unit of energy?"]),
    Case("rho not positive", word(12, _RHO, "-1.0E+14"),
         ["rho[12] = -1e+14 g cm-3", "out of range"]),
    Case("T not positive", word(12, _T, "0.0"), ["temperature[12] = 0 MeV", "out of range"]),
    Case("ye outside [0, 1]", word(12, _YE, "1.2"), ["ye[12] = 1.2", "out of range", "0 to 1"]),
    Case("NaN in the density", word(12, _RHO, "NaN"), ["rho[12] = nan", "not a finite number"]),
    Case("Inf in the density", word(12, _RHO, "Inf"), ["rho[12] = inf", "not a finite number"]),
    Case("NaN", word(12, _T, "NaN"), ["temperature[12] = nan", "not a finite number"]),
    Case("Inf", word(12, _YE, "Inf"), ["ye[12] = inf", "not a finite number"]),
    Case("memory poison", change(_RHO, lambda v: 0.0 * v + 1.968e243),
         ["rho[0] = 1.968e+243", "uninitialised"]),
    Case("equal in all points", change(_T, lambda v: 0.0 * v + 10.0),
         ["temperature[0] = 10 MeV", "uninitialised"]),
    Case("constant zero density", change(_RHO, lambda v: 0.0 * v),
         ["rho: variable present but empty"]),
    Case("constant zero temperature", change(_T, lambda v: 0.0 * v),
         ["temperature: variable present but empty"]),
    Case("constant zero field", change(_YE, lambda v: 0.0 * v), ["ye: variable present but empty"]),
    Case("composition incomplete", change(8, lambda v: v), ["composition incomplete", "0.8955"],
         "warning"),
    Case("Eddington factor below 1/3", word(3, 24, "0.3332"),
         ["nu_eddington[nuebar,3] = 0.3332", "too small"]),
    Case("Eddington factor above 1", word(60, 24, "1.02"),
         ["nu_eddington[nuebar,60] = 1.02", "above 1"]),
    Case("Eddington factor NaN", word(60, 24, "NaN"), ["nu_eddington[nuebar,60] = nan"]),
    Case("optically thick but anisotropic", word(3, 24, "0.4"),
         ["nu_eddington[nuebar,3] = 0.4", "optically thick", "rho > 1e+13"]),
    Case("heavy-species multiplicity",
         both(change(19, lambda v: 4.0 * v), change(22, lambda v: 4.0 * v)),
         ["nu_number_density[nux,0]", "4 times a Fermi gas", "heavy_multiplicity = 4"]),
    Case("equilibrium of nue", both(change(17, lambda v: 1.5 * v), change(20, lambda v: 1.5 * v)),
         ["nu_number_density[nue,0]", "times a Fermi gas at mu_nue"], "warning"),
    Case("negative n", word(5, 17, "-1.0E-3"), ["nu_number_density[nue,5] = -", "negative"]),
    Case("mean energy", both(*(change(c, lambda v: v / MEV_ERG) for c in (20, 21, 22))),
         ["nu_energy_density[nue,0]", "mean energy", "unit of energy?"]),
    Case("potential conventions",
         both(change(11, lambda v: v - 939.565), change(12, lambda v: v - 938.272)),
         ["mu_n - mu_p", "without rest masses?"]),
    Case("potential of electrons", change(10, lambda v: v - M_ELECTRON),
         ["mu_e", "without rest mass?"]),
    Case("stars in place of a number", word(7, _T, "********"),
         ["line", "column 4", "********"]),
    Case("exponent without E", word(7, _T, "1.0-100"), ["column 4", "1.0-100"]),
]  # fmt: skip


@pytest.mark.parametrize("case", _BNSM_CASES, ids=lambda c: c.row)
def test_edited_merger_axis(case, check, shared, tmp_path):
    header, rows = _table(shared / BNSM)
    case.change(rows)
    path = _write(tmp_path / "edited.txt", header, rows)
    _judge(case, check(path), path)


def test_fortran_exponent_d_is_read(check, shared, tmp_path):
    header, rows = _table(shared / BNSM)
    for row in rows:
        row[_RHO - 1] = f"{float(row[_RHO - 1]):.16E}".replace("E", "D")
    path = _write(tmp_path / "edited.txt", header, rows)
    assert check(path).code == 0


def test_atmosphere_is_a_warning(check, shared, tmp_path):
    header, rows = _table(shared / CCSN)
    for row in rows[-7:]:
        row[2:12] = rows[-8][2:12]
    path = _write(tmp_path / "edited.txt", header, rows)
    case = Case("atmosphere", None, ["rho[94] = ", "atmosphere", "(8 such zones)"], "warning")
    _judge(case, check(path), path)


def test_truncated_last_row(check, shared, tmp_path):
    header, rows = _table(shared / BNSM)
    rows[-1] = rows[-1][:11]
    path = _write(tmp_path / "edited.txt", header, rows)
    _judge(Case("truncated", None, ["truncated?", "25 columns"]), check(path), path)


def test_ragged_row(check, shared, tmp_path):
    header, rows = _table(shared / BNSM)
    rows[20] = rows[20][:-1]
    path = _write(tmp_path / "edited.txt", header, rows)
    _judge(Case("column count", None, ["ragged", "25 columns"]), check(path), path)


def test_missing_row(check, shared, tmp_path):
    header, rows = _table(shared / BNSM)
    del rows[20]
    path = _write(tmp_path / "edited.txt", header, rows)
    _judge(Case("index column", None, ["rows missing"]), check(path), path)


def test_header_of_another_file(check, shared, tmp_path):
    """The text of a header is compared with the map, and never used as data."""
    header, rows = _table(shared / BNSM)
    header = [x.replace("matter density (g cm^-3)", "lapse") for x in header]
    path = _write(tmp_path / "edited.txt", header, rows)
    run = check(path, "--format", "delimited", "--option", "map=bnsm_thc_m1")
    _judge(Case("header", None, ["'lapse'", "matter density"]), run, path)


def test_points_without_radius_name_what_is_missing(check, shared):
    path = next((shared / "bnsm_thc_m1").glob("*single_points*"))
    run = check(path)
    assert run.code == 2
    assert len(run.errors) == 1


@pytest.mark.parametrize("foreign", ["trajectory", "binary", "empty", "absent"])
def test_foreign_file(foreign, check, tmp_path):
    path = tmp_path / "file.dat"
    if foreign == "trajectory":
        path.write_text(
            "# t[s] T[GK] rho[g/cm3] R[km] Ye\n0.0 9.1 1e8 100 0.4\n0.1 8 1e7 110 0.4\n"
        )
    elif foreign == "binary":
        path.write_bytes(np.arange(400, dtype=">f8").tobytes())
    elif foreign == "empty":
        path.write_bytes(b"")
    words = {"trajectory": "trajectory", "binary": "byte order", "empty": "truncated?",
             "absent": "no such file"}  # fmt: skip
    run = check(path)
    _judge(Case(foreign, None, [words[foreign]]), run, path)


# --- text: what the column map declares ------------------------------------------------------


def _with_map(tmp_path, name, edit_map):
    """Path of a copy of a map of the package, edited."""
    source = Path(columns.__file__).parent / "maps" / f"{name}.yaml"
    content = yaml.safe_load(source.read_text())
    edit_map({c["name"] + c.get("species", ""): c for c in content["columns"]})
    path = tmp_path / "map.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_unit_missing_in_a_column_map(check, shared, tmp_path):
    path = _with_map(tmp_path, "ccsn_1d", lambda entries: entries["temperature"].pop("unit"))
    run = check(shared / CCSN, "--format", "delimited", "--option", f"map={path}")
    assert run.code == 2
    assert len(run.errors) == 1
    assert "unit" in run.errors[0] and "temperature" in run.errors[0]


def test_number_per_baryon_taken_as_mass_fraction(check, shared, tmp_path):
    def undeclare(entries):
        for name in ("x_alpha", "x_heavy"):
            del entries[name]["per_baryon"]

    path = _with_map(tmp_path, "ccsn_1d", undeclare)
    run = check(shared / CCSN, "--format", "delimited", "--option", f"map={path}")
    case = Case("per baryon", None, ["number per baryon?", "declaring per_baryon"])
    _judge(case, run, shared / CCSN)


def test_rest_mass_declared_otherwise(check, shared, tmp_path):
    def declare(entries):
        entries["mu_hat"]["rest_mass"] = "included"

    path = _with_map(tmp_path, "ccsn_1d", declare)
    run = check(shared / CCSN, "--format", "delimited", "--option", f"map={path}")
    case = Case("potentials", None, ["mu_hat[", "without rest masses?"])
    _judge(case, run, shared / CCSN)


def test_rest_mass_not_declared(check, shared, tmp_path):
    """In a column map, and in a netCDF file of the dense zones, whose values do not tell."""

    def undeclare(entries):
        del entries["mu_e"]["rest_mass"]

    path = _with_map(tmp_path, "ccsn_1d", undeclare)
    run = check(shared / CCSN, "--format", "delimited", "--option", f"map={path}")
    _judge(Case("map", None, ["column 6 (mu_e)", "rest_mass = None", "included"]), run, path)

    data = open_snapshot(shared / CCSN).isel(r=slice(0, 9), r_edge=slice(0, 10))
    del data["mu_e"].attrs["rest_mass"]
    data.to_netcdf(tmp_path / "dense.nc")
    run = check(tmp_path / "dense.nc")
    case = Case("file", None, ["mu_e[0] = 249", "MeV", "with or without rest mass", "rest_mass"])
    _judge(case, run, tmp_path / "dense.nc")


def test_declared_logarithm_is_read(check, shared, tmp_path):
    def declare(entries):
        entries["rho"]["log10"] = True

    header, rows = _table(shared / CCSN)
    change(_RHO, np.log10)(rows)
    path = _write(tmp_path / "edited.txt", header, rows)
    column_map = _with_map(tmp_path, "ccsn_1d", declare)
    assert check(path, "--format", "delimited", "--option", f"map={column_map}").code == 0


def test_heavy_multiplicity_declared_wrongly(check, shared):
    run = check(shared / BNSM, "--option", "heavy_multiplicity=4")
    case = Case("multiplicity", None, ["0.25 times a Fermi gas", "heavy_multiplicity = 1"])
    _judge(case, run, shared / BNSM)


def test_two_defects_give_two_lines(check, shared, tmp_path):
    header, rows = _table(shared / BNSM)
    both(change(_T, lambda v: v / K_BOLTZMANN_MEV), word(12, _YE, "1.2"))(rows)
    run = check(_write(tmp_path / "edited.txt", header, rows))
    assert run.code == 2
    assert len(run.errors) == 2
    assert sum("looks like K" in x for x in run.errors) == 1
    assert sum("ye[12] = 1.2" in x for x in run.errors) == 1


# --- canonical netCDF: a synthetic snapshot with one edit ------------------------------------


def _keep(*names):
    base = ["rho", "temperature", "ye", "velocity_r"]
    return snapshot()[[*base, *names]]


def _without_units(data):
    data = data.copy(deep=True)
    del data["temperature"].attrs["units"]
    return data


def _groups_per_mev():
    """Number in two groups, per MeV, beside the grey energy density."""
    data = snapshot()
    mean = data["nu_energy_density"] / data["nu_number_density"] / MEV_ERG
    low, high = 0.5 * float(mean.min()), 2.0 * float(mean.max())
    # two groups that hold the number and the energy
    upper = ((mean - low) / (high - low)).values * data["nu_number_density"].values
    lower = data["nu_number_density"].values - upper
    edges = np.array([0.0, 1.2 * low, high + low])
    data = data[["rho", "temperature", "ye", "nu_energy_density"]]
    data = data.assign_coords(
        energy=("energy", [low, high], {"units": "MeV"}),
        energy_edge=("energy_edge", edges, {"units": "MeV"}),
    )
    number = np.stack([lower, upper], axis=1) / np.diff(edges)[:, None]
    data["nu_number_density"] = (("species", "energy", "r"), number, {"units": "cm-3"})
    return data


_RATES = ("mu_e", "mu_n", "mu_p", "emissivity", "absorption")
_FRAMES = ("nu_number_density", "nu_number_density_fluid", "nu_number_flux_fluid")
_NETCDF_CASES = [
    Case("unit missing", lambda: _without_units(_keep()), ["temperature: no units attribute"]),
    Case("unit missing, with a suggestion",
         lambda: _without_units(edit(_keep(), temperature=scale(1.0 / K_BOLTZMANN_MEV))),
         ["temperature: no units attribute", "looks like K"]),
    Case("other unit", lambda: _keep().assign(rho=_keep()["rho"].assign_attrs(units="kg m-3")),
         ["rho: units are 'kg m-3'", "'g cm-3'"]),
    Case("centre outside its cell",
         lambda: edit(_keep().assign_coords(r_edge=snapshot()["r_edge"]), r=put(12, 1.9e6)),
         ["r[12] = 1.9e+06 cm", "centre outside its cell"]),
    Case("required variables missing", lambda: _keep()[["rho", "velocity_r"]],
         ["temperature, ye: missing", "this file has", "velocity_r"]),
    Case("reversed moment", lambda: edit(_keep("nu_number_density"), nu_number_density=turn),
         ["nu_number_density[", "order of column?"]),
    Case("charge", lambda: edit(_keep("x_n", "x_p", "x_alpha", "x_heavy"), ye=scale(0.7)),
         ["ye[", "not the charge of the nuclei"], "warning"),
    Case("causality",
         lambda: edit(_keep("nu_number_density", "nu_number_flux"),
                      nu_number_flux=scale(1.2, (0, 39))),
         ["nu_number_flux[nue,39] = ", "abs(F) is 1.14 times c nu_number_density"]),
    Case("causality within noise",
         lambda: edit(_keep("nu_number_density", "nu_number_flux"),
                      nu_number_flux=scale(1.0004 / 0.95, (0, 39))),
         ["nu_number_flux[nue,39]", "clipped"], "warning"),
    Case("exchanged density and flux",
         lambda: _keep("nu_energy_density").assign(
             nu_number_density=snapshot()["nu_number_flux"].assign_attrs(units="cm-3"),
             nu_number_flux=snapshot()["nu_number_density"].assign_attrs(units="cm-2 s-1")),
         ["mean energy", "unit of energy?"]),
    Case("flux where optically thick",
         lambda: edit(_keep("nu_number_density", "nu_number_flux"),
                      nu_number_flux=scale(20.0, (1, 5))),
         ["nu_number_flux[nuebar,5]", "optically thick"]),
    Case("negative within noise",
         lambda: edit(_keep("nu_number_density"), nu_number_density=put((2, 30), -1.0)),
         ["nu_number_density[nux,30] = -1 cm-3", "clipped"], "warning"),
    Case("frames mixed",
         lambda: edit(_keep(*_FRAMES), nu_number_density=lambda v:
                      snapshot()["nu_number_density_fluid"].values),
         ["frames mixed?"], "warning"),
    Case("per-MeV taken as group value", _groups_per_mev, ["nu_number_density", "per MeV?"]),
    Case("energy group order", lambda: _keep(*_RATES).assign_coords(
             energy=("energy", snapshot()["energy"].values[::-1], {"units": "MeV"})),
         ["energy[1] = ", "descending"]),
    Case("group count", lambda: _keep(*_RATES).assign_coords(
             energy_edge=("energy_edge", snapshot()["energy_edge"].values[1:], {"units": "MeV"})),
         ["energy_edge: 10 edges for 10 centres", "11 edges"]),
    Case("rates per steradian",
         lambda: edit(_keep(*_RATES), emissivity=scale(0.25 / np.pi)), ["per steradian?"]),
    Case("bare absorption",
         lambda: edit(_keep(*_RATES), absorption=lambda v:
                      v - snapshot()["emissivity"].values / C_LIGHT),
         ["absorption: bare absorption?"]),
    Case("rates per MeV",
         lambda: edit(_keep(*_RATES).assign_coords(energy_edge=snapshot()["energy_edge"]),
                      emissivity=lambda v:
                      v / np.diff(snapshot()["energy_edge"].values)[:, None]),
         ["emissivity: per MeV?"]),
    Case("no detailed balance", lambda: edit(_keep(*_RATES), emissivity=scale(2.0)),
         ["no detailed balance", "is 2 (median)"], "warning"),
]  # fmt: skip


@pytest.mark.parametrize("case", _NETCDF_CASES, ids=lambda c: c.row)
def test_edited_canonical_file(case, check, tmp_path):
    path = tmp_path / "edited.nc"
    case.change().to_netcdf(path)
    _judge(case, check(path), path)


def test_sound_canonical_file(check, tmp_path):
    path = tmp_path / "sound.nc"
    snapshot().to_netcdf(path)
    run = check(path)
    assert (run.code, run.errors, run.others) == (0, [], [])
    assert "given by the snapshot in 10 groups" in run.out


def test_truncated_netcdf(check, tmp_path):
    path = tmp_path / "cut.nc"
    snapshot().to_netcdf(path)
    path.write_bytes(path.read_bytes()[:3000])
    _judge(Case("truncated", None, ["truncated?"]), check(path), path)


@pytest.mark.parametrize("falls", [True, False])
def test_shock_and_neutrinos_are_status_lines(falls, check, tmp_path):
    data = snapshot()[["rho", "temperature", "ye", "velocity_r"]]
    inside = np.arange(40) < 25
    # matter falls in outside and is stopped and compressed inside, or is at rest everywhere
    data = edit(data, velocity_r=lambda v: np.where(inside, -1e7, -4e9 if falls else -1e7))
    data = edit(data, rho=lambda v: np.where(inside, v, v / 7.0 if falls else v))
    path = tmp_path / "matter.nc"
    data.to_netcdf(path)
    run = check(path)
    assert (run.code, run.others) == (0, [])
    assert "no neutrino data" in run.out
    assert ("shock: near" in run.out) is falls
    assert ("shock: none seen" in run.out) is not falls


def test_tov_star_is_refused_with_one_line(check, shared):
    path = shared / "einstein_toolkit_tov" / "static_tov" / "rho.xyz.file_0.h5"
    run = check(path)
    assert run.code == 2
    assert len(run.errors) == 1


# --- several files: the Boltzmann snapshot with one edit -------------------------------------


def _edit_zones(folder, edit_rows):
    """Apply an edit to the table of zones, the 48 rows of each polar angle at a time."""
    path = next(folder.glob("data*/dou*"))
    _, rows = _table(path)
    for start in range(0, len(rows), 48):
        edit_rows(rows[start : start + 48])
    return _write(path, [], rows)


def _cut_lines(path, count):
    path.write_text("\n".join(path.read_text().splitlines()[:-count]) + "\n")
    return path


def test_boltzmann_snapshot_passes(check, shared):
    run = check(shared / "ccsn_nsy_excerpt")
    assert (run.code, run.errors) == (0, [])
    assert "given by the snapshot in 80 groups" in run.out
    assert "shock: near 161.8 km" in run.out


_NSY_CASES = [
    Case("temperature in K", change(5, lambda v: v / K_BOLTZMANN_MEV),
         ["temperature[0,11]", "looks like K"]),
    Case("reversed column", change(5, lambda v: v[::-1]), ["temperature: order of column?"]),
    Case("exchanged columns", exchange(34, 35), ["column 36", "does not agree with mu_nue"]),
    Case("causality", change(41, lambda v: 1.3 * v),
         ["nu_number_flux[nuebar,", "not causal", "c nu_number_density"]),
    Case("frames mixed", both(exchange(37, 38), exchange(39, 41)),
         ["nu_number_density[nuebar,", "frames mixed?"], "warning"),
    Case("negative n", word(9, 38, "-1.0E+30"), ["nu_number_density[nuebar,0,9]", "negative"]),
    Case("heavy-species multiplicity",
         both(*(change(c, lambda v: 4.0 * v) for c in (43, 44, 45, 47, 51, 142, 151))),
         ["nu_number_density[nux,0,0]", "heavy_multiplicity = 4"]),
]  # fmt: skip


@pytest.mark.parametrize("case", _NSY_CASES, ids=lambda c: c.row)
def test_edited_boltzmann_snapshot(case, check, nsy_copy):
    path = _edit_zones(nsy_copy, case.change)
    _judge(case, check(nsy_copy, "--option", "rates=false"), path)


def test_rates_without_detailed_balance(check, nsy_copy):
    for path in (nsy_copy / "opacities").iterdir():
        header, *rows = path.read_text().splitlines()
        words = [row.split() for row in rows]
        change(2, lambda v: 2.0 * v)(words)
        _write(path, [header], words)
    run = check(nsy_copy)
    case = Case("detailed balance", None, ["no detailed balance", "rates = false"])
    _judge(case, run, nsy_copy / "opacities")


def test_group_count(check, nsy_copy):
    path = _cut_lines(nsy_copy / "opacities" / "opac_r7_theta1.dat", 4)
    _judge(Case("group count", None, ["truncated?", "groups 0 to 79"]), check(nsy_copy), path)


def test_missing_file_of_a_zone(check, nsy_copy):
    (nsy_copy / "opacities" / "opac_r7_theta1.dat").unlink()
    case = Case("file missing", None, ["missing: opac_r7_theta1.dat", "96 files"])
    _judge(case, check(nsy_copy), nsy_copy / "opacities")


def test_rows_against_the_mesh(check, nsy_copy):
    path = _cut_lines(next(nsy_copy.glob("data*/dou*")), 1)
    _judge(Case("rows", None, ["95 rows: truncated", "96"]), check(nsy_copy), path)


def test_mesh_of_another_run(check, nsy_copy):
    _cut_lines(nsy_copy / "meshdata" / "rmesh_ascii_mid.dat", 1)
    case = Case("mesh", None, ["rmesh: 49 edges for 47 centres"])
    _judge(case, check(nsy_copy), nsy_copy / "meshdata")
