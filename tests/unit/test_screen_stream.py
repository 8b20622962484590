"""`qkepipe screen` of a large snapshot: by blocks, from a generator or from chunked netCDF."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from qkepipe import cli, runtime
from qkepipe.snapshot.remnant import remnant_model
from qkepipe.stability import screen
from qkepipe.stability.blocks import blocks, space_of, used
from qkepipe.study import stream


@pytest.fixture
def chunked(tmp_path):
    """A remnant in a netCDF file with chunks."""
    path = tmp_path / "remnant.nc"
    data = remnant_model(24, chunk=8)
    encoding = {n: {"chunksizes": (4, 8, 8, 8)} for n in data if "species" in data[n].dims}
    data.to_netcdf(path, engine="netcdf4", encoding=encoding)
    return path


@pytest.mark.parametrize("workers", [1, 2])
def test_streamed_map_equals_the_whole(chunked, tmp_path, monkeypatch, workers):
    """Blocks from a file, by one or two processes: the map of all cells, in single precision."""
    shape = {"z": 8, "y": 16, "x": 24}
    monkeypatch.setattr(stream, "block_shape", lambda data: shape)
    output, heard = tmp_path / "map.nc", []
    summary = stream.stream_map(chunked, "auto", {}, output, workers, heard.append)
    with xr.open_dataset(chunked) as data:
        data = data.load()
    expected = screen(data, data, lsa_cells=0)
    with xr.open_dataset(output, mask_and_scale=False) as found:
        assert {n for n in found.data_vars if not n.startswith("lsa_")} == set(expected.data_vars)
        for name, variable in expected.data_vars.items():
            assert found[name].dims == variable.dims
            assert found[name].dtype in (np.float32, np.int8)
            np.testing.assert_allclose(
                found[name].values, variable.values, rtol=3e-7, atol=1e-30, err_msg=name
            )
            assert found[name].attrs["units"] == variable.attrs["units"]
        for name in ("cells_unknown", "flux_factors_capped", "omitted", "closure"):
            assert found.attrs[name] == expected.attrs[name]
        assert found.attrs["source_file"] == str(chunked)
        assert found.attrs["source_sha256"] == runtime.file_sha256(chunked)
        np.testing.assert_array_equal(found["z"].values, data["z"].values)
        flags = found["instability"].attrs
        assert len(flags["flag_values"]) == len(flags["flag_meanings"].split())
    assert heard == pytest.approx(np.arange(1, 7) / 6)
    unstable = int((expected["instability"] > 0).sum())
    assert f"unstable: {unstable} of {24**3} cells" in summary.lines()[0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["map.nc", "remnant.nc"]


@pytest.mark.parametrize("six", [False, True])
def test_modes_of_the_fastest_cells(chunked, tmp_path, monkeypatch, six):
    """Whatever the blocks: the dispersion relations of the cells that grow fastest of all."""
    with xr.open_dataset(chunked) as data:
        data = data.load()
    if six:
        species = ["nue", "nuebar", "numu", "numubar", "nutau", "nutaubar"]
        data = data.isel(species=[0, 1, 2, 3, 2, 3]).assign_coords(species=species)
        # the flavour pair of fastest growth differs from cell to cell
        side = 1.0 + 0.3 * np.sign(data["x"]) * xr.DataArray(
            [0, 0, -1, 0, 1, 0], dims="species", coords={"species": species}
        )
        for name in [n for n in data if "species" in data[n].dims]:
            data[name] = (
                (data[name] * side).transpose(*data[name].dims).assign_attrs(data[name].attrs)
            )
        chunked.unlink()
        data.to_netcdf(chunked, engine="netcdf4")
    whole = screen(data, data, lsa_cells=6)
    monkeypatch.setattr(stream, "block_shape", lambda data: {"z": 8, "y": 16, "x": 24})
    summary = stream.stream_map(chunked, "auto", {}, tmp_path / "map.nc", modes=6)
    with xr.open_dataset(tmp_path / "map.nc") as found:
        found = found.load()
    chosen = found["lsa_growth_rate"].notnull()
    assert int(chosen.sum()) == 6 == found.attrs["lsa_cells"]
    both = chosen & whole["lsa_growth_rate"].notnull()
    # six species: in memory every pair has its own six cells
    assert int(both.sum()) == 6
    for name in [n for n in found.data_vars if n.startswith("lsa_")]:
        np.testing.assert_allclose(
            found[name].values[both.values], whole[name].values[both.values], rtol=1e-5
        )
        for key, value in whole[name].attrs.items():
            np.testing.assert_array_equal(found[name].attrs[key], value)
    assert any("largest lsa_growth_rate" in line for line in summary.lines())
    if six:
        assert len(np.unique(found["flavour_pair"].values[chosen.values])) > 1


def test_many_modes_are_kept_until_the_map_is(tmp_path, monkeypatch, capsys):
    """More cells than a batch: in processes, from what an interrupted run has left."""
    from qkepipe.study import modes

    words = ["screen", "--format", "remnant", "--option", "cells=12", "--modes", "70"]
    output, store = tmp_path / "map.nc", tmp_path / ".map.nc.modes"
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    write = runtime.write_dataset

    def interrupt(dataset, path, **more):
        if path == output:
            raise KeyboardInterrupt
        return write(dataset, path, **more)

    monkeypatch.setattr(runtime, "write_dataset", interrupt)
    assert cli.main([*words, "-o", str(output)]) == 130
    assert len(list(store.iterdir())) == 2 and not output.exists()
    monkeypatch.setattr(runtime, "write_dataset", write)
    monkeypatch.setattr(modes, "solve_batch", None)
    assert cli.main([*words, "-o", str(output)]) == 0
    assert "2 batch(es) of cells, 2 known already" in capsys.readouterr().err
    with xr.open_dataset(output) as found:
        assert int(found["lsa_growth_rate"].notnull().sum()) == 70
    assert not store.exists()


def test_failure_leaves_no_map(chunked, tmp_path, monkeypatch):
    """An error in the middle leaves neither a map nor a temporary file."""
    calls = []

    def fail(data, block, modes):
        calls.append(block)
        if len(calls) == 2:
            raise RuntimeError("block lost")
        return whole(data, block, modes)

    whole = stream.screen_block
    monkeypatch.setattr(stream, "screen_block", fail)
    monkeypatch.setattr(stream, "block_shape", lambda data: {"z": 12, "y": 24, "x": 24})
    with pytest.raises(RuntimeError, match="block lost"):
        stream.stream_map(chunked, "auto", {}, tmp_path / "map.nc")
    assert [p.name for p in tmp_path.iterdir()] == ["remnant.nc"]


def test_command_streams_a_generated_snapshot(tmp_path):
    """128^3 cells without a file, in processes of their own: no one holds more than its blocks."""
    output = tmp_path / "map.nc"
    words = ["screen", "--format", "remnant", "--option", "cells=128", "-o", str(output)]
    code = (
        "import resource\n"
        "from qkepipe.cli import main\n"
        "if __name__ == '__main__':\n"
        f"    code = main({words!r})\n"
        "    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):\n"
        "        print('resident', resource.getrusage(who).ru_maxrss)\n"
        "    raise SystemExit(code)\n"
    )
    script = tmp_path / "stream.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=900,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NUMBA_NUM_THREADS": "2"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"of {128**3} cells" in done.stdout and "written:" in done.stdout
    here, worker = (int(w.split()[1]) for w in done.stdout.splitlines() if w.startswith("resident"))
    # kB; the snapshot alone is 0.4 GB
    assert here + 2 * worker < 2e6
    with xr.open_dataset(output) as found:
        assert found.sizes == {"z": 128, "y": 128, "x": 128}
        # the dense core is stable, the funnel above it is not
        axis = found["instability"].isel(y=64, x=64).values
        assert (axis[60:68] == 0).all() and (axis == 5).any()
        assert 0.1 < float((found["ffi_crossing"] == 1).mean()) < 0.6
        assert int(found["lsa_growth_rate"].notnull().sum()) == 8


def test_small_cartesian_snapshot(tmp_path, capsys):
    """Checked and screened like any other: in double precision, with dispersion relation."""
    words = ["--format", "remnant", "--option", "cells=12"]
    assert cli.main(["check", *words]) == 0
    assert "stability can be screened" in capsys.readouterr().out
    assert cli.main(["screen", *words, "-o", str(tmp_path / "map.nc")]) == 0
    assert f"of {12**3} cells" in capsys.readouterr().out
    with xr.open_dataset(tmp_path / "map.nc") as found:
        assert found["ffi_growth_estimate"].dtype == float
        assert int(found["lsa_growth_rate"].notnull().sum()) == 8
        assert "about Zvec" in found["ffi_crossing_mu"].attrs["comment"]


def test_command_names_what_is_wrong(tmp_path, capsys):
    """Axes and units are checked before any value is read."""
    path = tmp_path / "bad.nc"
    data = used(remnant_model(60)).drop_vars("ye")
    data["rho"].attrs["units"] = "kg m-3"
    data.to_netcdf(path, engine="netcdf4")
    assert cli.main(["screen", str(path), "-o", str(tmp_path / "map.nc")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert any("ye" in line and "missing" in line for line in lines)
    assert any("kg m-3" in line for line in lines)


def test_plan_is_bounded(chunked):
    """No block is larger than asked, whatever the file is."""
    with xr.open_dataset(chunked, chunks={}) as data:
        sizes = space_of(data)
        plan = list(blocks(sizes, {"z": 8, "y": 8, "x": 8}))
    assert len(plan) == 27
    assert max(np.prod([s.stop - s.start for s in b.rim.values()]) for b in plan) <= 10**3
