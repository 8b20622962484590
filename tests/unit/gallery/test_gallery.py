"""Problems of the gallery: their checks, their files, and the page that says what failed."""

import json

import numpy as np
import pytest

from qkepipe import registered
from qkepipe.gallery import get_item
from qkepipe.gallery.item import Check, worst
from qkepipe.gallery.page import write_item, write_page

#: Problems that take a second or less once compiled.
QUICK = (
    "msw", "bipolar", "fast_growth", "collisional_branches", "collisional", "attenuation",
    "golden_linear", "matter_gradient",
)  # fmt: skip
#: Runs on the sphere, up to minutes each.
SPHERE = ("onset", "quasi_steady", "swap_surface")


@pytest.mark.parametrize("name", registered.GALLERY)
def test_every_problem_says_what_it_is(name):
    item = get_item(name)
    assert item.title and item.text.endswith(".")


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SPHERE)]
)
def test_checks_pass_and_say_where_numbers_are_from(name):
    data, checks = get_item(name).compute()
    assert checks and all(check.source for check in checks)
    assert [check.what for check in checks if not check.passed] == []
    assert all(np.isfinite(data[v]).all() for v in data.data_vars)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    return folder, write_item("attenuation", folder, code="0123")


def test_files_of_a_problem(written):
    folder, files = written
    assert {f.name for f in files} == {
        f"attenuation.{e}" for e in ("pdf", "png", "csv", "nc", "json")
    }
    assert all(f.stat().st_size > 100 for f in files)
    assert not list(folder.glob("*.part"))


def test_page_needs_no_other_file_and_says_that_all_pass(written):
    folder, _ = written
    write_page(["attenuation"], folder, folder / "index.html")
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in text and "FAIL" not in text
    assert get_item("attenuation").title in text
    assert "All 2 checks pass." in text


def test_page_names_what_failed(written):
    folder, _ = written
    path = folder / "attenuation.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["checks"][0]["found"] = 0.5
    path.write_text(json.dumps(record), encoding="utf-8")
    write_page(["attenuation"], folder, folder / "index.html")
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "FAIL, Attenuation as a change of units" in text and "is 0.5, expected 0" in text


@pytest.mark.parametrize("found, passed", [(1.0, True), (1.2, False), (np.nan, False)])
def test_a_check_is_an_absolute_difference(found, passed):
    assert Check("a number", found, 1.05, 0.1, "nowhere").passed == passed


def test_the_largest_difference_of_two_lists():
    check = worst("numbers", [1.0, 2.0, 3.5], [1.0, 2.1, 3.0], 0.4, "nowhere")
    assert check.found == pytest.approx(0.5) and not check.passed
