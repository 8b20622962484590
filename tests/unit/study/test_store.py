"""The store of finished cases: keys of everything that matters, safe placing."""

import dataclasses

import pytest

from qkepipe.study.cases import Case
from qkepipe.study.store import place, stored_case

GIVEN = {
    "snapshot": "snap",
    "case": Case("qke_xi1e-4", "qke", "attenuated", 1e-4, {"xi": 1e-4}),
    "settings": {"cfl": 0.4, "seed": {"number": 1}},
    "background_sha256": "ab",
    "code": "12",
}


def test_equal_cases_share_a_folder(tmp_path):
    assert stored_case(tmp_path, **GIVEN) == stored_case(tmp_path, **GIVEN)
    assert stored_case(tmp_path, **GIVEN).folder.name.startswith("qke_xi1e-4-")


@pytest.mark.parametrize(
    "change",
    [
        {"case": dataclasses.replace(GIVEN["case"], options={"xi": 2e-4})},
        {"case": dataclasses.replace(GIVEN["case"], resolution=2.0)},
        {"settings": {"cfl": 0.4, "seed": {"number": 2}}},
        {"background_sha256": "ac"},
        {"code": "13"},
        {"snapshot": "other"},
    ],
)
def test_whatever_changes_the_solution_changes_the_folder(tmp_path, change):
    assert stored_case(tmp_path, **{**GIVEN, **change}) != stored_case(tmp_path, **GIVEN)


def test_a_case_is_finished_when_its_solution_is_there(tmp_path):
    stored = stored_case(tmp_path, **GIVEN)
    stored.folder.mkdir(parents=True)
    stored.checkpoint.write_text("state")
    assert not stored.finished
    stored.solution.write_text("solution")
    assert stored.finished
    stored.drop_checkpoint()
    stored.drop_checkpoint()
    assert not stored.checkpoint.exists()


def test_placed_files_share_their_content_and_are_young(tmp_path):
    source, target = tmp_path / "store" / "a", tmp_path / "out" / "b"
    source.parent.mkdir()
    source.write_text("solution")
    import os

    os.utime(source, (0, 0))
    place(source, target)
    assert target.samefile(source)
    assert target.stat().st_mtime > 1e9
    # again, over itself and over another file
    place(source, target)
    assert target.samefile(source)
    target.unlink()
    target.write_text("old")
    place(source, target)
    assert target.read_text() == "solution"
    assert sorted(p.name for p in target.parent.iterdir()) == ["b"]
    # removing the output keeps the store
    target.unlink()
    assert source.read_text() == "solution"


def test_without_hard_links_files_are_copied(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    (tmp_path / "a").write_text("solution")
    place(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "solution"
    assert not (tmp_path / "b").samefile(tmp_path / "a")
