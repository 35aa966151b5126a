"""Claims about `train`."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from steps import CPU, objective_of, trainer_of

from colorprep import (
    ArtifactError,
    InputError,
    OutputExists,
    QuantizerSpec,
    TrainingError,
    open_labels,
)
from colorprep.artifacts import load_weights
from colorprep.stages.colorize import stage as colorize_stage
from colorprep.stages.colorize.stage import ColorizeParams
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.stage import run
from colorprep.training.checkpoint import load_checkpoint
from colorprep.training.data.dataset import ShardDataset
from colorprep.training.fitting.loop import validate
from colorprep.training.losses.pixel_losses import LossOptions
from colorprep.training.processes import Process


def read_rows(log):
    """The rows of a log."""
    with log.open(newline="") as stream:
        return list(csv.DictReader(stream))


def prepare(photographs, workspace, silent, spec=QuantizerSpec()):  # noqa: B008
    """A workspace with prior, weights and labels."""
    images = ImageParams(photographs)
    prior_stage.run(prior_stage.PriorParams(images, spec), workspace, silent)
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, silent)
    return workspace


def test_a_run_leaves_what_the_format_says(ready, recorder):
    """Log, config, checkpoints, pictures and the held-out keys; the loss falls."""
    params = TrainParams.of(
        epochs=4, batch_size=8, held_out=0.2, output="runs/a", checkpoint_every=3, model="tiny"
    )
    result = run(params, ready, recorder)
    rows = read_rows(result.log)
    config = json.loads((result.folder / "config.json").read_text())
    an_epoch = -(-config["n_training"] // 8)
    steps = {*range(3, 4 * an_epoch + 1, 3), *range(an_epoch, 4 * an_epoch + 1, an_epoch)}
    assert [int(row["step"]) for row in rows] == sorted(steps)
    assert int(rows[-1]["images"]) == 4 * config["n_training"]
    assert [int(row["step"]) % an_epoch == 0 for row in rows] == [bool(r["val_loss"]) for r in rows]
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    assert config["n_training"] + config["n_validation"] == 40
    assert config["weights"] == "weights.npz" and config["unit"] == "nats per pixel"
    held_out = (result.folder / "validation.txt").read_text().split()
    assert held_out == result.held_out and len(held_out) == config["n_validation"]
    with Image.open(result.picture) as picture:
        assert picture.width > 4 * 200 and picture.height > len(held_out) * 200
    assert load_checkpoint(result.folder / "last.pt").progress["step"] == 4 * an_epoch
    for name in ("last.pt", "best.pt"):
        content = torch.load(result.folder / name, weights_only=True)
        assert ("optimizers" in content) == (name == "last.pt")


def test_the_best_checkpoint_has_the_lowest_validation_loss(ready, silent):
    """best.pt is from the row with the lowest val_loss, and gives that loss again."""
    params = TrainParams.of(
        epochs=6, batch_size=8, held_out=0.2, output="runs/a", learning_rate=0.3, model="tiny"
    )
    result = run(params, ready, silent)
    losses = [float(row["val_loss"]) for row in read_rows(result.log)]
    best = load_checkpoint(result.best)
    assert np.argmin(losses) < len(losses) - 1, "a rate that is too high was to overshoot"
    assert best.progress["val_loss"] == min(losses) == result.best_record.figures["val_loss"]
    labels = open_labels(ready.root / "labels")
    weights, _ = load_weights(ready.root / "weights.npz")
    objective = objective_of("soft-ce", labels.quantizer, LossOptions(weights.weights))
    trainer = trainer_of(best.model, objective)
    trainer.eval()
    images = ShardDataset(labels, result.held_out).loader(64, shuffle=False)
    again = validate(trainer, images, lambda batch: batch, Process(CPU))
    assert again["soft-ce"] == pytest.approx(min(losses), rel=1e-5)


def test_training_is_reproducible(ready, silent):
    """The same seed gives the same losses on a CPU, another seed others."""
    losses = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        params = TrainParams.of(
            epochs=1, device="cpu", seed=seed, output=f"runs/{name}", model="tiny"
        )
        losses.append(run(params, ready, silent).records[0].figures["train_loss"])
    assert losses[0] == losses[1] != losses[2]


def test_weights_change_the_training(ready, silent):
    """Without weights another loss is trained, and a note says so."""
    plain, weighted, expected = (
        run(TrainParams.of(epochs=1, model="tiny", output=f"runs/{name}", **params), ready, silent)
        for name, params in (
            ("p", {"use_weights": False}),
            ("w", {}),
            ("e", {"weigh_by": "expectation"}),
        )
    )
    assert plain.weights is None and weighted.weights is not None
    losses = {result.records[0].figures["train_loss"] for result in (plain, weighted, expected)}
    assert len(losses) == 3


def test_steps_end_training(ready, silent):
    """--steps counts optimizer steps, past the end of an epoch."""
    params = TrainParams.of(steps=7, batch_size=16, output="runs/s", model="tiny")
    assert [record.step for record in run(params, ready, silent).records] == [3, 6, 7]


def test_validation_every_few_steps(ready, silent):
    """--validate-every sets the steps of validation, and the last step always has one."""
    params = TrainParams.of(steps=7, batch_size=16, validate_every=2, output="runs/s", model="tiny")
    result = run(params, ready, silent)
    validated = [
        record.step for record in result.records if np.isfinite(record.figures["val_loss"])
    ]
    assert validated == [2, 4, 6, 7]
    pictures = sorted(path.name for path in (result.folder / "samples").iterdir())
    assert pictures == [f"step-{step:07d}.png" for step in validated]


OTHER_WAYS = {
    "regression": {"loss": "l2"},
    "l12": {"loss": "l12", "gray": "drop"},
    "matrix": {"loss": "matrix"},
    "kl": {"loss": "kl", "schedule": "linear", "decay_after": 1},
    "adjusted": {"logit_adjust": 1.0},
    "amp": {"amp": True, "clip": 0.1},
    "averaged": {"ema": 0.5, "crop": 16},
    "frozen": {"multipliers": (("score", 0.0),), "schedule": "poly", "flip": False},
}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_other_ways_to_train(ready, silent, way):
    """Losses, schedules and options run to the end, and have their effects."""
    params = TrainParams.of(epochs=2, model="tiny", output="runs/a", **OTHER_WAYS[way])
    result = run(params, ready, silent)
    assert all(np.isfinite(record.figures["val_loss"]) for record in result.records)
    assert result.unit == ("Lab units" if way in ("regression", "l12") else "nats per pixel")
    state = load_checkpoint(result.best).model.state_dict()
    assert (state["score.weight"].abs().max() == 0) == (way == "frozen")
    source = ready.remembered_source()
    colorize = ColorizeParams([next(Path(source).rglob("*.jpg"))])
    assert len(colorize_stage.run(colorize, ready, silent).written) == 1


def test_layers_are_handed_over(ready, recorder):
    """--init starts from all layers of a run, as it ended."""
    first = run(TrainParams.of(epochs=2, model="tiny", output="runs/a"), ready, recorder)
    params = TrainParams.of(
        epochs=1, model="tiny", init="runs/a", learning_rate=1e-9, output="runs/b"
    )
    second = run(params, ready, recorder)
    n_arrays = len(load_checkpoint(first.best).model.state_dict())
    assert any(note.startswith(f"{n_arrays} of {n_arrays} arrays") for note in recorder.notes)
    assert second.records[0].figures["train_loss"] < first.records[0].figures["train_loss"]


@pytest.mark.parametrize(
    "spec",
    [QuantizerSpec("gmm", 8), QuantizerSpec("hc-grid", 25), QuantizerSpec("hc-1d", 8)],
    ids=lambda spec: spec.name,
)
def test_hue_chroma_quantizers_train(photographs, workspace, silent, spec):
    """Training works with mixtures and grids too."""
    prepare(photographs, workspace, silent, spec)
    params = TrainParams.of(epochs=1, output="runs/h", model="tiny")
    if spec.name == "hc-1d":
        params = params.replace(loss="hue-chroma")
    result = run(params, workspace, silent)
    assert np.isfinite(result.records[0].figures["val_loss"])
    source = next(photographs.rglob("*.jpg"))
    (picture,) = colorize_stage.run(ColorizeParams([source]), workspace, silent).written
    assert np.ptp(np.asarray(Image.open(picture)), axis=2).max() > 0


def test_what_does_not_fit_together_is_refused(ready, silent, photographs):
    """Weights of other bins and missing labels are errors that say what to do."""
    spec = QuantizerSpec("ab:20")
    params = prior_stage.PriorParams(ImageParams(photographs), spec, output="other.npz")
    prior_stage.run(params, ready, silent)
    with pytest.raises(
        ArtifactError, match="other-weights.npz holds .* weights for ab:20.*--no-weights"
    ):
        run(TrainParams.of(weights="other-weights.npz"), ready, silent)
    with pytest.raises(ArtifactError, match="colorprep labels"):
        run(TrainParams.of(shards="nowhere"), ready, silent)
    with pytest.raises(ArtifactError, match="no file"):
        run(TrainParams.of(weights="nowhere.npz"), ready, silent)
    with pytest.raises(ArtifactError, match="no file"):
        run(TrainParams.of(logit_adjust=1.0, prior="nowhere.npz"), ready, silent)
    with pytest.raises(ArtifactError, match="other.npz is of ab:20.*--prior"):
        run(TrainParams.of(logit_adjust=1.0, prior="other.npz"), ready, silent)
    with pytest.raises(InputError, match="l1 takes no rebalancing weights"):
        run(TrainParams.of(loss="l1", weights="weights.npz"), ready, silent)
    with pytest.raises(InputError, match="hc-1d"):
        run(TrainParams.of(loss="hue-chroma", use_weights=False), ready, silent)
    with pytest.raises(InputError, match="crop must be a multiple of the stride"):
        run(TrainParams.of(crop=18, model="tiny", epochs=1, output="runs/crop"), ready, silent)
    (ready.root / "empty.txt").write_text("")
    with pytest.raises(InputError, match="empty.txt"):
        run(TrainParams.of(list="empty.txt"), ready, silent)


def test_a_run_is_not_written_over(ready, silent):
    """A folder that contains a run is refused."""
    run(TrainParams.of(epochs=1, output="runs/a"), ready, silent)
    with pytest.raises(OutputExists, match="runs/a"):
        run(TrainParams.of(epochs=1, output="runs/a"), ready, silent)


def test_without_weights_training_says_so(ready, recorder):
    """A missing weights.npz is noted, not an error."""
    (ready.root / "weights.npz").unlink()
    assert (
        run(TrainParams.of(epochs=1, model="tiny", output="runs/a"), ready, recorder).weights
        is None
    )
    assert any("without rebalancing" in note for note in recorder.notes)


def test_a_single_image_is_trained_on(photographs, workspace, silent, tmp_path):
    """A single image is not held out."""
    first = next(photographs.rglob("*.jpg")).relative_to(photographs)
    (tmp_path / "one.txt").write_text(f"{first}\n")
    images = ImageParams(photographs, "one.txt")
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, silent)
    assert run(TrainParams.of(epochs=1, model="tiny"), workspace, silent).held_out == []


def test_tensorboard_is_asked_for_first(ready, silent, monkeypatch):
    """If the extra is missing, an error says so before anything is written."""
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(InputError, match=r"pip install 'colorprep\[tensorboard\]'"):
        run(TrainParams.of(tensorboard=True, model="tiny", output="runs/a"), ready, silent)
    assert not (ready.root / "runs").exists()


def test_nothing_is_trained_over(ready, silent):
    """A folder that contains anything is refused, and left unchanged."""
    folder = ready.root / "runs" / "a"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("x")
    with pytest.raises(OutputExists, match="runs/a.*choose another with -o"):
        run(TrainParams.of(epochs=1, model="tiny", output="runs/a"), ready, silent)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("learning_rate", "model", "every", "message"),
    [
        (1e30, "tiny", 4, r"became (nan|inf) at step \d+; .*--lr"),
        (1e38, "tiny", 1, r"not finite any more after step 1; .*--lr"),
        (1e18, "tiny", 1, r"validation loss became (nan|inf) after step 1; .*--lr"),
    ],
)
def test_a_network_that_diverges_ends_training(ready, silent, learning_rate, model, every, message):
    """The message names the step; earlier checkpoints stay, and the last step is not saved."""
    params = TrainParams.of(
        steps=40, batch_size=8, model=model, learning_rate=learning_rate, warm_up=0.0,
        checkpoint_every=every, validate_every=every, output="runs/a",
    )  # fmt: skip
    with pytest.raises(TrainingError, match=message):
        run(params, ready, silent)
    state = load_checkpoint(ready.root / "runs/a/last.pt").model.state_dict()
    assert all(torch.isfinite(tensor).all() for tensor in state.values())
    assert not (ready.root / "runs/a/best.pt").exists()
