"""Claims about `rgbvar`: exact scores, stable ranks, ranges as sed counts them."""

import csv
import os
import subprocess

import numpy as np
import pytest
from folders import contents
from PIL import Image
from scipy import stats

from colorprep import ArtifactError, InputError, OutputExists, Workspace, color_scores
from colorprep.curriculum.scoring import ImageScorer
from colorprep.stages.labels.stage import LabelsParams
from colorprep.stages.labels.stage import run as label
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.rgbvar.params import SCORE_NAMES, RgbvarParams, parse_ranks
from colorprep.stages.rgbvar.stage import run
from colorprep.stages.source import ImageParams


def table_of(result):
    """The scores that were written, by key."""
    with result.scores_path.open(newline="") as stream:
        return {row.pop("key"): row for row in csv.DictReader(stream)}


@pytest.fixture
def unreadable(monkeypatch):
    """Makes scoring an image fail."""

    def refuse(*arguments):
        raise AssertionError("an image was scored again")

    return lambda: monkeypatch.setattr(ImageScorer, "__call__", refuse)


def test_scores_equal_an_independent_computation(photographs, workspace, silent):
    """Scores are numpy's population variance across channels after Pillow's resize."""
    table = table_of(run(RgbvarParams(ImageParams(photographs)), workspace, silent))
    for key, row in table.items():
        image = Image.open(photographs / key).convert("RGB")
        small = np.asarray(image.resize((256, 256), Image.Resampling.BILINEAR))
        variance = small.astype(np.float64).var(axis=2).mean()
        assert float(row["rgbvar"]) == pytest.approx(variance, rel=1e-9)
        for name, score in color_scores(small)._asdict().items():
            assert float(row[name]) == score
    assert len(table) == 40


def test_list_is_sorted(photographs, workspace, silent):
    """The list goes from the most to the least colorful image, one key per line."""
    result = run(RgbvarParams(ImageParams(photographs)), workspace, silent)
    text = result.list_path.read_text()
    assert text.endswith("\n") and text.splitlines() == result.ranking.keys
    assert np.all(np.diff(result.ranking.scores) <= 0)


@pytest.mark.parametrize("ranks", [(1, 1), (3, 11), (40, 40), (1, 40)])
def test_ranges_are_those_of_sed(photographs, workspace, silent, ranks):
    """The list of a range holds the lines that sed -n START,ENDp prints."""
    result = run(RgbvarParams(ImageParams(photographs), ranks), workspace, silent)
    command = ["sed", "-n", f"{ranks[0]},{ranks[1]}p", str(result.list_path)]
    expected = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert result.range_path.name == f"rgbvar-{ranks[0]}-{ranks[1]}.txt"
    assert result.range_path.read_text() == expected


def test_a_range_past_the_end_is_clipped(photographs, workspace, recorder):
    """An end past the last image is clipped with a warning; the list keeps its name."""
    result = run(RgbvarParams(ImageParams(photographs), (30, 100)), workspace, recorder)
    assert result.n_in_range == 11 and result.range_path.name == "rgbvar-30-100.txt"
    assert any("only 40 images" in text for text in recorder.warnings)


def test_a_range_that_starts_past_the_end_is_an_error(photographs, workspace, silent):
    """The message says how many images there are."""
    with pytest.raises(InputError, match="only 40 images"):
        run(RgbvarParams(ImageParams(photographs), (41, 50)), workspace, silent)


@pytest.mark.parametrize("text", ["5", "0-3", "7-3", "a-b", "1-2-3", "-4"])
def test_what_is_no_range_is_refused(text):
    """A range is START-END, from 1."""
    with pytest.raises(InputError, match="range"):
        parse_ranks(text)


def test_gray_is_last(photographs, workspace, silent, tmp_path):
    """A gray photograph scores 0 and comes last."""
    folder = tmp_path / "images"
    folder.mkdir()
    color = Image.open(next(photographs.rglob("*.jpg")))
    color.save(folder / "z-color.jpg")
    color.convert("L").save(folder / "a-gray.jpg")
    ranking = run(RgbvarParams(ImageParams(folder)), workspace, silent).ranking
    assert ranking.keys[-1] == "a-gray.jpg" and ranking.scores[-1] == 0


