"""Claims about --fast of `labels` and `prior`: what is reduced, and that artifacts say so."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest
from folders import contents
from PIL import Image

from colorprep import InputError, Reporter, Workspace, decode, find_images, load_prior
from colorprep.cli.describe import describe_estimate
from colorprep.errors import OutputExists
from colorprep.images.decoding import possible_reduction
from colorprep.images.resizing import resize
from colorprep.images.sample import sample_crops
from colorprep.quantize.ab import ab_lattice
from colorprep.quantize.labeling import Labeler
from colorprep.shards.reader import open_labels
from colorprep.stages import labels, prior, rgbvar
from colorprep.stages.estimate import estimate_labels, estimate_prior
from colorprep.stages.info import run as info
from colorprep.stages.labels import LabelsParams
from colorprep.stages.prior import MergeParams, PriorParams
from colorprep.stages.source import ImageParams
from colorprep.stages.verify.stage import VerifyParams
from colorprep.stages.verify.stage import run as verify

SIZE = 32
REDUCED = {"color.jpg", "gray.jpg", "turned.jpg"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Large photographs, of which three can be decoded at a reduced size, and a small one."""
    folder = tmp_path_factory.mktemp("large") / "train"
    folder.mkdir()
    picture = next(iter(sample_crops(1, 200))).image.resize((1024, 560))
    turned = Image.Exif()
    turned[0x0112] = 6
    picture.save(folder / "color.jpg")
    picture.convert("L").save(folder / "gray.jpg")
    picture.save(folder / "turned.jpg", exif=turned)
    picture.convert("CMYK").save(folder / "inks.jpg")
    picture.save(folder / "lossless.png", compress_level=1)
    picture.resize((512, 280)).save(folder / "small.jpg")
    return folder


@pytest.fixture(scope="module")
def made(folder, tmp_path_factory):
    """A workspace with labels, maps and a prior, each fast and not fast."""
    workspace = Workspace(tmp_path_factory.mktemp("made"))
    images = ImageParams(folder, workers=1)
    for fast, name in ((True, "fast"), (False, "whole")):
        params = LabelsParams(images, size=SIZE, fast=fast, output=name)
        labels.run(params, workspace, Reporter())
        counting = PriorParams(images, size=SIZE, fast=fast, output=f"{name}.npz")
        prior.run(counting, workspace, Reporter())
    maps = LabelsParams(images, format="npy", size=SIZE, fast=True, output="maps")
    labels.run(maps, workspace, Reporter())
    return workspace


@pytest.mark.parametrize(
    ("shape", "least_side", "factor"),
    [((1024, 511), 256, 1), ((1024, 512), 256, 2), ((512, 1024), 64, 8), ((1023, 1023), 64, 1)],
)
def test_enough_is_left_on_the_shorter_side(shape, least_side, factor, tmp_path):
    """From 1,024 pixels on, a JPEG is halved as long as the shorter side keeps that many."""
    Image.new("RGB", shape).save(tmp_path / "a.jpg")
    assert possible_reduction((tmp_path / "a.jpg").read_bytes(), least_side) == factor


def test_labels_are_of_the_reduced_photographs(made, folder):
    """Large JPEG files are labeled from an eighth of their size, all others as without --fast."""
    whole, fast = (open_labels(made.path(name)).shards[0].arrays for name in ("whole", "fast"))
    labeler = Labeler(ab_lattice(), 4)
    expected = labeler.buffers(1, SIZE)
    for row, key in enumerate(find_images(folder).keys):
        data = (folder / key).read_bytes()
        pixels = resize(decode(data, reduction=8 if key in REDUCED else 1), SIZE)
        pixels.flags.writeable = False  # as the reader returns them, so that nothing is compiled
        labeler.label_into(pixels, expected, 0)
        for name, rows in expected.items():
            np.testing.assert_array_equal(fast[name][row], rows[0])
        same = np.array_equal(fast["lightness"][row], whole["lightness"][row])
        assert same == (key not in REDUCED)


def test_all_artifacts_say_so(made, silent):
    """Plan, manifest, shard, prior and `info` have `fast`, which is absent without --fast."""
    for name in ("fast", "whole"):
        with h5py.File(made.path(name) / "shard-00000.h5") as shard:
            found = ["fast" in shard.attrs, "fast" in load_prior(made.path(f"{name}.npz")).meta]
        for file in ("plan.json", "manifest.json"):
            found.append("fast" in json.loads((made.path(name) / file).read_text())["settings"])
        assert found == 4 * [name == "fast"]
    assert info("fast.npz", made, silent)["fast"] is True
    assert info("fast", made, silent)["settings"]["fast"] is True


