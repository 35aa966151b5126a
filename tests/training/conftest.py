"""Fixtures for the tests of training: labels of the photographs."""

import pytest

from colorprep.progress import Reporter
from colorprep.shards.reader import open_labels
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.source import ImageParams
from colorprep.workspace import Workspace


@pytest.fixture(scope="session")
def make_labels(photographs, tmp_path_factory):
    """Labels the photographs at 32 x 32, in four shards, into a new folder."""

    def make(**params):
        values = {"size": 32, "shard_size": 12} | params
        workspace = Workspace(tmp_path_factory.mktemp("labels"))
        return run(LabelsParams(ImageParams(photographs), **values), workspace, Reporter()).folder

    return make


@pytest.fixture(scope="session")
def label_folder(make_labels):
    """Labels of the photographs in four shards."""
    return make_labels()


@pytest.fixture(scope="session")
def labels(label_folder):
    """The same, opened."""
    return open_labels(label_folder)