@pytest.mark.parametrize("score", SCORE_NAMES)
def test_every_score_ranks(score, photographs, workspace, silent):
    """Files are named after the score; the ranking follows the scores in the table."""
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs)), workspace, silent)
    result = run(RgbvarParams(score=score, ranks=(1, 5)), workspace, silent)
    column = score.replace("-", "_")
    table = table_of(result)
    expected = sorted(table, key=lambda key: (-float(table[key][column]), key))
    assert result.list_path.name == f"{score}.txt"
    assert result.list_path.read_text().splitlines() == expected
    assert result.range_path.name == f"{score}-1-5.txt"


def test_surprise_needs_a_prior(photographs, workspace, silent):
    """The message says how to make one."""
    with pytest.raises(ArtifactError, match="colorprep prior"):
        run(RgbvarParams(ImageParams(photographs), score="surprise"), workspace, silent)


def test_least_score(photographs, workspace, silent):
    """--min-score takes the images with at least that score, in the order of the ranking."""
    result = run(RgbvarParams(ImageParams(photographs), min_score=700), workspace, silent)
    table = table_of(result)
    expected = [key for key, row in table.items() if float(row["rgbvar"]) >= 700]
    assert 0 < len(expected) < 40 and result.range_path.read_text().splitlines() == expected
    with pytest.raises(InputError, match="the highest"):
        run(RgbvarParams(ImageParams(photographs), min_score=20000), workspace, silent)


def test_stratified_beginnings_keep_rare_colors(shared, workspace, silent):
    """Among 250 photographs, the first 50 have each rare color in the proportion of all."""
    images = ImageParams(shared / "images" / "imagenet")
    plain = run(RgbvarParams(images), workspace, silent)
    result = run(RgbvarParams(images, stratify=True), workspace, silent)
    strata = {key: int(row["stratum"]) for key, row in table_of(result).items()}
    whole = np.bincount(list(strata.values()), minlength=13) / 250

    def distance(keys):
        begun = np.bincount([strata[key] for key in keys[:50]], minlength=13) / 50
        return np.abs(begun - whole).sum() / 2

    assert distance(result.ranking.keys) < 0.06 < 0.2 < distance(plain.ranking.keys)


@pytest.mark.parametrize("form", ["h5", "npy"])
def test_after_labels_no_image_is_read_again(form, photographs, workspace, silent, unreadable):
    """Labels at 256 pixels store all scores; the lists have the same bytes."""
    images = ImageParams(photographs)
    fresh = Workspace(workspace.root / "fresh")
    for space in (fresh, workspace):
        space.root.mkdir(exist_ok=True)
        prior_stage.run(prior_stage.PriorParams(images), space, silent)
    for score in ("rgbvar", "surprise"):
        run(RgbvarParams(images, score=score), fresh, silent)
    label(LabelsParams(images, format=form, size=256), workspace, silent)
    unreadable()
    for score in ("rgbvar", "surprise"):
        run(RgbvarParams(images, score=score), workspace, silent)
    assert contents(workspace.path("lists")) == contents(fresh.path("lists"))


