"""A finished study, for the tests of the workflow."""

import pytest
from workflow_tools import Workflow, copy_repository


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """A copy of the repository that no test changes."""
    return copy_repository(tmp_path_factory.mktemp("repository"))


@pytest.fixture
def workflow(repository, tmp_path):
    """The workflow on an empty folder."""
    return Workflow(repository, tmp_path)


@pytest.fixture(scope="session")
def finished(repository, tmp_path_factory):
    """The quick study, run once; tests work on copies of it."""
    study = Workflow(repository, tmp_path_factory.mktemp("finished"))
    done = study.run(*study.write_config())
    assert done.returncode == 0, done.stderr[-5000:]
    return study


@pytest.fixture
def again(finished, tmp_path):
    """A copy of the finished study."""
    return finished.copy(tmp_path)
