"""Claims about bare .npy priors and weights: accepted wherever .npz files are, or refused."""

import json
import shutil
from functools import partial

import numpy as np
import pytest

from colorprep import ArtifactError, InputError, QuantizerSpec, ab529, ab_lattice, open_labels
from colorprep.progress import Reporter
from colorprep.stages import info
from colorprep.stages import weights as weights_stage
from colorprep.stages.evaluate.stage import EvaluateParams
from colorprep.stages.evaluate.stage import run as evaluate
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.labels.stage import LabelsParams
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.priors import read_prior, read_weights
from colorprep.stages.report import stage as report
from colorprep.stages.source import ImageParams
from colorprep.stages.train import stage as train_stage
from colorprep.stages.train.params import TrainParams
from colorprep.stages.verify import stage as verify
from colorprep.workspace import Workspace

RANDOM = np.random.default_rng(3)


def shares(n_bins):
    """Probabilities of this many bins."""
    drawn = RANDOM.random(n_bins) + 0.1
    return drawn / drawn.sum()


@pytest.fixture(scope="module")
def made(photographs, tmp_path_factory):
    """A workspace with a prior, labels of 40 photographs, and vectors of several lengths."""
    workspace, silent = Workspace(tmp_path_factory.mktemp("made")), Reporter()
    for n_bins in (5, 313, 529):
        np.save(workspace.path(f"{n_bins}.npy"), shares(n_bins))
        np.save(workspace.path(f"w{n_bins}.npy"), 1 + RANDOM.random(n_bins))
    images = ImageParams(photographs)
    prior_stage.run(prior_stage.PriorParams(images, size=32), workspace, silent)
    labels_stage.run(LabelsParams(images, size=32), workspace, silent)
    return workspace


@pytest.fixture
def ready(made, workspace):
    """A copy of that workspace."""
    shutil.copytree(made.root, workspace.root, dirs_exist_ok=True)
    return workspace


def test_bins_follow_from_the_number_of_entries(ready, silent):
    """313 entries belong to ab313, 529 to ab529; counts are unknown."""
    for n_bins, lattice in ((313, ab_lattice()), (529, ab529())):
        prior = read_prior(ready.path(f"{n_bins}.npy"), silent)
        assert prior.quantizer.fingerprint == lattice.fingerprint and prior.counted is None
        np.testing.assert_allclose(prior.probs, np.load(ready.path(f"{n_bins}.npy")))
        values = read_weights(ready.path(f"w{n_bins}.npy"), lattice, "w")
        np.testing.assert_array_equal(values, np.load(ready.path(f"w{n_bins}.npy")))


def test_what_a_file_is_its_content_says(ready, silent):
    """A bare vector named .npz is read as such, and so is a prior under another name."""
    ready.path("313.npy").rename(ready.path("bare.npz"))
    assert read_prior(ready.path("bare.npz"), silent).counted is None
    ready.path("prior.npz").rename(ready.path("ours.npy"))
    assert read_prior(ready.path("ours.npy"), silent).counted is not None
    assert info.run("ours.npy", ready, silent)["n_images"] == 40


def test_labels_take_the_lattice_of_a_bare_prior(photographs, ready, silent):
    """Labels with a bare prior are those of its lattice, byte for byte."""
    images = ImageParams(photographs)
    for n_bins, output in ((313, "a"), (529, "b")):
        params = LabelsParams(images, size=32, prior=f"{n_bins}.npy", output=output)
        labels_stage.run(params, ready, silent)
    assert open_labels(ready.path("b")).quantizer.name == "ab529"
    ours, bare = (ready.path(name) / "shard-00000.h5" for name in ("labels", "a"))
    assert bare.read_bytes() == ours.read_bytes()


def test_training_takes_bare_weights_and_priors(ready, silent):
    """Bare weights train like the same numbers in a weights.npz, and so do priors."""
    ours = weights_stage.run(weights_stage.WeightsParams(), ready, silent)
    np.save(ready.path("bare.npy"), ours.weights.values)
    train = partial(TrainParams.of, steps=2, batch_size=4, model="tiny", device="cpu", seed=1)
    losses = {}
    for name in ("weights.npz", "bare.npy"):
        result = train_stage.run(train(weights=name, output=f"runs/{name}"), ready, silent)
        losses[name] = [record.figures["train_loss"] for record in result.records]
        config = json.loads((result.folder / "config.json").read_text())
        assert config["rebalanced"] and config["weights"] == name
    assert losses["weights.npz"] == losses["bare.npy"]
    adjusted = train(prior="313.npy", logit_adjust=1.0, output="runs/adjusted")
    assert train_stage.run(adjusted, ready, silent).records


