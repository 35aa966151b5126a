"""Claims about `prior`: exact counts, and the same bytes however it is run."""

import io
import json
import os
import shutil

import fsspec
import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree
from skimage import color, data
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_info, threadpool_limits

from colorprep import (
    ColorprepError,
    InputError,
    OutputExists,
    QuantizerSpec,
    ab_lattice,
    bin_table,
    color_index,
    load_prior,
    load_weights,
)
from colorprep.balance.bootstrap import poisson_weights
from colorprep.color.hue_chroma import rgb_to_hue_chroma_lightness, to_chroma_plane
from colorprep.images.folder import folder_source
from colorprep.images.reader import ImageReader
from colorprep.stages import passes
from colorprep.stages.prior import counting
from colorprep.stages.prior.stage import PriorParams, run
from colorprep.stages.source import ImageParams

SPECS = [QuantizerSpec(), QuantizerSpec("kmeans", 50), QuantizerSpec("gmm", 4)]
ALL_KINDS = [
    *SPECS,
    QuantizerSpec("ab529"),
    QuantizerSpec("ab:5"),
    QuantizerSpec("hc-grid", 64),
    QuantizerSpec("hc-grid", 64, sigma="learned"),
    QuantizerSpec("hc-1d", 12),
]


def by_name(spec):
    """A short name of a spec for test ids."""
    return f"{spec.name}-{spec.sigma}"


def distinct_pixels(paths):
    """All colors of some files by Pillow, with counts: (n, 3) uint8 and (n,) int64."""
    counts = np.zeros(1 << 24, np.int64)
    for path in paths:
        rgb = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"), np.int64)
        colors, n_pixels = np.unique(rgb @ [1 << 16, 1 << 8, 1], return_counts=True)
        counts[colors] += n_pixels
    index = np.flatnonzero(counts)
    rgb = np.stack([index >> 16, index >> 8 & 255, index & 255], axis=-1).astype(np.uint8)
    return rgb, counts[index]


@pytest.fixture(scope="module")
def distinct(photographs):
    """The colors of the photographs, with counts."""
    return distinct_pixels(photographs.rglob("*.jpg"))


@pytest.fixture
def listed(photographs, tmp_path):
    """The keys of three classes of 4, 4 and 3 photographs, and a list of them."""
    keys = folder_source(photographs).keys[:11]
    (tmp_path / "listed.txt").write_text("\n".join(keys))
    return keys, ImageParams(photographs, list="listed.txt")


@pytest.mark.parametrize("spec", ALL_KINDS, ids=by_name)
def test_counts_equal_an_independent_count(spec, photographs, distinct, workspace, silent):
    """Hard counts equal those of scikit-image's Lab with scipy's or scikit-learn's bins."""
    prior = run(PriorParams(ImageParams(photographs), spec), workspace, silent).whole.prior
    rgb, counts = distinct
    quantizer = prior.quantizer
    if quantizer.space == "ab":
        _, bins = cKDTree(quantizer.centers).query(color.rgb2lab(rgb)[:, 1:])
    elif quantizer.name == "gmm":
        theirs = GaussianMixture(4)
        theirs.weights_, theirs.means_ = quantizer.mixing, quantizer.means
        theirs.covariances_ = quantizer.covariances
        theirs.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(quantizer.covariances))
        bins = theirs.predict(to_chroma_plane(rgb_to_hue_chroma_lightness(rgb)[:, :2]))
    else:
        bins = quantizer.encode(rgb_to_hue_chroma_lightness(rgb)[:, :2])
    expected = np.bincount(bins, weights=counts, minlength=len(prior.counts))
    np.testing.assert_array_equal(prior.counts, expected)
    assert prior.cells.sum() == prior.n_pixels == 40 * 96 * 96
    assert prior.probs.sum() == pytest.approx(1, abs=1e-12)
    if quantizer.space == "hue-chroma":
        assert prior.lightness_counts.sum() == prior.n_pixels


