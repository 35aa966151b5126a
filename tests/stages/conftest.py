"""Fixtures for the tests of stages: a workspace that is ready to train in."""

import shutil

import pytest

from colorprep.progress import Reporter
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams
from colorprep.workspace import Workspace


@pytest.fixture(scope="session")
def prepared(photographs, tmp_path_factory):
    """A workspace with prior, weights and labels of the photographs, not to be changed."""
    workspace, images = Workspace(tmp_path_factory.mktemp("prepared")), ImageParams(photographs)
    prior_stage.run(prior_stage.PriorParams(images), workspace, Reporter())
    params = labels_stage.LabelsParams(images, size=32, shard_size=12)
    labels_stage.run(params, workspace, Reporter())
    return workspace


@pytest.fixture
def ready(prepared, workspace):
    """A copy of it, ready to train in."""
    shutil.copytree(prepared.root, workspace.root, dirs_exist_ok=True)
    return workspace