USES = {
    "labels": lambda name: (labels_stage.run, LabelsParams(prior=name, output="new")),
    "weights": lambda name: (weights_stage.run, weights_stage.WeightsParams(name)),
    "logits": lambda name: (train_stage.run, TrainParams.of(prior=name, logit_adjust=1.0)),
    "weights of training": lambda name: (train_stage.run, TrainParams.of(weights=name)),
    "evaluate": lambda name: (
        evaluate,
        EvaluateParams(original="a", colorized="b", prior=name),
    ),
    "compare": lambda name: (report.run, report.ReportParams(compare=name)),
}


@pytest.mark.parametrize("use", USES)
def test_another_number_of_bins_is_refused(ready, silent, use):
    """The message names the file and what was expected; there is no TypeError."""
    run, params = USES[use]("5.npy")
    with pytest.raises(ArtifactError, match=r"5\.npy has 5 bins.*313"):
        run(params, ready, silent)


@pytest.mark.parametrize("use", ["logits", "weights of training", "evaluate", "compare"])
def test_other_bins_are_refused(ready, silent, use):
    """A vector for ab529 does not fit labels made with ab313."""
    run, params = USES[use]("w529.npy" if use == "weights of training" else "529.npy")
    with pytest.raises(ArtifactError, match=r"529(.|\n)*313"):
        run(params, ready, silent)


def test_a_matrix_is_no_prior(ready, silent):
    """Files that are not vectors of numbers are refused everywhere."""
    np.save(ready.path("matrix.npy"), np.eye(313))
    for use in USES:
        run, params = USES[use]("matrix.npy")
        with pytest.raises(ArtifactError, match=r"matrix\.npy should hold a vector"):
            run(params, ready, silent)


@pytest.mark.parametrize("fault", [np.nan, np.inf, -1.0, 0.0])
def test_bare_weights_are_above_zero(ready, silent, fault):
    """Training with invalid weights is refused, and the file is named."""
    values = np.load(ready.path("w313.npy"))
    values[7] = fault
    np.save(ready.path("w313.npy"), values)
    with pytest.raises(ArtifactError, match=r"w313\.npy is damaged.*weight"):
        train_stage.run(TrainParams.of(weights="w313.npy"), ready, silent)


def test_a_bare_prior_is_described_and_verified(ready, silent):
    """`info` and `verify` accept both lengths."""
    for n_bins in (313, 529):
        assert str(n_bins) in info.run(f"{n_bins}.npy", ready, silent)["what"]
        assert verify.run(verify.VerifyParams(f"{n_bins}.npy"), ready, silent).what
    assert not verify.run(verify.VerifyParams("5.npy"), ready, silent).sound


def test_surprise_needs_counts(photographs, ready, silent):
    """A bare vector as prior.npz is refused where counts are needed."""
    from colorprep.stages.rgbvar import stage as rgbvar

    ready.path("313.npy").replace(ready.path("prior.npz"))
    params = rgbvar.RgbvarParams(ImageParams(photographs), score="surprise")
    with pytest.raises(ArtifactError, match=r"prior\.npz is a bare \.npy array"):
        rgbvar.run(params, ready, silent)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_parameters_are_finite(value):
    """NaN and infinity are refused in Python too, not only on the command line."""
    for make in (
        lambda: QuantizerSpec("hc-grid", sigma=value),
        lambda: QuantizerSpec(sigma_ab=value),
        lambda: LabelsParams(lowpass=value),
        lambda: TrainParams.of(learning_rate=value),
        lambda: TrainParams.of(logit_adjust=value),
        lambda: TrainParams.of(multipliers=(("score", value),)),
        lambda: EvaluateParams(checkpoint="run", temperature=value),
        lambda: weights_stage.WeightsParams(alpha=value),
    ):
        with pytest.raises(InputError, match="must be a finite number"):
            make()
