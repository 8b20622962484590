"""Reading the snapshot of a study."""

from types import SimpleNamespace

import pytest

from qkepipe.errors import QkepipeError
from qkepipe.study.stages import ingest


def test_cartesian_cells_are_refused_in_one_line():
    """Transport follows rays; the line names the command that maps such a snapshot."""
    entry = SimpleNamespace(name="a", path=None, format="remnant", options={"cells": 8})
    with pytest.raises(QkepipeError, match="no radial axis.*qkepipe screen") as caught:
        ingest.run(None, entry)
    assert len(str(caught.value).splitlines()) == 1
