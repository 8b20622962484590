"""Real snapshots of the shared data, and copies of them that a test may damage."""

import shutil

import pytest

from qkepipe.snapshot import open_snapshot


@pytest.fixture(scope="session")
def ccsn_path(shared):
    return shared / "ccsn_1d" / "ccsn_1d.txt"


@pytest.fixture(scope="session")
def merger_path(shared):
    return shared / "bnsm_thc_m1" / "DD2_M12980-12980_M1_LR_t_50ms_z_axis.txt"


@pytest.fixture(scope="session")
def nsy_path(shared):
    return shared / "ccsn_nsy_excerpt"


@pytest.fixture(scope="session")
def ccsn(ccsn_path):
    return open_snapshot(ccsn_path)


@pytest.fixture(scope="session")
def merger(merger_path):
    return open_snapshot(merger_path)


@pytest.fixture(scope="session")
def nsy(nsy_path):
    return open_snapshot(nsy_path)


@pytest.fixture
def nsy_copy(nsy_path, tmp_path):
    """Folder of the S_N files that can be changed."""
    target = tmp_path / "nsy"
    shutil.copytree(nsy_path, target, copy_function=shutil.copyfile)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


@pytest.fixture
def edited(tmp_path):
    """``edited(path, change)``: a copy of a text file whose text went through ``change``."""

    def make(path, change):
        target = tmp_path / path.name
        target.write_text(change(path.read_text()))
        return target

    return make