@pytest.mark.slow
def test_counts_of_real_photographs_are_exact(shared, workspace, silent):
    """The same over every pixel of 50 ImageNet photographs, at native size."""
    folder = shared / "images" / "imagenet"
    keys = folder_source(folder).keys[::5]
    (workspace.root / "some.txt").write_text("\n".join(keys))
    rgb, counts = distinct_pixels(folder / key for key in keys)
    ab = color.rgb2lab(rgb)[:, 1:]
    for spec in SPECS[:2]:
        params = PriorParams(ImageParams(folder, list="some.txt", icc="ignore"), spec)
        prior = run(params, workspace, silent).whole.prior
        _, bins = cKDTree(prior.quantizer.centers).query(ab)
        expected = np.bincount(bins, weights=counts, minlength=len(prior.counts))
        np.testing.assert_array_equal(prior.counts, expected)
        assert prior.n_pixels == counts.sum() == 8_947_603


def test_prior_of_imagenet_photographs_is_near_the_published_one(
    shared, published, workspace, silent
):
    """250 ImageNet photographs at 256 pixels come within total variation 0.10 of Zhang's prior."""
    params = PriorParams(ImageParams(shared / "images" / "imagenet"), size=256)
    probs = run(params, workspace, silent).whole.prior.probs
    assert np.abs(probs - published("zhang_prior_probs")).sum() / 2 < 0.10


@pytest.mark.parametrize("spec", SPECS, ids=by_name)
def test_same_bytes_however_it_is_run(spec, photographs, workspace, silent, monkeypatch):
    """Workers, chunk size, order of the images and threads of BLAS change no byte of prior.npz."""
    made = []
    (workspace.root / "some.txt").write_text("\n".join(folder_source(photographs).keys[::5]))

    def make(workers):
        images = ImageParams(photographs, list="some.txt", workers=workers)
        params = PriorParams(images, spec, bootstrap=20)
        made.append(run(params, workspace, silent).whole.path.read_bytes())

    make(1)
    monkeypatch.setattr(counting, "MAX_CHUNK", 3)
    with threadpool_limits(2):
        assert any(library["num_threads"] == 2 for library in threadpool_info())
        make(4)
    forwards = passes.chunks_of
    monkeypatch.setattr(passes, "chunks_of", lambda keys, size: forwards(keys[::-1], size))
    monkeypatch.setattr(counting, "MAX_CHUNK", 1)
    make(2)
    assert len(set(made)) == 1


@pytest.mark.parametrize("spec", SPECS[::2], ids=by_name)
def test_replicates_equal_an_independent_resampling(spec, photographs, listed, workspace, silent):
    """Each replicate counts an image as often as drawn from its key; classes add up."""
    keys, images = listed
    params = PriorParams(images, spec, bootstrap=30, by_class=True)
    result = run(params, workspace, silent)
    prior = load_prior(result.whole.path)
    table = bin_table(prior.quantizer)
    expected = np.zeros((30, len(prior.counts)), np.int64)
    for key in keys:
        pixels = np.asarray(Image.open(photographs / key).convert("RGB"))
        bins = np.bincount(table[color_index(pixels)].ravel(), minlength=len(prior.counts))
        expected += poisson_weights(key, 30)[:, None] * bins
    np.testing.assert_array_equal(prior.bootstrap, expected)
    classes = sum(load_prior(path).bootstrap for path in result.classes.values())
    np.testing.assert_array_equal(classes, expected)


def test_counts_of_halves_add_up(photographs, workspace, silent, tmp_path):
    """Priors of two lists that split a folder have counts that add up to the whole's."""
    keys = list(folder_source(photographs).keys)
    parts = []
    for name, chosen in (("even", keys[::2]), ("odd", keys[1::2])):
        (tmp_path / f"{name}.txt").write_text("\n".join(chosen))
        images = ImageParams(photographs, list=f"{name}.txt")
        result = run(PriorParams(images, name=name), workspace, silent)
        assert result.whole.path == tmp_path / "priors" / name / "prior.npz"
        parts.append(load_prior(result.whole.path))
    whole = run(PriorParams(ImageParams(photographs)), workspace, silent).whole.prior
    np.testing.assert_array_equal(parts[0].counts + parts[1].counts, whole.counts)
    np.testing.assert_array_equal(parts[0].cells + parts[1].cells, whole.cells)
    assert parts[0].meta["name"] == "even"


