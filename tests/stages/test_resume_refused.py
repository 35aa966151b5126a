"""Claims about resuming with other settings or inputs: it is refused, and says why."""

import json

import numpy as np
import pytest
from changing import put_bitmaps, replace_quietly
from click.testing import CliRunner
from resuming import PARAMS, Interrupting

from colorprep import ArtifactError, InputError
from colorprep.cli.main import cli
from colorprep.progress import Reporter
from colorprep.shards.reader import open_labels
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.stage import run


def test_other_settings_are_refused(trained):
    """Options given with --resume must be those of the run."""
    folder = trained.root / "runs" / "whole"
    with pytest.raises(InputError, match=r"--batch-size was 4, is now 8"):
        run(TrainParams.of(resume=True, output=folder, batch_size=8), trained, Reporter())
    with pytest.raises(InputError, match=r"--ema was 0\.9, is now none"):
        run(TrainParams.of(resume=True, output=folder), trained, Reporter(), given={"ema": None})
    run(TrainParams.of(resume=True, output=folder, batch_size=4), trained, Reporter())


def test_a_default_given_explicitly_counts(trained):
    """On the command line an option counts as given even at its default."""
    words = ["train", "--resume", "-C", str(trained.root), "-o", "runs/whole", "--batch-size", "32"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 1 and "--batch-size was 4, is now 32" in done.stderr


def test_all_that_is_refused_is_listed(trained):
    """The message lists old and new values by the names of the options."""
    asked = TrainParams.of(
        resume=True, output="runs/whole", batch_size=8, learning_rate=0.1, flip=False, model="unet"
    )
    message = (
        r"--model was tiny, is now unet; --batch-size was 4, is now 8; "
        r"--lr was 0\.002, is now 0\.1; --flip was on, is now off"
    )
    with pytest.raises(InputError, match=message):
        run(asked, trained, Reporter())


def test_other_inputs_are_refused(photographs, workspace, silent):
    """Changed weights, images or lists are refused on resuming, and the run is left alone."""
    images = ImageParams(photographs)
    prior_stage.run(prior_stage.PriorParams(images), workspace, silent)
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, silent)
    listed = workspace.root / "listed.txt"
    keys = [path.relative_to(photographs).as_posix() for path in sorted(photographs.rglob("*.jpg"))]
    listed.write_text("".join(f"{key}\n" for key in keys[:20]))
    params = PARAMS.replace(list=listed, output="runs/a")
    with pytest.raises(KeyboardInterrupt):
        run(params, workspace, Interrupting(2))
    last = (workspace.root / "runs/a/last.pt").read_bytes()
    again = TrainParams.of(resume=True, output="runs/a")
    listed.write_text("".join(f"{key}\n" for key in keys[4:24]))
    with pytest.raises(ArtifactError, match="runs/a was (trained on other images|begun with)"):
        run(again, workspace, silent)
    listed.write_text("".join(f"{key}\n" for key in keys[:20]))
    weights = workspace.root / "weights.npz"
    held = weights.read_bytes()
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs, listed)), workspace, silent)
    with pytest.raises(ArtifactError, match="runs/a was begun with rebalancing digest"):
        run(again, workspace, silent)
    weights.write_bytes(held)
    assert (workspace.root / "runs/a/last.pt").read_bytes() == last
    assert np.isfinite(run(again, workspace, silent).best_record.figures["val_loss"])


def test_other_held_out_images_are_refused(trained):
    """A changed list of held-out images is refused on resuming, even at the same length."""
    held_out = trained.root / "held-out.txt"
    keys = open_labels(trained.root / "labels").keys
    chosen = trained.root / "chosen.txt"
    chosen.write_text("".join(f"{key}\n" for key in keys[:20]))
    held_out.write_text("".join(f"{key}\n" for key in keys[20:26]))
    params = PARAMS.replace(list=chosen, held_out=held_out, output="runs/held-out")
    with pytest.raises(KeyboardInterrupt):
        run(params, trained, Interrupting(2))
    held_out.write_text("".join(f"{key}\n" for key in keys[30:36]))
    with pytest.raises(ArtifactError, match="begun with validation digest"):
        run(TrainParams.of(resume=True, output="runs/held-out"), trained, Reporter())


def test_labels_made_again_are_noticed(workspace, silent, tmp_path):
    """Labels of a replaced image are refused on resuming; those of an earlier version are not."""
    paths = put_bitmaps(tmp_path / "train", n=20, side=32)
    labels = labels_stage.LabelsParams(ImageParams(tmp_path / "train"), size=32)
    labels_stage.run(labels, workspace, silent)
    with pytest.raises(KeyboardInterrupt):
        run(PARAMS.replace(output="runs/a"), workspace, Interrupting(2))
    held = paths[3].read_bytes()
    replace_quietly(paths[3], side=32)
    labels_stage.run(labels, workspace, silent)
    again = TrainParams.of(resume=True, output="runs/a")
    with pytest.raises(ArtifactError, match="labels that .* have been created again since"):
        run(again, workspace, silent)
    paths[3].write_bytes(held)
    labels_stage.run(labels, workspace, silent)
    config = workspace.root / "runs/a/config.json"
    facts = json.loads(config.read_text())
    del facts["labels_digest"]
    config.write_text(json.dumps(facts))
    assert np.isfinite(run(again, workspace, silent).best_record.figures["val_loss"])
