"""Claims about `train`."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from colorprep import ArtifactError, OutputExists, QuantizerSpec
from colorprep.stages import labels as labels_stage
from colorprep.stages import prior as prior_stage
from colorprep.stages.images import ImageParams
from colorprep.stages.train import TrainParams, run
from colorprep.training.checkpoint import load_checkpoint


def prepare(photographs, workspace, silent, spec=QuantizerSpec()):  # noqa: B008
    """A workspace with prior, weights and labels."""
    images = ImageParams(photographs)
    prior_stage.run(prior_stage.PriorParams(images, spec), workspace, silent)
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, silent)
    return workspace


@pytest.fixture
def ready(photographs, workspace, silent):
    """A workspace that is ready to train in."""
    return prepare(photographs, workspace, silent)


def test_a_run_leaves_what_the_format_says(ready, recorder):
    """Log, config, checkpoints, pictures and the held-out keys; the loss falls."""
    params = TrainParams(epochs=4, batch_size=8, held_out=0.2, output="runs/a")
    result = run(params, ready, recorder)
    with result.log.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    config = json.loads((result.folder / "config.json").read_text())
    assert config["n_training"] + config["n_validation"] == 40
    assert config["weights"] == "weights.npz"
    held_out = (result.folder / "validation.txt").read_text().split()
    assert held_out == result.held_out and len(held_out) == config["n_validation"]
    best = load_checkpoint(result.best)
    losses = [log.val_loss for log in result.logs]
    assert best.progress["epoch"] == result.best_epoch == 1 + int(np.argmin(losses))
    with Image.open(result.picture) as picture:
        assert picture.width > 3 * 200
    assert load_checkpoint(result.folder / "last.pt").progress["epoch"] == 4


def test_training_is_reproducible(ready, silent):
    """The same seed gives the same losses on a CPU, another seed others."""
    losses = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        params = TrainParams(epochs=1, device="cpu", seed=seed, output=f"runs/{name}")
        losses.append(run(params, ready, silent).logs[0].train_loss)
    assert losses[0] == losses[1] != losses[2]


def test_weights_change_the_training(ready, silent):
    """Without weights another loss is trained, and said to be."""
    plain = run(TrainParams(epochs=1, use_weights=False, output="runs/p"), ready, silent)
    weighted = run(TrainParams(epochs=1, output="runs/w"), ready, silent)
    assert plain.weights is None and weighted.weights is not None
    assert plain.logs[0].train_loss != weighted.logs[0].train_loss


def test_steps_end_training(ready, silent):
    """--steps counts optimizer steps, past the end of an epoch."""
    logs = run(TrainParams(steps=7, batch_size=16, output="runs/s"), ready, silent).logs
    assert [log.step for log in logs] == [3, 6, 7]


@pytest.mark.parametrize(
    "spec",
    [QuantizerSpec("gmm", 8), QuantizerSpec("hc-grid", 25), QuantizerSpec("hc-1d", 8)],
    ids=lambda spec: spec.name,
)
def test_hue_chroma_quantizers_train(photographs, workspace, silent, spec):
    """The chain runs on mixtures and grids as well."""
    prepare(photographs, workspace, silent, spec)
    result = run(TrainParams(epochs=1, output="runs/h"), workspace, silent)
    assert np.isfinite(result.logs[0].val_loss)


def test_what_does_not_fit_together_is_refused(ready, silent, photographs):
    """Weights of other bins and missing labels are errors that say what to do."""
    spec = QuantizerSpec("ab:20")
    params = prior_stage.PriorParams(ImageParams(photographs), spec, output="other.npz")
    prior_stage.run(params, ready, silent)
    with pytest.raises(ArtifactError, match="other-weights.npz is for ab:20.*--no-weights"):
        run(TrainParams(weights="other-weights.npz"), ready, silent)
    with pytest.raises(ArtifactError, match="colorprep labels"):
        run(TrainParams(shards="nowhere"), ready, silent)
    with pytest.raises(ArtifactError, match="no file"):
        run(TrainParams(weights="nowhere.npz"), ready, silent)


def test_a_run_is_not_written_over(ready, silent):
    """A folder that holds a run is refused."""
    run(TrainParams(epochs=1, output="runs/a"), ready, silent)
    with pytest.raises(OutputExists, match="runs/a"):
        run(TrainParams(epochs=1, output="runs/a"), ready, silent)


def test_without_weights_training_says_so(ready, recorder):
    """A missing weights.npz is noted, not an error."""
    (ready.root / "weights.npz").unlink()
    assert run(TrainParams(epochs=1, output="runs/a"), ready, recorder).weights is None
    assert any("without rebalancing" in note for note in recorder.notes)


def test_a_single_image_is_trained_on(photographs, workspace, silent, tmp_path):
    """Of a single image none is held out."""
    first = next(photographs.rglob("*.jpg")).relative_to(photographs)
    (tmp_path / "one.txt").write_text(f"{first}\n")
    images = ImageParams(photographs, "one.txt")
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, silent)
    assert run(TrainParams(epochs=1), workspace, silent).held_out == []
