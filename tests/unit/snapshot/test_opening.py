"""The door: which reader takes a file, what is refused and how."""

import dataclasses

import pytest

from qkepipe.errors import QkepipeError
from qkepipe.snapshot import READERS, open_snapshot, read_snapshot


def refusal(*args, **options):
    with pytest.raises(QkepipeError) as caught:
        open_snapshot(*args, **options)
    return str(caught.value).splitlines()


def test_each_file_has_one_reader(ccsn_path, merger_path, nsy_path, tmp_path, ccsn):
    canonical = tmp_path / "a.nc"
    ccsn.to_netcdf(canonical)
    data = nsy_path / "data_Sherwood_format" / "douSherw.00120"
    expected = {
        ccsn_path: "delimited", merger_path: "delimited", nsy_path: "nsy", data: "nsy",
        canonical: "canonical",
    }  # fmt: skip
    for path, name in expected.items():
        scores = {n: r.sniff(path) for n, r in READERS.items()}
        assert [n for n, score in scores.items() if score > 0.0] == [name]
        assert open_snapshot(path).attrs["source_format"] == name


def test_a_path_may_be_text(ccsn_path):
    assert open_snapshot(str(ccsn_path)).sizes["r"] == 102


def test_every_reader_explains_itself():
    for name, reader in READERS.items():
        assert reader.name == name and reader.doc
        assert all(reader.options.values())


def test_sniffing_never_raises(tmp_path):
    for content in (b"", b"\x00\xff\x89HDF", b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"# 1: index\n"):
        path = tmp_path / "file"
        path.write_bytes(content)
        for reader in READERS.values():
            assert reader.sniff(path) == 0.0
    for reader in READERS.values():
        assert reader.sniff(tmp_path / "absent") == 0.0


def test_several_readers_are_listed(ccsn_path, monkeypatch):
    greedy = dataclasses.replace(READERS["nsy"], sniff=lambda path: 0.5)
    monkeypatch.setitem(READERS, "nsy", greedy)
    (line,) = refusal(ccsn_path)
    assert "several readers take it: delimited, nsy" in line


def test_no_reader_lists_all(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("1 2 3\n4 5 6\n")
    (line,) = refusal(path)
    assert all(name in line for name in READERS) and "map" in line


def test_points_without_radius_are_not_a_profile(merger_path):
    points = merger_path.with_name(merger_path.name.replace("z_axis", "single_points_A-D"))
    assert "no reader recognises it" in refusal(points)[0]


@pytest.mark.parametrize(
    "header",
    [
        "# t[s] T[GK] rho[g/cm3] r[km] ye\n",
        "# time (s)   T9   rho (g/cc)   R (km)   Ye   L_nue   T_nue\n",
        "# 1: time [s]\n# 2: temperature [GK]\n# 3: density [g cm^-3]\n# 4: radius [km]\n",
        "time,T9,rho,r,ye\n",
        "# Trajectory of a tracer\n#\n#  time[s]  temp[GK]  rho  r  Ye\n",
    ],
)
@pytest.mark.parametrize("format", ["auto", "delimited"])
def test_trajectory_is_not_a_snapshot(tmp_path, header, format):
    rows = [f"{0.01 * i} {10.0 - i} {1e8 / (1 + i)} {100.0 + i} 0.45" for i in range(5)]
    text = "\n".join(rows).replace(" ", "," if header.startswith("time,") else " ")
    path = tmp_path / "tracer.dat"
    path.write_text(header + text + "\n")
    (line,) = refusal(path, format)
    assert "not a snapshot" in line and "trajectory" in line


def test_a_time_in_the_header_is_no_trajectory(tmp_path):
    path = tmp_path / "profile.txt"
    path.write_text("# time = 0.3 s\n# radius density temperature ye\n1 2 3 4\n")
    assert "not a snapshot" not in refusal(path)[0]


def test_gr1d_output_is_named(tmp_path):
    path = tmp_path / "rho.xg"
    path.write_text(' "Time = 1.0\n  1.0E+05 3.0E+14\n \n \n')
    assert "GR1D" in refusal(path)[0]


@pytest.mark.parametrize("format", ["auto", "canonical", "delimited", "nsy"])
def test_missing_empty_and_binary_files(tmp_path, format):
    path = tmp_path / "file.dat"
    assert "no such file" in refusal(path, format)[0]
    path.write_bytes(b"")
    assert "empty file" in refusal(path, format)[0]
    path.write_bytes(bytes(range(256)) * 8)
    (line,) = refusal(path, format)
    assert "binary" in line or "netCDF" in line or "meshdata" in line


def test_folder_that_is_no_snapshot(tmp_path):
    assert "no reader recognises it" in refusal(tmp_path)[0]
    assert "not a file" in refusal(tmp_path, "canonical")[0]


def test_unknown_format_and_options(ccsn_path):
    assert "did you mean 'canonical'" in refusal(ccsn_path, "cannonical")[0]
    lines = refusal(ccsn_path, theta=0, frmae="lab")
    assert len(lines) == 2
    assert "format nsy" in lines[0] and "did you mean 'frame'" in lines[1]
    assert "needs a file" in refusal(None, "nsy")[0]
    assert "no file given" in refusal()[0]


def test_a_map_selects_the_reader_of_tables(tmp_path):
    (tmp_path / "t.txt").write_text(
        "".join(f"{20 + i} {1e12 / 2**i} {9 - i} 0.2\n" for i in range(8))
    )
    names = (("r", "km"), ("rho", "g cm-3"), ("temperature", "MeV"), ("ye", "'1'"))
    lines = [
        f"  - {{column: {i}, name: {n}, unit: {u}}}" for i, (n, u) in enumerate(names, start=1)
    ]
    (tmp_path / "m.yaml").write_text("\n".join(["columns:", *lines]))
    snapshot = open_snapshot(tmp_path / "t.txt", map=tmp_path / "m.yaml")
    assert snapshot.attrs["source_format"] == "delimited"


def test_noise_is_clipped_and_errors_are_not(nsy, tmp_path):
    noisy = nsy.copy(deep=True)
    n = noisy["nu_number_density"]
    n.values[2:, :, -1] = -1e-9 * n.values.max()
    noisy["nu_number_flux"].values[2:, :, -1] = 0.0
    for name in ("nu_number_density_fluid", "nu_number_flux_fluid"):
        del noisy[name]
    noisy.to_netcdf(tmp_path / "a.nc")
    clipped = open_snapshot(tmp_path / "a.nc")
    assert float(clipped["nu_number_density"].min()) == 0.0
    assert "nu_number_density: 4 negative values clipped to 0" in clipped.attrs["history"]
    assert "clipped" in clipped.attrs["warnings"]
    raw, found = read_snapshot(tmp_path / "a.nc")
    assert float(raw["nu_number_density"].min()) < 0.0
    assert [d.severity for d in found] == ["warning"]