@pytest.mark.parametrize("name", ["fast", "maps"])
def test_labeling_again_gives_the_same(made, silent, name):
    """`verify --deep` reads images as the plan says."""
    assert verify(VerifyParams(name, deep=True), made, silent).sound


@pytest.mark.parametrize("name", ["fast", "whole"])
def test_labels_are_not_continued_otherwise(made, folder, silent, name):
    """The other kind of decoding is refused, with the difference."""
    is_fast = name == "fast"
    params = LabelsParams(ImageParams(folder), size=SIZE, fast=not is_fast, output=name)
    with pytest.raises(OutputExists, match="fast: (on there, off|off there, on) requested"):
        labels.run(params, made, silent)


def test_priors_of_both_kinds_are_not_added(made, silent):
    """A sum with reduced photographs is refused by name of the option; a sum of such has it."""
    one, other = load_prior(made.path("fast.npz")), load_prior(made.path("whole.npz"))
    assert one.digest != other.digest
    with pytest.raises(InputError, match="--fast is True in fast.npz and False in whole.npz"):
        prior.merge(MergeParams(["fast.npz", "whole.npz"], output="x.npz"), made, silent)
    prior.merge(MergeParams(["fast.npz"], output="sum.npz"), made, silent)
    assert load_prior(made.path("sum.npz")).meta["fast"] is True


@pytest.mark.parametrize("form", ["h5", "npy"])
def test_scores_of_reduced_photographs_are_not_kept(form, made, folder, workspace, silent):
    """After `labels --fast`, `rgbvar` writes what it would have written without."""
    images = ImageParams(folder)
    params = LabelsParams(images, size=256, format=form, stride=64, fast=True)
    labels.run(params, workspace, silent)
    fresh = Workspace(workspace.root / "fresh")
    for space in (workspace, fresh):
        space.root.mkdir(exist_ok=True)
        rgbvar.run(rgbvar.RgbvarParams(images), space, silent)
    assert contents(workspace.path("lists")) == contents(fresh.path("lists"))


def test_a_size_is_needed(folder):
    """At native size every pixel counts; a mask is as large as its whole image."""
    with pytest.raises(InputError, match="such as --size 256 --fast"):
        PriorParams(fast=True)
    with pytest.raises(InputError, match="such as --size 256 --fast"):
        LabelsParams(format="npy", fast=True)
    shards = LabelsParams(fast=True)  # at 256 pixels
    with pytest.raises(InputError, match="--segments"):
        replace(shards, segments=folder)


def test_commands_say_how_many_were_reduced(folder, workspace, recorder):
    """Labels, prior and ranking say what --fast changed, also if it is nothing."""
    images = ImageParams(folder)
    n_reduced, n_images = len(REDUCED), len(find_images(folder).keys)
    said = f"--fast: decoded {n_reduced} of {n_images} images at reduced size"
    labels.run(LabelsParams(images, size=SIZE, fast=True), workspace, recorder)
    prior.run(PriorParams(images, size=SIZE, fast=True), workspace, recorder)
    rgbvar.run(rgbvar.RgbvarParams(images, fast=True), workspace, recorder)
    maps = LabelsParams(images, format="npy", size=SIZE, fast=True, output="maps")
    labels.run(maps, workspace, recorder)
    assert recorder.notes.count(said) == 4
    larger = LabelsParams(images, size=2048, stride=64, fast=True, output="larger")
    labels.run(larger, workspace, recorder)
    assert recorder.notes[-1].startswith(f"--fast changed nothing: none of {n_images} images")
    labels.run(LabelsParams(images, size=SIZE, output="whole"), workspace, recorder)
    assert sum("--fast" in note for note in recorder.notes) == 5


def test_an_estimate_says_what_fast_would_reduce(folder, workspace, silent):
    """The share of images that are large enough; nothing at native size or with --fast."""
    images = ImageParams(folder)
    share = len(REDUCED) / len(find_images(folder).keys)
    found = estimate_labels(LabelsParams(images, size=SIZE), workspace, silent)
    assert found.reducible == pytest.approx(share)
    assert any("with --fast, " in line for line in describe_estimate(found)[0])
    for params in (PriorParams(images), PriorParams(images, size=SIZE, fast=True)):
        assert estimate_prior(params, workspace, silent).reducible == 0
