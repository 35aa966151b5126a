"""Claims about galleries: every photograph has its place."""

import numpy as np
import pytest

from colorprep.report.gallery import (
    CAPTION_HEIGHT,
    GAP,
    TITLE_HEIGHT,
    gallery,
    montage,
    photographs_of,
)
from colorprep.report.names import NAME_HEIGHT


def test_galleries_keep_the_aspect():
    """Photographs are fitted into squares, side by side, in a row as high as the highest."""
    wide, tall = np.full((10, 40, 3), 255, np.uint8), np.full((40, 10, 3), 255, np.uint8)
    picture = np.asarray(gallery([[wide, tall]], ["wide", "tall"], tile=80))
    white = (picture == 255).all(axis=2)
    assert white[:, : picture.shape[1] // 2].any(axis=0).sum() >= 80
    assert white[40:, picture.shape[1] // 2 :].any(axis=0).sum() == 20


def test_notes_stand_beside_their_rows():
    """A gallery gets wider by the longest note, and is unchanged up to there."""
    rows = [[np.full((20, 20, 3), level, np.uint8)] for level in (40, 80)]
    plain = np.asarray(gallery(rows, ["class"], tile=60))
    noted = np.asarray(gallery(rows, ["class"], tile=60, notes=["cat", "cat, predicted dog"]))
    np.testing.assert_array_equal(noted[:, : plain.shape[1]], plain)
    beside = noted[CAPTION_HEIGHT:, plain.shape[1] :][: 2 * 66].reshape(2, 66, -1, 3)
    first, second = (np.flatnonzero((row > 128).all(axis=2).any(axis=0)) for row in beside)
    assert first.max() < second.max() < noted.shape[1] - plain.shape[1]


def sheets_of_color(n):
    """Plain photographs, each of its own color."""
    return [np.full((40, 60, 3), (10 + 8 * i, 200, 90), np.uint8) for i in range(n)]


@pytest.mark.parametrize(("n", "rows"), [(1, 1), (4, 1), (5, 2), (12, 3)])
def test_photographs_lie_row_after_row(n, rows):
    """A sheet is as wide as its columns, and its tiles are in order."""
    picture = np.asarray(montage(iter(sheets_of_color(n)), "A title", columns=4, tile=30).picture())
    assert picture.shape == (TITLE_HEIGHT + rows * (30 + GAP) + GAP, 4 * (30 + GAP) + GAP, 3)
    for i in range(n):
        row, column = divmod(i, 4)
        middle = TITLE_HEIGHT + GAP + row * (30 + GAP) + 15, GAP + column * (30 + GAP) + 15
        np.testing.assert_array_equal(picture[middle], (10 + 8 * i, 200, 90))


def test_headings_stand_above_the_columns():
    """Headings take a line of their own between the title and the photographs."""
    plain = np.asarray(montage(sheets_of_color(2), "A title", 2, 60).picture())
    headings = ("stays", "goes")
    headed = np.asarray(montage(sheets_of_color(2), "A title", 2, 60, headings).picture())
    assert len(headed) == len(plain) + CAPTION_HEIGHT
    np.testing.assert_array_equal(headed[: TITLE_HEIGHT - 4], plain[: TITLE_HEIGHT - 4])
    np.testing.assert_array_equal(headed[TITLE_HEIGHT + CAPTION_HEIGHT :], plain[TITLE_HEIGHT:])
    line = headed[TITLE_HEIGHT : TITLE_HEIGHT + CAPTION_HEIGHT]
    assert line.reshape(-1, 3).max() > 200


def test_names_stand_under_the_photographs():
    """Each is in the middle of its share of the row; a sheet has as much room for them."""
    rows = [[np.full((30, 60, 3), 90, np.uint8)] * 4] * 2
    plain = np.asarray(gallery(rows, [""] * 4, tile=60))
    named = np.asarray(gallery(rows, [""] * 4, tile=60, names=[["first", "second"], ["third"]]))
    assert named.shape == (len(plain) + 2 * NAME_HEIGHT, *plain.shape[1:])
    top = CAPTION_HEIGHT + GAP + 30
    for start, n_names in ((top, 2), (top + 30 + GAP + NAME_HEIGHT, 1)):
        (written,) = np.nonzero((named[start : start + NAME_HEIGHT] > 128).all(axis=2).any(axis=0))
        middle = written[written < 132 * 2 // n_names].mean()
        assert abs(middle - 132 // n_names) < 6
    sheet = np.asarray(
        montage([np.zeros((9, 9, 3), np.uint8)], "", 2, 60, names=["a name"]).picture()
    )
    assert len(sheet) == 60 + NAME_HEIGHT + 2 * GAP
    assert (sheet[-NAME_HEIGHT - GAP :, :66] > 128).any() and not (sheet[:, 70:] > 128).any()


@pytest.mark.parametrize("headings", [(), ("stays", "goes")], ids=["without", "with headings"])
def test_photographs_are_cut_out_of_a_montage(headings):
    """Each with its colors, without the ground around it."""
    tiles = [np.full((40, 60, 3), 200, np.uint8), np.full((60, 30, 3), 90, np.uint8)] * 2
    names = ["a", "b", "c", "d"]
    sheet = montage(tiles, "title", 2, headings=headings, names=names).picture()
    found = photographs_of(sheet, 3, bool(headings), columns=2)
    assert [one.size for one in found] == [(120, 80), (60, 120), (120, 80)]
    assert [one.getpixel((5, 5))[0] for one in found] == [200, 90, 200]
