"""Claims about damaged files in the stages: all skip the same ones, and keep them on demand."""

import csv
import json

import h5py
import numpy as np
import pytest
from jpeg_damage import cut, jpeg, overwritten
from PIL import Image

from colorprep.artifacts import load_prior
from colorprep.errors import OutputExists
from colorprep.images.sample import sample_crops
from colorprep.stages.audit import stage as audit
from colorprep.stages.evaluate import stage as evaluate
from colorprep.stages.labels import stage as labels
from colorprep.stages.prior import stage as prior
from colorprep.stages.rgbvar import stage as rgbvar
from colorprep.stages.source import ImageParams

BAD = ("a/cut.jpg", "b/zeros.jpg")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four sound photographs and two that are damaged."""
    folder = tmp_path_factory.mktemp("damaged") / "train"
    for crop in sample_crops(4, 96):
        path = folder / crop.key
        path.parent.mkdir(parents=True, exist_ok=True)
        crop.image.save(path, "JPEG", quality=90)
    for key, data in zip(
        BAD, (cut(jpeg(), 0.4), overwritten(jpeg(), 0.4, bytes(900))), strict=True
    ):
        (folder / key).parent.mkdir()
        (folder / key).write_bytes(data)
    return folder


def params_of(folder, damaged):
    """Parameters for the images, with the rule for damaged ones."""
    return ImageParams(folder, damaged=damaged)


@pytest.mark.parametrize("damaged", ["skip", "keep"])
def test_every_stage_skips_or_keeps_the_same_files(folder, workspace, silent, damaged):
    """`prior`, `labels`, `rgbvar` and `audit` agree, and note that files were kept."""
    images = params_of(folder, damaged)
    n_images = 6 if damaged == "keep" else 4
    rule = {"damaged": "keep"} if damaged == "keep" else {}
    counted = prior.run(prior.PriorParams(images), workspace, silent)
    meta = load_prior(workspace.path("prior.npz")).meta
    assert meta["n_images"] == n_images
    assert meta["decoding"] == {"icc": "convert", "orientation": "apply"} | rule
    made = labels.run(labels.LabelsParams(images, size=32), workspace, silent)
    assert made.n_images == n_images
    plan = json.loads((workspace.path("labels") / "plan.json").read_text())
    assert plan["settings"].get("damaged") == rule.get("damaged")
    with h5py.File(workspace.path("labels") / "shard-00000.h5") as shard:
        assert ("damaged" in shard.attrs) == (damaged == "keep")
    rgbvar.run(rgbvar.RgbvarParams(images), workspace, silent)
    ranked = workspace.path("lists/rgbvar.txt").read_text().split()
    audited = audit.run(audit.AuditParams(images), workspace, silent)
    assert len(ranked) == n_images and (set(BAD) <= set(ranked)) == (damaged == "keep")
    assert audited.summary["errors"] == ({} if damaged == "keep" else {"damaged": 2})
    assert audited.summary["notes"]["damaged"] == (2 if damaged == "keep" else 0)
    assert counted is not None


def test_labels_that_keep_are_not_gone_on_with_otherwise(folder, workspace, silent):
    """Resuming needs the same rule for damaged files."""
    labels.run(labels.LabelsParams(params_of(folder, "keep"), size=32), workspace, silent)
    with pytest.raises(OutputExists, match="damaged: keep there, skip requested"):
        labels.run(labels.LabelsParams(params_of(folder, "skip"), size=32), workspace, silent)


def test_the_book_of_scores_knows_the_rule(folder, workspace, silent):
    """Scores of damaged files that were kept once do not put them into later lists."""
    rgbvar.run(rgbvar.RgbvarParams(params_of(folder, "keep")), workspace, silent)
    rgbvar.run(rgbvar.RgbvarParams(params_of(folder, "skip")), workspace, silent)
    assert not set(BAD) & set(workspace.path("lists/rgbvar.txt").read_text().split())


def test_pictures_that_are_damaged_are_not_judged(folder, workspace, silent):
    """`evaluate` skips them, or says in its protocol that they were kept."""
    for damaged, n_images in (("skip", 4), ("keep", 6)):
        params = evaluate.EvaluateParams(
            params_of(None, damaged), original=folder, colorized=folder
        )
        result = evaluate.run(params, workspace, silent)
        assert result.n_images == n_images
        assert ("damaged=keep" in result.protocol) == (damaged == "keep")


def rows_of(result):
    """The lines of an audit's table, by key."""
    with result.table.open(newline="") as stream:
        return {row["key"]: row for row in csv.DictReader(stream)}


def stays(folder, workspace, silent, damaged="skip"):
    """The one image of a folder of duplicates that an audit keeps."""
    result = audit.run(audit.AuditParams(params_of(folder, damaged)), workspace, silent)
    kept = result.keep.read_text().split()
    assert len(kept) == 1
    return kept[0]


@pytest.mark.parametrize("damaged", ["skip", "keep"])
def test_the_sound_double_stays(tmp_path, workspace, silent, damaged):
    """A damaged copy is dropped even if its key comes first."""
    folder = tmp_path / "duplicates"
    folder.mkdir()
    next(sample_crops(1, 256)).image.save(folder / "good.jpg", quality=90)
    (folder / "a-bad.jpg").write_bytes(cut((folder / "good.jpg").read_bytes(), 0.96))
    assert stays(folder, workspace, silent, damaged) == "good.jpg"


def test_of_sound_duplicates_the_larger_then_the_plainer_file_stays(tmp_path, workspace, silent):
    """More pixels count before inks and coarser color, and these before colorfulness."""
    folder = tmp_path / "duplicates"
    folder.mkdir()
    picture = next(sample_crops(1, 256)).image
    smaller = picture.resize((200, 200), Image.Resampling.LANCZOS)
    vivid = np.clip(np.asarray(picture) * 1.1, 0, 255).astype(np.uint8)
    picture.save(folder / "c.jpg", quality=95, subsampling=0)
    Image.fromarray(vivid).save(folder / "b.jpg", quality=95, subsampling=2)
    smaller.save(folder / "a.png")
    assert stays(folder, workspace, silent) == "c.jpg"
    (folder / "c.jpg").unlink()
    assert stays(folder, workspace, silent) == "b.jpg"


def test_a_copy_in_one_strong_color_goes(tmp_path, workspace, silent):
    """A copy in shades of one strong red is dropped, although it is not called toned."""
    folder = tmp_path / "duplicates"
    folder.mkdir()
    picture = next(sample_crops(1, 256)).image
    gray = np.asarray(picture.convert("L"), float)[..., None] / 255
    red = np.where(gray < 0.5, gray * 2 * [210, 20, 20], 255 - (1 - gray) * 2 * [45, 235, 235])
    Image.fromarray(red.round().astype(np.uint8)).save(folder / "a-red.png")
    picture.save(folder / "original.png")
    result = audit.run(audit.AuditParams(params_of(folder, "skip")), workspace, silent)
    row = rows_of(result)["a-red.png"]
    assert float(row["rgbvar"]) > float(rows_of(result)["original.png"]["rgbvar"])
    assert "toned" not in row["reasons"]
    assert result.keep.read_text().split() == ["original.png"]