@pytest.mark.parametrize("spec", [*SPECS[::2], QuantizerSpec("hc-1d")], ids=by_name)
def test_by_class_is_prior_class_by_class(spec, listed, workspace, silent):
    """One pass gives the whole prior and exact class priors, which add up to it."""
    keys, images = listed
    alone = run(PriorParams(images, spec), workspace, silent)
    data_alone = alone.whole.path.read_bytes()
    result = run(PriorParams(images, spec, by_class=True), workspace, silent)
    assert result.whole.path.read_bytes() == data_alone
    assert sorted(result.classes) == sorted({key.partition("/")[0] for key in keys})
    assert len(result.classes) == 3
    classes = [load_prior(path) for path in result.classes.values()]
    np.testing.assert_array_equal(sum(prior.counts for prior in classes), result.whole.prior.counts)
    shares = [prior.n_pixels / result.whole.prior.n_pixels for prior in classes]
    mean = sum(share * prior.probs for share, prior in zip(shares, classes, strict=True))
    np.testing.assert_allclose(mean, result.whole.prior.probs, atol=1e-12)
    for path in result.classes.values():
        assert load_weights(path.with_name("weights.npz"))[1]["prior_digest"]


def test_by_class_of_a_lattice_equals_separate_runs(photographs, workspace, silent, tmp_path):
    """A class prior has the numbers that `prior` on that folder alone gives."""
    result = run(PriorParams(ImageParams(photographs), by_class=True), workspace, silent)
    cat = load_prior(result.classes["cat"])
    alone = run(PriorParams(ImageParams(photographs / "cat")), workspace, silent).whole.prior
    assert cat.digest == alone.digest


def test_images_without_a_class_count_in_the_whole(photographs, workspace, silent, tmp_path):
    """Images at the top of the folder belong to no class, but to the whole."""
    folder = tmp_path / "mixed"
    for key in ("a/1.jpg", "b.jpg", "c/2.jpg"):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(data.astronaut()[:50, :40]).save(folder / key)
    result = run(PriorParams(ImageParams(folder), by_class=True), workspace, silent)
    assert sorted(result.classes) == ["a", "c"]
    assert result.whole.prior.n_pixels == 3 * 50 * 40


def test_size(photographs, workspace, silent):
    """With --size all images have equal weight."""
    prior = run(PriorParams(ImageParams(photographs), size=32), workspace, silent).whole.prior
    assert prior.n_pixels == 40 * 32 * 32 and prior.meta["size"] == 32


def test_enlarging_is_warned_about_once(photographs, workspace, recorder):
    """Images smaller than --size are counted in one warning."""
    run(PriorParams(ImageParams(photographs), size=128), workspace, recorder)
    assert [text for text in recorder.warnings if text.startswith("enlarged 40 images")]
    assert len(recorder.warnings) == 1


def test_bad_images_are_skipped_and_listed(photographs, workspace, recorder, tmp_path):
    """Bad images are skipped and named; if all are bad, the run fails."""
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "bad.jpg").write_text("no")
    with pytest.raises(InputError, match="no image could be read.*1 not-an-image"):
        run(PriorParams(ImageParams(folder)), workspace, recorder)
    assert not (tmp_path / "prior.npz").exists()
    (folder / "good.jpg").write_bytes(next(photographs.rglob("*.jpg")).read_bytes())
    result = run(PriorParams(ImageParams(folder)), workspace, recorder)
    assert result.whole.prior.meta["skipped"] == {"not-an-image": 1}
    assert [skip.key for skip in result.skipped] == ["bad.jpg"]
    assert any("bad.jpg: not-an-image" in text for text in recorder.warnings)
    with pytest.raises(ColorprepError, match=r"bad\.jpg.*--strict"):
        run(PriorParams(ImageParams(folder, strict=True)), workspace, recorder)


def test_what_a_list_names_in_vain_is_part_of_the_record(photographs, workspace, silent, tmp_path):
    """The prior records listed images that are missing, in the order of the keys."""
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "bad.jpg").write_text("no")
    (folder / "good.jpg").write_bytes(next(photographs.rglob("*.jpg")).read_bytes())
    (tmp_path / "list.txt").write_text("good.jpg\nzebra.jpg\nant.jpg\nbad.jpg\n")
    result = run(PriorParams(ImageParams(folder, tmp_path / "list.txt")), workspace, silent)
    assert [skip.key for skip in result.skipped] == ["ant.jpg", "bad.jpg", "zebra.jpg"]
    assert result.whole.prior.meta["skipped"] == {"missing": 2, "not-an-image": 1}


