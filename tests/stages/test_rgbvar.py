"""Claims about `rgbvar`: exact scores, stable ranks, ranges as sed counts them."""

import csv
import subprocess

import numpy as np
import pytest
from PIL import Image

from colorprep import InputError
from colorprep.stages.images import ImageParams
from colorprep.stages.rgbvar import RgbvarParams, Score, parse_ranks, rank, run


def test_scores_equal_an_independent_computation(photographs, workspace, silent):
    """Scores are numpy's population variance across channels after Pillow's resize."""
    result = run(RgbvarParams(ImageParams(photographs)), workspace, silent)
    with result.scores_path.open(newline="") as stream:
        scores = {row["key"]: float(row["rgbvar"]) for row in csv.DictReader(stream)}
    for key, score in scores.items():
        image = Image.open(photographs / key).convert("RGB")
        small = np.asarray(image.resize((256, 256), Image.Resampling.BILINEAR), np.float64)
        assert score == pytest.approx(small.var(axis=2).mean(), rel=1e-9)
    assert len(scores) == 40


def test_list_is_sorted(photographs, workspace, silent):
    """The list runs from the most to the least colorful, one key a line."""
    result = run(RgbvarParams(ImageParams(photographs)), workspace, silent)
    text = result.list_path.read_text()
    assert text.endswith("\n") and text.splitlines() == [item.key for item in result.ranked]
    scores = [item.score for item in result.ranked]
    assert scores == sorted(scores, reverse=True)


def test_equal_scores_are_ranked_by_key():
    """Ties do not depend on the order of the images."""
    scores = [Score("c", 1.0), Score("a", 1.0), Score("b", 2.0)]
    assert [item.key for item in rank(scores)] == ["b", "a", "c"]


@pytest.mark.parametrize("ranks", [(1, 1), (3, 11), (40, 40), (1, 40)])
def test_ranges_are_those_of_sed(photographs, workspace, silent, ranks):
    """The list of a range holds the lines that sed -n START,ENDp prints."""
    result = run(RgbvarParams(ImageParams(photographs), ranks), workspace, silent)
    command = ["sed", "-n", f"{ranks[0]},{ranks[1]}p", str(result.list_path)]
    expected = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert result.range_path.name == f"rgbvar-{ranks[0]}-{ranks[1]}.txt"
    assert result.range_path.read_text() == expected


def test_a_range_past_the_end_is_clipped(photographs, workspace, recorder):
    """An end past the last image is clipped with a warning; its name stays as asked."""
    result = run(RgbvarParams(ImageParams(photographs), (30, 100)), workspace, recorder)
    assert result.n_in_range == 11 and result.range_path.name == "rgbvar-30-100.txt"
    assert any("only 40 images" in text for text in recorder.warnings)


def test_a_range_that_starts_past_the_end_is_an_error(photographs, workspace, silent):
    """It says how many images there are."""
    with pytest.raises(InputError, match="only 40 images"):
        run(RgbvarParams(ImageParams(photographs), (41, 50)), workspace, silent)


@pytest.mark.parametrize("text", ["5", "0-3", "7-3", "a-b", "1-2-3", "-4"])
def test_what_is_no_range_is_refused(text):
    """A range is START-END, from 1 on."""
    with pytest.raises(InputError, match="range"):
        parse_ranks(text)


def test_gray_is_last(photographs, workspace, silent, tmp_path):
    """A gray photograph scores 0 and comes last."""
    folder = tmp_path / "images"
    folder.mkdir()
    color = Image.open(next(photographs.rglob("*.jpg")))
    color.save(folder / "z-color.jpg")
    color.convert("L").save(folder / "a-gray.jpg")
    ranked = run(RgbvarParams(ImageParams(folder)), workspace, silent).ranked
    assert ranked[-1] == Score("a-gray.jpg", 0.0)
