"""Claims about trainings that would learn nothing or lose their colors: they say so."""

import csv

import h5py
import numpy as np
import pytest
from PIL import Image
from run_folders import some_rows, write_run

from colorprep import ArtifactError, InputError, TrainingError
from colorprep.artifacts import load_weights, save_weights
from colorprep.balance.weights import Weights
from colorprep.runs import read_log
from colorprep.stages import info as info_stage
from colorprep.stages import plot as plot_stage
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.train.colorfulness import color_warning
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.stage import run
from colorprep.training.fitting.record import Record

TINY = TrainParams.of(model="tiny", device="cpu", epochs=1, batch_size=4, use_weights=False)


def write_images(folder, n_gray, n_colorful, side=32):
    """Write images of noise, the first ones gray."""
    generator = np.random.default_rng(0)
    folder.mkdir()
    for number in range(n_gray + n_colorful):
        pixels = generator.integers(0, 256, (side, side, 3)).astype(np.uint8)
        if number < n_gray:
            pixels[:] = pixels[..., :1]
        Image.fromarray(pixels).save(folder / f"{number:02}.png")


@pytest.fixture
def make_ready(workspace, silent):
    """Labels images, the first ones gray."""

    def make(n_gray=0, n_colorful=9, size=32, held_out=1):
        write_images(workspace.path("photos"), n_gray, n_colorful)
        images = ImageParams("photos")
        prior_stage.run(prior_stage.PriorParams(images), workspace, silent)
        labels_stage.run(labels_stage.LabelsParams(images, size=size), workspace, silent)
        keys = [f"{number:02}.png\n" for number in range(n_gray + n_colorful)]
        workspace.path("gray.txt").write_text("".join(keys[:n_gray]))
        workspace.path("val.txt").write_text("".join(keys[len(keys) - held_out :]))
        return workspace

    return make


def refused(params, workspace, reporter, match):
    """Assert that a training is refused before it writes anything."""
    with pytest.raises(TrainingError, match=match):
        run(params.replace(output="runs/a"), workspace, reporter)
    assert not workspace.path("runs").exists()


@pytest.mark.parametrize("gray", ["mask", "drop"])
def test_gray_images_alone_teach_nothing(make_ready, silent, gray):
    """A list, curriculum stage or held-out set of only gray images is refused at once."""
    workspace = make_ready(n_gray=4, n_colorful=4)
    params = TINY.replace(gray=gray, held_out="val.txt")
    match = "no pixel of the 4 images to train on counts in the loss: all of them are gray; .*keep"
    refused(params.replace(list="gray.txt"), workspace, silent, match)
    stages = ((None, 1), ("gray.txt", 1))
    refused(params.replace(epochs=None, curriculum=stages), workspace, silent, match)
    refused(params.replace(held_out="gray.txt"), workspace, silent, "the 4 held-out images counts")
    kept = params.replace(gray="keep", list="gray.txt", output="runs/kept")
    assert run(kept, workspace, silent).records[-1].figures["train_loss"] > 0


def test_labels_to_be_ignored_teach_nothing(make_ready, silent):
    """Images whose labels are all 65535 are refused, and the message is not about gray."""
    workspace = make_ready()
    for path in workspace.path("labels").glob("*.h5"):
        with h5py.File(path, "r+") as shard:
            shard["label"][:] = 65535
    refused(TINY, workspace, silent, "labels of all their pixels are to be ignored")


def test_weights_of_zero_are_refused(make_ready, silent):
    """Weights of 0 for all colors, from which nothing could be learned, are refused."""
    workspace = make_ready()
    weights, meta = load_weights(workspace.path("weights.npz"))
    nothing = Weights(np.zeros(313), weights.probs)
    save_weights(workspace.path("zero.npz"), nothing, meta)
    params = TINY.replace(use_weights=True, weights="zero.npz")
    with pytest.raises(ArtifactError, match=r"zero\.npz is damaged: the weight of bin 0 is 0"):
        run(params, workspace, silent)


def test_crops_that_are_all_gray_end_in_an_error(workspace, recorder):
    """If only the crops are gray, the first epoch ends with a warning, the run with an error."""
    workspace.path("photos").mkdir()
    for number in range(6):
        pixels = np.full((32, 32, 3), 40 * number, np.uint8)
        pixels[0, 0] = (200, 30, 30)  # hardly ever in a crop
        Image.fromarray(pixels).save(workspace.path(f"photos/{number}.png"))
    images = ImageParams("photos")
    labels_stage.run(labels_stage.LabelsParams(images, size=32), workspace, recorder)
    params = TINY.replace(crop=4, epochs=3, output="runs/a", flip=False)
    with pytest.raises(TrainingError, match=r"nothing was learned in .*runs/a.*--crop"):
        run(params, workspace, recorder)
    log = workspace.path("runs/a/log.csv")
    assert np.isnan(read_log(log)["train_loss"]).all()
    assert all(line.split(",")[3] == "" for line in log.read_text().splitlines()[1:])
    plot_stage.run(plot_stage.PlotParams(["runs/a"]), workspace, recorder)
    warned = [text for text in recorder.warnings if "nothing was learned" in text]
    assert len(warned) == 1 and "first epoch" in warned[0]


