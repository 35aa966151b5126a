"""Fixtures for the tests of stages: workspaces, made once, in which commands were run."""

import shutil

import pytest
from changing import put_bitmaps
from resuming import PARAMS

from colorprep.images.sample import sample_crops
from colorprep.progress import Reporter
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.rgbvar import stage as rgbvar_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.train import stage as train_stage
from colorprep.workspace import Workspace


@pytest.fixture(scope="session")
def trained(prepared, tmp_path_factory):
    """A workspace that is ready to train in, with a run that was not interrupted."""
    workspace = Workspace(tmp_path_factory.mktemp("trained"))
    shutil.copytree(prepared.root, workspace.root, dirs_exist_ok=True)
    train_stage.run(PARAMS.replace(output="runs/whole"), workspace, Reporter())
    return workspace


@pytest.fixture
def images(tmp_path):
    """Seven bitmaps of equal size."""
    put_bitmaps(tmp_path / "train")
    return tmp_path / "train"


@pytest.fixture(scope="session")
def complete(tmp_path_factory, photographs):
    """A workspace with everything that a report can show."""
    workspace, silent = Workspace(tmp_path_factory.mktemp("complete")), Reporter()
    images = ImageParams(photographs)
    params = prior_stage.PriorParams(images, size=64, by_class=True, bootstrap=20)
    prior_stage.run(params, workspace, silent)
    rgbvar_stage.run(rgbvar_stage.RgbvarParams(images), workspace, silent)
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, silent)
    return workspace


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """A folder of eight small photographs, each in its own class."""
    folder = tmp_path_factory.mktemp("few") / "train"
    for crop in sample_crops(8, 48):
        path = folder / crop.key
        path.parent.mkdir(parents=True, exist_ok=True)
        crop.image.save(path, "JPEG")
    return folder


@pytest.fixture
def changeable(complete, tmp_path):
    """A copy of that workspace, to be changed."""
    shutil.copytree(complete.root, tmp_path / "copy")
    return Workspace(tmp_path / "copy")
