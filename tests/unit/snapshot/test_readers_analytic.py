"""The embedded model through the door of the room."""

import pytest

from qkepipe.errors import QkepipeError
from qkepipe.snapshot import open_snapshot
from qkepipe.snapshot.analytic import post_bounce_model


def test_the_model_is_opened_without_a_file():
    snapshot = open_snapshot(None, "analytic", zones=100)
    for name in post_bounce_model(zones=100).variables:
        assert snapshot[name].equals(post_bounce_model(zones=100)[name])
    assert snapshot.attrs["source_format"] == "analytic"
    assert snapshot.attrs["source_file"] == "analytic model"
    assert "options zones = 100" in snapshot.attrs["history"]


def test_the_checksum_is_that_of_the_parameters():
    first, same, other = (
        open_snapshot(format="analytic", **options).attrs["source_sha256"]
        for options in ({}, {"mass": 1.5}, {"mass": 1.6})
    )
    assert first == same != other


def test_it_takes_no_file_and_no_unknown_parameter(tmp_path):
    with pytest.raises(QkepipeError, match="takes no file"):
        open_snapshot(tmp_path / "a.nc", "analytic")
    with pytest.raises(QkepipeError, match="did you mean 'mass'"):
        open_snapshot(format="analytic", maas=1.4)
