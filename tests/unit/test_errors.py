"""Defects are one line each and say what, where, expected and what next."""

import pytest

from qkepipe.errors import Defect, QkepipeError, nearest


def test_full_line():
    line = str(Defect("a.nc", "rho[12]", "-1 g cm-3", "above 0", "checking the units"))
    assert line == "a.nc: rho[12]: -1 g cm-3; expected above 0; try checking the units"


def test_short_line():
    assert str(Defect("a.nc", "", "not a netCDF file")) == "a.nc: not a netCDF file"


def test_line_breaks_in_values_do_not_break_the_line():
    assert str(Defect("a", "b", "c\n  d\te")) == "a: b: c d e"


@pytest.mark.parametrize("given", ["one thing", Defect("a", "b", "c")])
def test_one_defect(given):
    error = QkepipeError(given)
    assert error.defects == [given]
    assert str(error) == str(given)


def test_one_line_per_defect():
    error = QkepipeError(Defect("a", f"x[{i}]", "bad\nvalue") for i in range(3))
    assert str(error).splitlines() == [f"a: x[{i}]: bad value" for i in range(3)]


def test_severity_is_an_error_unless_said():
    assert Defect("a", "b", "c").severity == "error"


def test_nearest():
    assert nearest("classicl", ["qke", "classical"]) == "did you mean 'classical'?"
    assert nearest("zzz", ["qke", "bgk"]) == "one of bgk, qke"


def test_a_hint_is_advice_or_a_question():
    assert str(Defect("a", "b", "c", hint="d")) == "a: b: c; try d"
    assert str(Defect("a", "b", "c", hint="did you mean 'd'?")) == "a: b: c; did you mean 'd'?"
