"""Claims about `weights` and `export`."""

import numpy as np
import pytest
from PIL import Image

from colorprep import ArtifactError, InputError, QuantizerSpec, load_weights
from colorprep.stages import export as export_stage
from colorprep.stages.export import ExportParams
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.weights import WeightsParams, run


def test_a_bare_prior_gives_published_weights(shared, workspace, silent, published):
    """A published .npy gives weights in the published range, and a matrix on request."""
    bare = shared / "reference" / "zhang_prior_probs.npy"
    result = run(WeightsParams(bare, matrix="m.npy"), workspace, silent)
    assert result.weights.safety.smallest == pytest.approx(0.09650, abs=5e-6)
    assert result.weights.safety.largest == pytest.approx(6.17487, abs=5e-6)
    weights, meta = load_weights(result.path)
    assert meta["lambda"] == 0.5 and meta["quantizer"] == "ab313"
    np.testing.assert_allclose(np.load(result.matrix_path).sum(axis=1), weights.weights)


def test_the_published_matrix_by_the_command(shared, workspace, silent, published):
    """Keras-FCN's prior and options give Keras-FCN's matrix."""
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
    assert np.isfinite(floor.weights.values).all()
    with pytest.raises(InputError, match="empty bins"):
        run(WeightsParams(mix=0.0), workspace, silent)


def test_unnormalized_vectors_are_warned_of(workspace, recorder, tmp_path):
    """A vector of counts is normalized, with a warning."""
    np.save(tmp_path / "counts.npy", np.arange(1, 314))
    result = run(WeightsParams("counts.npy"), workspace, recorder)
    assert load_weights(result.path)[0].probs.sum() == pytest.approx(1)
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
    """Exports have the shapes and types that other projects load."""
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


def test_exported_priors_have_no_zeros(workspace, recorder, tmp_path):
    """Published code divides by the prior, so a zero would make all weights NaN."""
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    (tmp_path / "few").mkdir()
    Image.fromarray(image).save(tmp_path / "few" / "noise.png")
    params = prior_stage.PriorParams(ImageParams("few"))
    prior = prior_stage.run(params, workspace, recorder).whole.prior
    zeros = prior.probs == 0
    assert zeros.any() and not recorder.warnings
    export_stage.run(ExportParams("prior.npz"), workspace, recorder)
    assert any(f"{zeros.sum()} of 313 bins have no probability" in t for t in recorder.warnings)
    exported = np.load(tmp_path / "prior_probs.npy")
    expected = np.maximum(prior.probs, 0.5 / (64 * 64))
    np.testing.assert_allclose(exported, expected / expected.sum(), rtol=1e-14)
    assert exported.min() > 0 and exported.sum() == pytest.approx(1, abs=1e-12)

    def published_weights(probs):
        """The weights of Zhang et al.'s code at lambda 0, scaled to a mean of 1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = probs**-1.0
            return factor / np.sum(probs * factor)

    assert np.isnan(published_weights(prior.probs)).any()
    assert np.isfinite(published_weights(exported)).all()


def test_a_prior_without_zeros_is_exported_as_it_is(workspace, recorder, tmp_path):
    """Only priors with zeros are raised to half a pixel; others keep every bit."""
    colors = np.random.default_rng(0).permutation(1 << 24)[: 1 << 18].reshape(512, 512, 1)
    (tmp_path / "many").mkdir()
    rgb = (colors >> np.array([16, 8, 0]) & 255).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "many" / "colors.png")
    spec = QuantizerSpec("ab:40")
    params = prior_stage.PriorParams(ImageParams("many"), spec)
    prior = prior_stage.run(params, workspace, recorder).whole.prior
    assert prior.probs.min() > 0
    export_stage.run(ExportParams("prior.npz"), workspace, recorder)
    np.testing.assert_array_equal(np.load(tmp_path / "prior_probs.npy"), prior.probs)
    assert not recorder.warnings


def test_other_bins_export_their_centers(photographs, workspace, silent):
    """Bins that are not a lattice export float centers."""
    spec = QuantizerSpec("kmeans", 20)
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs), spec), workspace, silent)
    exported = export_stage.run(ExportParams("prior.npz"), workspace, silent)
    assert exported.origin is None
    assert [path.name for path in exported.written] == ["prior_probs.npy", "centers.npy"]


def test_what_cannot_be_exported_is_refused(workspace, silent, tmp_path):
    """Other files are refused by name."""
    (tmp_path / "labels").mkdir()
    with pytest.raises(ArtifactError, match=r"labels is a folder without.*; give a prior\.npz"):
        export_stage.run(ExportParams("labels"), workspace, silent)
    (tmp_path / "x.txt").touch()
    with pytest.raises(ArtifactError, match=r"x\.txt"):
        export_stage.run(ExportParams("x.txt"), workspace, silent)