@pytest.mark.parametrize("gray", ["mask", "drop"])
def test_a_last_batch_of_one_joins_the_one_before(make_ready, silent, gray):
    """Nine images of 16 pixels in batches of four take two steps, as a batch of one would fail."""
    workspace = make_ready(n_gray=3, n_colorful=7, size=16)
    params = TINY.replace(model="small", width=0.1, held_out="val.txt", epochs=2, gray=gray)
    whole = run(params.replace(output="runs/whole"), workspace, silent)
    assert [(record.step, record.images) for record in whole.records] == [(2, 9), (4, 18)]
    one_by_one = params.replace(model="tiny", output="runs/tiny")
    assert [record.step for record in run(one_by_one, workspace, silent).records] == [3, 6]
    with pytest.raises(InputError, match="2 images in a batch; use a larger --batch-size"):
        run(params.replace(batch_size=1, output="runs/one"), workspace, silent)
    assert not workspace.path("runs/one").exists()


def test_a_single_image_is_too_few_for_batch_norm(make_ready, silent):
    """An epoch of one image is refused, as there is no batch to join."""
    workspace = make_ready(n_colorful=3, size=16)
    params = TINY.replace(model="small", width=0.1, max_images=1, held_out="val.txt")
    with pytest.raises(InputError, match="needs 2 images per process, but an epoch has 1"):
        run(params, workspace, silent)


GRAY = {"loss": "l2", "multipliers": (("score", 0.0),)}
ONE_COLOR = {"loss": "soft-ce", "multipliers": (("score", 0.0),)}


@pytest.mark.parametrize(
    ("way", "fault", "share"),
    [(GRAY, "nearly gray", "0% of the originals' chroma"), (ONE_COLOR, "one color", "and 0% of")],
)
def test_lost_colors_are_warned_of_once(make_ready, recorder, way, fault, share):
    """A run frozen at gray or at one color warns at its end, and names options to try."""
    workspace = make_ready()
    params = TINY.replace(epochs=2, held_out="val.txt", output="runs/a", **way)
    records = run(params, workspace, recorder).records
    (warning,) = recorder.warnings
    assert fault in warning and share in warning
    assert "--epochs" in warning and "--lr" in warning
    assert ("--loss soft-ce" in warning) == (way is GRAY)
    figures = records[-1].figures
    assert figures["val_chroma_truth"] > 20 and figures["val_spread"] < 1e-3


def record_of(chroma, truth, spread, spread_of_truth):
    """A record with these colors."""
    names = ("val_chroma", "val_chroma_truth", "val_spread", "val_spread_truth")
    colors = dict(zip(names, (chroma, truth, spread, spread_of_truth), strict=True))
    return Record(1, 1, 1, {"train_loss": 1.0, "val_loss": 1.0, **colors})


@pytest.mark.parametrize(
    ("colors", "fault"),
    [
        ((3.0, 14.0, 3.0, 17.0), "gray"),
        ((4.0, 14.0, 4.0, 17.0), None),
        ((9.0, 14.0, 1.0, 17.0), "one color"),
        ((9.0, 14.0, 1.0, 2.0), None),  # originals toned in one color
        ((0.1, 0.7, 0.0, 0.0), None),  # gray originals
        ((float("nan"),) * 4, None),  # not validated
    ],
)
def test_what_counts_as_lost(colors, fault):
    """Lost is below a quarter of the originals' chroma, or a tenth of their spread."""
    warning = color_warning(record_of(*colors), TINY, rebalanced=False)
    assert (warning is None) == (fault is None) and (fault or "") in (warning or "")


@pytest.mark.parametrize(
    ("params", "rebalanced", "remedy"),
    [
        (TINY, False, "--logit-adjust 1"),
        (TINY, True, "smaller --lambda"),
        (TINY.replace(logit_adjust=0.5), False, "larger --logit-adjust (now 0.5)"),
        (TINY.replace(loss="l1"), False, "--loss soft-ce"),
        (TINY.replace(loss="matrix"), False, "weights.npz"),
    ],
)
def test_what_to_try_fits_the_loss(params, rebalanced, remedy):
    """Suggested options are not used by this training yet, and fit its loss."""
    assert remedy in color_warning(record_of(1, 14, 1, 17), params, rebalanced)


def test_logs_without_colors_are_read(make_ready, silent, tmp_path):
    """A log of an older version is read, described and continued; new rows have colors."""
    log = read_log(write_run(tmp_path / "old", some_rows(4)) / "log.csv")
    assert "val_chroma" not in log and len(log["step"]) == 4
    workspace = make_ready()
    params = TINY.replace(epochs=2, held_out="val.txt", output="runs/a")
    first = run(params, workspace, silent)
    text = first.log.read_text()
    rows = [line.rsplit(",", 4)[0] for line in text.splitlines()]
    first.log.write_text("".join(f"{row}\n" for row in rows))
    again = run(TrainParams.of(resume=True, output="runs/a"), workspace, silent)
    losses, again_losses = (
        [record.figures["val_loss"] for record in result.records] for result in (first, again)
    )
    assert again_losses == losses
    facts = info_stage.run("runs/a", workspace, silent)
    assert "val_chroma" not in facts["last"] and facts["last"]["step"] == 4
    first.log.write_text(text)
    with first.log.open(newline="") as stream:
        last = list(csv.DictReader(stream))[-1]
    assert info_stage.run("runs/a", workspace, silent)["last"]["val_chroma"] == float(
        last["val_chroma"]
    )
