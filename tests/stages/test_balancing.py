"""Claims about the prior of balanced figures: whether it was counted from the originals."""

import shutil

import numpy as np
import pytest

from colorprep.artifacts import load_prior
from colorprep.stages.evaluate.stage import EvaluateParams, run
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams


@pytest.fixture
def ready(photographs, workspace, silent):
    """Three originals, the same as pictures, and a prior of the originals."""
    for folder in ("originals", "pictures"):
        workspace.path(folder).mkdir()
        for number, path in enumerate(sorted(photographs.rglob("*.jpg"))[:3]):
            shutil.copy(path, workspace.path(folder) / f"{number}.jpg")
    params = prior_stage.PriorParams(ImageParams("originals"), size=32)
    prior_stage.run(params, workspace, silent)
    workspace.path("some.txt").write_text("0.jpg\n2.jpg\n")
    return workspace


def evaluated(workspace, reporter, prior=None, **images):
    """What `evaluate` reports about its prior."""
    params = EvaluateParams(
        ImageParams(**images),
        original=workspace.path("originals"),
        colorized=workspace.path("pictures"),
        size=32,
        prior=prior,
    )
    return run(params, workspace, reporter).balance


def test_a_prior_of_the_originals(ready, recorder):
    """It is named with its digest and number of files, without a warning."""
    balance = evaluated(ready, recorder)
    digest = load_prior(ready.path("prior.npz")).digest
    assert balance.of == "originals" and balance.digest == digest
    said = (
        f"AuC is balanced by prior.npz (digest {digest[:8]}, of 3 files), made from these originals"
    )
    assert recorder.notes == [said] and recorder.warnings == []


def test_a_prior_of_the_source_of_a_list(ready, recorder):
    """If a list narrows the originals, a prior of their whole source gives no warning."""
    assert evaluated(ready, recorder, list="some.txt").of == "their source"
    assert "made from all images of" in recorder.notes[-1]
    assert not any("balanced" in text for text in recorder.warnings)


def test_a_prior_of_other_images_is_warned_of(ready, recorder):
    """One more image makes the originals another set of images."""
    for folder in ("originals", "pictures"):
        shutil.copy(ready.path(f"{folder}/0.jpg"), ready.path(f"{folder}/3.jpg"))
    balance = evaluated(ready, recorder)
    assert balance.of == "other images" and balance.source["n_files"] == 3
    (warning,) = recorder.warnings
    assert "made from other images than these 4 originals" in warning
    assert "--prior" in warning and "prior.npz (digest" in warning


def test_of_a_bare_vector_it_is_unknown(ready, recorder):
    """An .npy does not record its images, and they are not guessed."""
    np.save(ready.path("bare.npy"), load_prior(ready.path("prior.npz")).probs)
    balance = evaluated(ready, recorder, prior="bare.npy")
    assert balance.of == "unknown" and balance.source is None
    assert "does not record the images it was made from" in recorder.notes[-1]
