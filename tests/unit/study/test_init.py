"""A new study folder."""

import pytest

from qkepipe.errors import QkepipeError
from qkepipe.study.init import init_study
from qkepipe.study.load import read_config


@pytest.mark.parametrize("folder, name", [("my-study", "my-study"), ("été 1", "_t__1")])
def test_a_new_study_is_valid_as_it_is(tmp_path, folder, name):
    written = init_study(tmp_path / "new" / folder)
    assert sorted(p.name for p in written) == ["README.md", "Snakefile", "study.yaml"]
    config = read_config(tmp_path / "new" / folder / "study.yaml")
    assert config.study == name.lstrip("_")
    assert config.snapshots[0].format == "analytic"


def test_an_empty_folder_is_used(tmp_path):
    init_study(tmp_path)
    assert (tmp_path / "study.yaml").exists()


def test_what_is_there_stays(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(QkepipeError, match="is not empty; expected a new or empty folder"):
        init_study(tmp_path)
    with pytest.raises(QkepipeError, match="is a file"):
        init_study(tmp_path / "thesis.tex")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_new_study_has_a_background(tmp_path):
    """The grid of the template stays inside the range of the composition fallback."""
    from qkepipe.study.load import read_config
    from qkepipe.study.stages import background, ingest

    init_study(tmp_path / "study")
    config = read_config(tmp_path / "study" / "study.yaml")
    made = background.run(config, ingest.run(config, config.snapshots[0]))
    assert made.sizes["r"] == config.grid.n_r