@pytest.mark.parametrize("name", ["pipe", "folder"])
def test_an_output_that_is_no_file_is_refused_before_counting(
    photographs, workspace, silent, tmp_path, name
):
    """A pipe or a folder is not replaced by a prior."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputExists, match=name):
        run(PriorParams(ImageParams(photographs), output=name), workspace, silent)
    assert not (tmp_path / name).is_file()


def test_what_does_not_fit_is_refused_before_counting(photographs, workspace, silent):
    """Lattice smoothing of a mixture, and a name for many classes, are refused at once."""
    with pytest.raises(InputError, match="lattice"):
        PriorParams(ImageParams(photographs), QuantizerSpec("gmm"), smoothing="lattice")
    with pytest.raises(InputError, match="--name"):
        PriorParams(ImageParams(photographs), by_class=True, name="cat")
    for name in ("../cat", "a/b", ""):
        with pytest.raises(InputError, match="single folder"):
            PriorParams(ImageParams(photographs), name=name)


def test_artifacts_hold_no_place_and_no_date(photographs, workspace, silent, tmp_path):
    """The same images in another folder give the same bytes, without paths."""
    other = tmp_path / "elsewhere" / "train"
    other.parent.mkdir()
    other.symlink_to(photographs)
    first = run(PriorParams(ImageParams(photographs)), workspace, silent).whole
    one = first.path.read_bytes(), first.weights_path.read_bytes()
    second = run(PriorParams(ImageParams(other)), workspace, silent).whole
    assert one == (second.path.read_bytes(), second.weights_path.read_bytes())
    text = json.dumps(dict(first.prior.meta))
    assert "tmp" not in text and "elsewhere" not in text


def test_reader_is_what_was_counted(photographs, workspace, silent):
    """The prior of one image equals the counts of its labels."""
    source = folder_source(photographs)
    pixels = ImageReader(source).read(0).pixels
    labels = ab_lattice().encode(color.rgb2lab(pixels)[..., 1:])
    (workspace.root / "one.txt").write_text(source.keys[0])
    images = ImageParams(photographs, list="one.txt")
    prior = run(PriorParams(images, smoothing="none"), workspace, silent).whole.prior
    np.testing.assert_array_equal(prior.counts, np.bincount(labels.ravel(), minlength=313))
    np.testing.assert_array_equal(prior.probs, prior.counts / prior.counts.sum())


def test_another_prior_leaves_the_source(photographs, workspace, recorder, tmp_path):
    """With a path of its own, a prior sets the source only if none is known; a change is noted."""
    (tmp_path / "one").mkdir()
    shutil.copy(next(photographs.rglob("*.jpg")), tmp_path / "one")
    few = ImageParams(photographs / "cat")
    for images, output, source in (
        (few, "a.npz", str(photographs / "cat")),
        (ImageParams("one"), "b.npz", str(photographs / "cat")),
        (ImageParams("one"), None, "one"),
    ):
        run(PriorParams(images, output=output), workspace, recorder)
        assert workspace.remembered_source() == source
    assert sum("from one from now on" in note for note in recorder.notes) == 1


def test_a_password_is_not_remembered(photographs, workspace, recorder):
    """No file has it; the next command asks for --dir, and does not take an earlier source."""
    run(PriorParams(ImageParams(photographs / "cat")), workspace, recorder)
    store = fsspec.filesystem("memory")
    store.pipe_file("/guest:hidden@host/train/a.jpg", next(photographs.rglob("*.jpg")).read_bytes())
    run(PriorParams(ImageParams("memory://guest:hidden@host/train")), workspace, recorder)
    assert "give --dir to the next commands" in recorder.notes[-1]
    files = [path for path in workspace.root.rglob("*") if path.is_file()]
    assert files and not any(b"hidden" in path.read_bytes() for path in files)
    with pytest.raises(InputError, match="give it with --dir"):
        workspace.remembered_source()


def test_by_class_of_a_flat_folder_says_so(photographs, workspace, recorder, tmp_path):
    """If no image is in a subfolder, a warning says that there are no class priors."""
    folder = tmp_path / "flat"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(next(photographs.rglob("*.jpg")).read_bytes())
    result = run(PriorParams(ImageParams(folder), by_class=True), workspace, recorder)
    assert result.classes == {}
    assert any("no class priors" in text for text in recorder.warnings)