@pytest.mark.parametrize("change", ["touched", "other rules", "other prior", "reduced"])
def test_scores_that_may_have_changed_are_made_again(
    change, photographs, workspace, silent, unreadable, tmp_path
):
    """Rewritten files, other decoding rules and another prior are scored again."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, path in enumerate(sorted(photographs.rglob("*.jpg"))[:6]):
        (folder / f"{number}.jpg").write_bytes(path.read_bytes())
    images = ImageParams(folder)
    prior_stage.run(prior_stage.PriorParams(images), workspace, silent)
    score = "surprise" if change == "other prior" else "rgbvar"
    run(RgbvarParams(images, score=score), workspace, silent)
    if change == "touched":
        os.utime(folder / "3.jpg", ns=(1, 1))
    if change == "other prior":
        prior_stage.run(prior_stage.PriorParams(images, size=32), workspace, silent)
    other = ImageParams(folder, icc="ignore") if change == "other rules" else images
    unreadable()
    with pytest.raises(AssertionError, match="scored again"):
        run(RgbvarParams(other, score=score, fast=change == "reduced"), workspace, silent)


def mosaics(shared, folder, shapes):
    """Photographs laid out side by side at full detail, as large JPEG files."""
    paths = sorted((shared / "images" / "imagenet").rglob("*.JPEG"))
    folder.mkdir()
    for number, (width, height) in enumerate(shapes):
        sheet = Image.new("RGB", (width, height))
        for tile in range(4):
            photograph = Image.open(paths[(4 * number + tile // 2) % len(paths)]).convert("RGB")
            part = photograph.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
            sheet.paste(part, (tile % 2 * width // 2, tile // 2 * height // 2))
        sheet.save(folder / f"{number:02d}.jpg", quality=75 + number % 20)


def test_fast_scores_rank_as_exact_ones(shared, workspace, silent, tmp_path):
    """On large files, --fast has a rank correlation above 0.999; only they are marked.

    Entropy, which is of every fourth row and column, depends more on single pixels.
    """
    shapes = [(1024, 768), (1100, 1500), (1600, 400), (2000, 1400), (600, 400)] * 10
    mosaics(shared, tmp_path / "large", shapes)
    images = ImageParams(tmp_path / "large")
    exact = table_of(run(RgbvarParams(images), workspace, silent))
    fast = table_of(run(RgbvarParams(images, fast=True), workspace, silent))
    marked = {key for key, row in fast.items() if row["decoding"] == "reduced"}
    assert marked == {f"{n:02d}.jpg" for n, shape in enumerate(shapes) if shape[0] >= 1024}
    assert {row["decoding"] for row in exact.values()} == {"full"}
    for name in SCORE_NAMES[:6]:
        column = name.replace("-", "_")
        pairs = [(float(exact[key][column]), float(fast[key][column])) for key in exact]
        assert stats.spearmanr(pairs).statistic > (0.995 if name == "ab-entropy" else 0.999)
    unmarked = exact.keys() - marked
    assert all(exact[key]["rgbvar"] == fast[key]["rgbvar"] for key in unmarked)


def test_montages_and_curve(photographs, workspace, silent):
    """A montage shows up to 100 images from its rank on; the curve is a file beside it."""
    params = RgbvarParams(ImageParams(photographs), montages=(31, 1))
    result = run(params, workspace, silent)
    names = [path.name for path in result.pictures]
    assert names == ["rgbvar-montage-1.jpg", "rgbvar-montage-31.jpg", "rgbvar.png"]
    whole, rest = (Image.open(path) for path in result.pictures[:2])
    assert whole.width == rest.width and whole.height > 3 * rest.height / 2
    with pytest.raises(InputError, match="only 40 images"):
        run(RgbvarParams(ImageParams(photographs), montages=(41,)), workspace, silent)


def test_a_bad_image_is_skipped_each_time(photographs, workspace, recorder, tmp_path):
    """Unreadable images are reported on every run, even if all other scores are known."""
    folder = tmp_path / "images"
    folder.mkdir()
    photograph = next(photographs.rglob("*.jpg")).read_bytes()
    (folder / "good.jpg").write_bytes(photograph)
    (folder / "bad.jpg").write_bytes(photograph[:500])
    for _ in range(2):
        result = run(RgbvarParams(ImageParams(folder)), workspace, recorder)
        assert result.ranking.keys == ["good.jpg"]
        assert [skip.key for skip in result.skipped] == ["bad.jpg"]


def test_what_is_left_of_another_ranking_is_named(photographs, workspace, recorder, tmp_path):
    """Lists and pictures of an earlier ranking are named in a warning."""
    params = RgbvarParams(ImageParams(photographs), ranks=(1, 9), montages=(1,))
    run(params, workspace, recorder)
    run(params, workspace, recorder)
    assert not recorder.warnings
    (tmp_path / "few.txt").write_text("".join(f"cat/cat-00{n}.jpg\n" for n in range(3)))
    run(RgbvarParams(ImageParams(photographs, tmp_path / "few.txt")), workspace, recorder)
    *replaced, warning = recorder.warnings
    assert [": replaced " in text for text in replaced] == [True, True]
    assert "rgbvar-1-9.txt, rgbvar-montage-1.jpg, rgbvar.png" in warning


def test_an_output_that_cannot_be_is_refused_first(photographs, workspace, silent, unreadable):
    """A file in place of the folder is rejected before any image is scored."""
    workspace.path("afile").touch()
    unreadable()
    with pytest.raises(OutputExists, match="afile is a file, not a folder"):
        run(RgbvarParams(ImageParams(photographs), output="afile"), workspace, silent)


def test_a_least_score_is_a_number(photographs):
    """NaN is refused as a least score."""
    with pytest.raises(InputError, match="min score must be a finite number"):
        RgbvarParams(ImageParams(photographs), min_score=float("nan"))
