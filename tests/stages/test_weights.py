"""Claims about `weights` and `export`."""

import numpy as np
import pytest

from colorprep import ArtifactError, InputError, load_weights
from colorprep.stages import export as export_stage
from colorprep.stages import prior as prior_stage
from colorprep.stages.export import ExportParams
from colorprep.stages.images import ImageParams
from colorprep.stages.weights import WeightsParams, run


def test_a_bare_prior_gives_published_weights(shared, workspace, silent, published):
    """A published .npy gives the published range, and the matrix beside it."""
    bare = shared / "reference" / "zhang_prior_probs.npy"
    result = run(WeightsParams(bare, matrix="m.npy"), workspace, silent)
    assert result.report.safety.smallest == pytest.approx(0.09650, abs=5e-6)
    assert result.report.safety.largest == pytest.approx(6.17487, abs=5e-6)
    weights, meta = load_weights(result.path)
    assert meta["lambda"] == 0.5 and meta["quantizer"] == "ab313"
    np.testing.assert_allclose(np.load(result.matrix_path).sum(axis=1), weights.weights)


def test_the_published_matrix_by_the_command(shared, workspace, silent, published):
    """Seed 000's prior and options give seed 000's matrix."""
    params = WeightsParams(
        shared / "reference" / "seed000_posterior_prob.npy", matrix="m.npy", lattice_sigma=0.5
    )
    result = run(params, workspace, silent)
    expected = published("seed000_color_vec_table")
    np.testing.assert_allclose(np.load(result.matrix_path), expected, rtol=0, atol=1e-12)


def test_weights_of_a_prior(photographs, workspace, silent):
    """`prior` and `weights` with its defaults write the same bytes."""
    made = prior_stage.run(
        prior_stage.PriorParams(ImageParams(photographs)), workspace, silent
    ).whole.weights_path
    first = made.read_bytes()
    assert run(WeightsParams(), workspace, silent).path.read_bytes() == first
    floor = run(WeightsParams(zero_bins="floor", mix=0.0, output="f.npz"), workspace, silent)
    assert np.isfinite(floor.report.weights.weights).all()
    with pytest.raises(InputError, match="empty bins"):
        run(WeightsParams(mix=0.0), workspace, silent)


def test_unnormalized_vectors_are_told(workspace, recorder, tmp_path):
    """A vector of counts is normalized, and that is said."""
    np.save(tmp_path / "counts.npy", np.arange(1, 314))
    result = run(WeightsParams("counts.npy"), workspace, recorder)
    assert result.report.weights.probs.sum() == pytest.approx(1)
    assert any("normalized" in text for text in recorder.warnings)


def test_wrong_priors_are_refused(workspace, silent, tmp_path):
    """Missing, short and negative priors are errors that name the file."""
    with pytest.raises(ArtifactError, match="prior.npz"):
        run(WeightsParams(), workspace, silent)
    np.save(tmp_path / "short.npy", np.ones(300))
    with pytest.raises(ArtifactError, match=r"short\.npy has 300 bins"):
        run(WeightsParams("short.npy"), workspace, silent)
    np.save(tmp_path / "negative.npy", np.linspace(-1, 1, 313))
    with pytest.raises(ArtifactError, match=r"negative\.npy"):
        run(WeightsParams("negative.npy"), workspace, silent)


def test_exports_are_the_shapes_of_other_projects(photographs, workspace, silent, published):
    """Exports are what other projects load: probabilities, int64 points, factor, matrix."""
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs)), workspace, silent)
    for artifact in ("prior.npz", "weights.npz"):
        export_stage.run(ExportParams(artifact, "out"), workspace, silent)
    exported = {path.name: np.load(path) for path in workspace.path("out").glob("*.npy")}
    assert {name: (array.shape, array.dtype.str) for name, array in exported.items()} == {
        "prior_probs.npy": ((313,), "<f8"),
        "pts_in_hull.npy": ((313, 2), "<i8"),
        "prior_factor.npy": ((313,), "<f8"),
        "color_vec_table.npy": ((313, 314), "<f8"),
    }
    np.testing.assert_array_equal(exported["pts_in_hull.npy"], published("pts_in_hull"))


def test_other_bins_export_their_centers(photographs, workspace, silent):
    """Bins that are no lattice export float centers."""
    from colorprep import QuantizerSpec

    spec = QuantizerSpec("kmeans", 20)
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs), spec), workspace, silent)
    names = [path.name for path in export_stage.run(ExportParams("prior.npz"), workspace, silent)]
    assert names == ["prior_probs.npy", "centers.npy"]


def test_what_cannot_be_exported_is_refused(workspace, silent, tmp_path):
    """Other files are refused by name."""
    (tmp_path / "x.txt").touch()
    with pytest.raises(ArtifactError, match=r"x\.txt"):
        export_stage.run(ExportParams("x.txt"), workspace, silent)
