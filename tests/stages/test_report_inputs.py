"""Claims about what `report` is given: what is missing, damaged or of others is named."""

import shutil

import numpy as np
import pytest
from reports import facts_of

from colorprep import (
    ArtifactError,
    InputError,
    OutputExists,
    QuantizerSpec,
)
from colorprep.stages import weights
from colorprep.stages.prior import stage as prior
from colorprep.stages.report.stage import ReportParams, run
from colorprep.stages.source import ImageParams


def test_without_a_prior_it_says_what_to_do(workspace, silent):
    """There is nothing to report without a prior."""
    with pytest.raises(ArtifactError, match=r"prior\.npz.*colorprep prior"):
        run(ReportParams(), workspace, silent)


def test_what_is_no_prior_is_not_to_be_opened_unsafely(workspace, silent):
    """The message about a damaged file does not repeat numpy's advice to allow pickles."""
    workspace.path("prior.npz").write_text("hi")
    with pytest.raises(ArtifactError) as caught:
        run(ReportParams(), workspace, silent)
    assert "pickle" not in str(caught.value) and "prior.npz is damaged" in str(caught.value)


@pytest.mark.usefixtures("without_charts")
def test_weights_of_another_prior_are_not_shown(changeable, recorder):
    """Weights of another prior are named, and computed again for the page."""
    name = min(changeable.path("priors").glob("*/prior.npz"))
    weights.run(weights.WeightsParams(name, mix=0.9), changeable, recorder)
    result = run(ReportParams(), changeable, recorder)
    assert facts_of(result)["weights"]["lambda"] == 0.5
    assert any("another prior" in text for text in recorder.warnings)


def test_other_bins_cannot_be_compared(complete, workspace, few, silent, tmp_path):
    """A prior over other bins, or a vector of another length, is refused before work is done."""
    spec = QuantizerSpec("hc-grid", 25)
    prior.run(prior.PriorParams(ImageParams(few), spec), workspace, silent)
    with pytest.raises(ArtifactError, match="25 bins of hc-grid.*313 of ab313"):
        run(ReportParams(compare=workspace.path("prior.npz")), complete, silent)
    np.save(tmp_path / "short.npy", np.ones(312))
    with pytest.raises(ArtifactError, match="312 bins.*313 of ab313"):
        run(ReportParams(compare=tmp_path / "short.npy"), complete, silent)
    np.save(tmp_path / "wrong.npy", np.full(313, -1.0))
    with pytest.raises(ArtifactError, match="wrong.npy"):
        run(ReportParams(compare=tmp_path / "wrong.npy"), complete, silent)


@pytest.mark.usefixtures("without_charts")
def test_class_priors_over_other_bins_are_left_out(changeable, photographs, recorder):
    """Class priors over another quantizer's bins are left out with a warning."""
    params = prior.PriorParams(ImageParams(photographs), QuantizerSpec("ab529"))
    prior.run(params, changeable, recorder)
    result = run(ReportParams(), changeable, recorder)
    assert "classes" in {one.anchor for one in result.missing}
    assert any("10 class priors" in text and "--by-class" in text for text in recorder.warnings)


@pytest.mark.usefixtures("without_charts")
def test_the_source_may_have_gone(changeable, recorder):
    """If the images are missing, the page is written without them, and says so."""
    changeable.remember_source("gone")
    result = run(ReportParams(), changeable, recorder)
    assert "round-trip" in {one.anchor for one in result.missing}
    assert any("not read again" in text for text in recorder.warnings)
    html = result.path.read_text()
    assert "<img" not in html and "left out where the images cannot be read" in html
    with pytest.raises(InputError, match="nowhere"):
        run(ReportParams(ImageParams("nowhere")), changeable, recorder)


@pytest.mark.usefixtures("without_charts")
def test_bad_images_are_left_out(changeable, photographs, tmp_path, recorder):
    """Images that became unreadable are left out of the sample and the sheets."""
    images = tmp_path / "train"
    shutil.copytree(photographs, images)
    keys = changeable.path("lists/rgbvar.txt").read_text().splitlines()
    (images / keys[0]).write_bytes(b"")
    result = run(ReportParams(ImageParams(images)), changeable, recorder)
    assert facts_of(result)["round-trip"]["n_images"] == 39
    html = result.path.read_text()
    assert f", {keys[1]}" in html and f", {keys[0]}" not in html
    assert html.count('alt="Ranks 1 to 12,') == 11


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lists/rgbvar.csv", "key\na\n"),
        ("lists/rgbvar.csv", "key,rgbvar\na,much\n"),
        ("audit/audit.csv", "key,reasons\na,\n"),
        ("weights.npz", "no zip"),
        ("probes/probes.json", '{"chance": 3}'),
        ("evaluation/methods.json", "{}"),
    ],
)
def test_damaged_inputs_are_named(changeable, silent, name, content):
    """A damaged input is an error that names the file and says what to do."""
    changeable.path(name).parent.mkdir(exist_ok=True)
    changeable.path(name).write_text(content)
    with pytest.raises(ArtifactError, match=rf"{name}.*again"):
        run(ReportParams(), changeable, silent)


@pytest.mark.parametrize("content", ["", "key,rgbvar\n"])
def test_a_ranking_of_nothing_is_damaged(changeable, silent, content):
    """A table of scores without images is damaged."""
    changeable.path("lists/rgbvar.csv").write_text(content)
    with pytest.raises(ArtifactError, match="rgbvar.csv is damaged"):
        run(ReportParams(), changeable, silent)


@pytest.mark.usefixtures("without_charts")
def test_images_that_the_prior_did_not_count_are_reported(changeable, few, recorder):
    """The page is not titled after them, and says so where it shows them."""
    result = run(ReportParams(ImageParams(few)), changeable, recorder)
    assert any("counted on other images" in text for text in recorder.warnings)
    html = result.path.read_text()
    assert "<h1>Color report</h1>" in html
    assert html.count("not the ones that the prior was counted on") == 1 + html.count(">Ranks 1 to")


def test_folders_are_not_written_over(complete, silent, tmp_path):
    """The page may replace a page, but not a folder."""
    with pytest.raises(OutputExists):
        run(ReportParams(output=tmp_path), complete, silent)
