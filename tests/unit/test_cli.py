"""The command line: exit codes, one line per defect, files that are whole or absent."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from qkepipe import __version__, cli
from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.snapshot.analytic import post_bounce_model
from qkepipe.stability import screen

SPECIES = ["nue", "nuebar", "nux", "nuxbar"]


def _with_neutrinos():
    """Thin matter of the analytic model under four neutrino bulbs, with ELN crossings."""
    data = post_bounce_model(zones=60).isel(r=slice(20, None), r_edge=slice(20, None))
    r = data["r"].values
    factor = np.linspace(0.3, 0.95, r.size)
    number = np.array([[1.0], [1.02], [0.6], [0.6]]) * 1e33 * (r[0] / r) ** 2
    flux = np.array([[1.0], [1.04], [1.02], [1.02]]) * factor * C_LIGHT * number
    data = data.assign_coords(species=SPECIES)
    dims = ("species", "r")
    data["nu_number_density"] = (dims, number)
    data["nu_number_flux"] = (dims, flux)
    data["nu_energy_density"] = (dims, 12.0 * MEV_ERG * number)
    data.attrs["frame"] = "lab"
    return set_attributes(data)


@pytest.fixture
def matter(tmp_path):
    path = tmp_path / "matter.nc"
    post_bounce_model(zones=60).to_netcdf(path)
    return path


@pytest.fixture
def field(tmp_path):
    path = tmp_path / "field.nc"
    _with_neutrinos().to_netcdf(path)
    return path


@pytest.fixture
def bad(tmp_path):
    """Two defects: temperature in K, no electron fraction."""
    data = post_bounce_model(zones=60).drop_vars("ye")
    data["temperature"] = (data["temperature"] * 1.16e10).assign_attrs(data["temperature"].attrs)
    path = tmp_path / "bad.nc"
    data.to_netcdf(path)
    return path


def _program(*words):
    return subprocess.run([sys.executable, "-m", "qkepipe", *words], capture_output=True, text=True,
                          timeout=300)  # fmt: skip


# --- the program -----------------------------------------------------------------------------


def test_version():
    done = _program("--version")
    assert (done.returncode, done.stdout) == (0, f"qkepipe {__version__}\n")


def test_no_numerical_library_before_a_command():
    code = (
        "import sys, qkepipe.cli\n"
        "qkepipe.cli.build_parser().format_help()\n"
        "print(sorted({'numpy', 'numba', 'xarray'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", ["check", "screen", "init", "list"])
def test_help_shows_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    assert f"qkepipe {command} " in capsys.readouterr().out.split("example")[1]


def test_program_refuses_without_traceback(bad):
    done = _program("check", str(bad))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_interrupt(monkeypatch, matter):
    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("qkepipe.snapshot.inspect.inspect", stop)
    assert cli.main(["check", str(matter)]) == 130


def test_error_of_the_program_keeps_its_traceback(monkeypatch, matter):
    def fail(*args, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("qkepipe.snapshot.inspect.inspect", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["check", str(matter)])


@pytest.mark.parametrize(
    "text, value",
    [
        ("zones=60", 60),
        ("log10=true", True),
        ("scale=1e5", 1e5),
        ("columns=[1, 2]", [1, 2]),
        ("map=columns.yaml", "columns.yaml"),
        ("expression=a=b", "a=b"),
    ],
)
def test_option(text, value):
    assert cli._option(text) == (text.split("=")[0], value)


@pytest.mark.parametrize("text", ["zones", "=3", "a b=3"])
def test_malformed_option(text, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["check", "file.nc", "--option", text])
    assert stop.value.code == 2
    assert "KEY=VALUE" in capsys.readouterr().err


# --- check -----------------------------------------------------------------------------------


def test_check_accepts_and_summarises(matter, capsys):
    assert cli.main(["check", str(matter)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "zones: r 60" in out
    assert "temperature" in out and "MeV" in out
    assert "no neutrino data" in out


def test_check_of_the_model_needs_no_file(capsys):
    assert cli.main(["check", "--format", "analytic", "--option", "zones=33"]) == 0
    assert "zones: r 33" in capsys.readouterr().out


def test_check_refuses_with_one_line_per_defect(bad, capsys):
    assert cli.main(["check", str(bad)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{bad}: ") or line.startswith("bad.nc: ") for line in lines)
    assert any("looks like K" in line for line in lines)
    assert any("ye: missing" in line for line in lines)


def test_check_prints_warnings_and_passes(tmp_path, capsys):
    data = post_bounce_model(zones=60)
    for name in ("rho", "temperature", "ye"):
        data[name].values[-5:] = data[name].values[-5]
    path = tmp_path / "atmosphere.nc"
    data.to_netcdf(path)
    assert cli.main(["check", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "zones: r 60" in out
    assert err.startswith("warning: ") and "atmosphere" in err


@pytest.mark.parametrize("words", [["check", "absent.nc"], ["check"], ["check", "--format", "no"]])
def test_check_without_a_usable_file_is_one_line(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


# --- screen ----------------------------------------------------------------------------------


def test_screen_writes_the_map_of_the_library(field, tmp_path, capsys):
    output = tmp_path / "map.nc"
    assert cli.main(["screen", str(field), "-o", str(output)]) == 0
    data = _with_neutrinos()
    expected = screen(data, matter=data)
    with xr.open_dataset(output) as found:
        for name in ("instability", "ffi_growth_estimate", "potential_phi0"):
            np.testing.assert_array_equal(found[name].values, expected[name].values)
        assert found.attrs["qkepipe_version"] == __version__
    out = capsys.readouterr().out
    unstable = int((expected["instability"] > 0).sum())
    assert f"unstable: {unstable} of 40 cells" in out
    assert f"{float(expected['ffi_growth_estimate'].max()):.4g} s-1" in out
    assert str(output) in out


def test_screen_leaves_an_existing_map(field, tmp_path, capsys):
    output = tmp_path / "map.nc"
    output.write_bytes(b"mine")
    assert cli.main(["screen", str(field), "-o", str(output)]) == 2
    assert output.read_bytes() == b"mine"
    assert "exists already" in capsys.readouterr().err
    assert cli.main(["screen", str(field), "-o", str(output), "--force"]) == 0
    with xr.open_dataset(output) as found:
        assert "instability" in found


def test_screen_that_fails_leaves_nothing(field, tmp_path, monkeypatch):
    def fail(self, path, **options):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", fail)
    with pytest.raises(OSError, match="disk full"):
        cli.main(["screen", str(field), "-o", str(tmp_path / "map.nc")])
    assert [p.name for p in tmp_path.iterdir()] == [field.name]


@pytest.mark.parametrize("model", [False, True])
def test_screen_without_neutrinos_points_at_a_study(model, matter, tmp_path, capsys):
    words = ["--format", "analytic"] if model else [str(matter)]
    output = tmp_path / "map.nc"
    assert cli.main(["screen", *words, "-o", str(output)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no neutrino data" in line and "qkepipe init" in line
    assert not output.exists()


def test_screen_refuses_a_bad_snapshot(bad, tmp_path, capsys):
    output = tmp_path / "map.nc"
    assert cli.main(["screen", str(bad), "-o", str(output)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert not output.exists()


def test_screen_into_a_missing_folder(field, tmp_path, capsys):
    assert cli.main(["screen", str(field), "-o", str(tmp_path / "no" / "map.nc")]) == 2
    assert "its folder does not exist" in capsys.readouterr().err


def test_screen_sets_threads_before_numba_is_loaded(field, tmp_path):
    code = (
        "import os, sys, json\n"
        "os.environ['NUMBA_NUM_THREADS'] = '1'\n"
        "from qkepipe.cli import main\n"
        f"code = main(['screen', {str(field)!r}, '-o', {str(tmp_path / 'map.nc')!r}])\n"
        "import numba\n"
        "print(json.dumps([code, numba.config.NUMBA_NUM_THREADS, os.environ['OMP_NUM_THREADS']]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, 1, "1"]


# --- init and list ---------------------------------------------------------------------------


def test_init_makes_a_study_and_names_its_files(tmp_path, capsys):
    folder = tmp_path / "study"
    assert cli.main(["init", str(folder)]) == 0
    files = {str(p) for p in folder.rglob("*") if p.is_file()}
    assert str(folder / "study.yaml") in files
    assert set(capsys.readouterr().out.replace("written: ", "").splitlines()) == files


def test_init_passes_a_refusal_on(monkeypatch, tmp_path, capsys):
    def refuse(path):
        raise QkepipeError(Defect(str(path), "", "is not empty"))

    monkeypatch.setattr("qkepipe.study.init.init_study", refuse)
    assert cli.main(["init", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{tmp_path}: is not empty\n"


@pytest.mark.parametrize("registry", cli._REGISTRIES)
def test_list_prints_every_entry(registry, capsys):
    assert cli.main(["list", registry]) == 0
    lines = capsys.readouterr().out.splitlines()
    entries = cli._REGISTRIES[registry]
    assert sorted(entries) == [line.split()[0] for line in lines]
    assert all(len(line.split()) > 2 for line in lines)


def test_threads_follow_the_variable(monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    assert cli._threads() == 3
    monkeypatch.delenv("NUMBA_NUM_THREADS")
    assert cli._threads() == len(os.sched_getaffinity(0))
