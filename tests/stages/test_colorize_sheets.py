"""Claims about the sheets of `colorize`."""

import numpy as np
import pytest
from colorful_network import save_network
from PIL import Image

from colorprep.errors import OutputExists
from colorprep.images.folder import folder_source
from colorprep.images.opening import find_images
from colorprep.images.source import Search
from colorprep.report.gallery import GAP
from colorprep.stages.colorize import sheets
from colorprep.stages.colorize.stage import ColorizeParams, run


@pytest.fixture
def colorize(workspace, silent, tmp_path, monkeypatch):
    """Returns a function that colors photographs, with two rows to a sheet."""
    monkeypatch.setattr(sheets, "ROWS", 2)
    save_network(workspace.path("runs/a/best.pt"))
    colors = {"a": (200, 40, 40), "b": (90, 90, 90), "c": (40, 40, 200), "sheet": (9, 99, 9)}
    for name, color in colors.items():
        Image.new("RGB", (24, 16), color).save(tmp_path / f"{name}.jpg")

    def of(*names, **params):
        inputs = [f"{name}.jpg" for name in names]
        return run(ColorizeParams(inputs, **params), workspace, silent).sheets

    return of


def middles(path):
    """The colors in the middles of a sheet's tiles, row by row."""
    pixels = np.asarray(Image.open(path)).astype(int)
    rows = [34 + GAP + 85 + row * (171 + GAP + 20) for row in range(2)]
    columns = range(GAP + 128, pixels.shape[1], 256 + GAP)
    return [[pixels[row, column] for column in columns] for row in rows if row < len(pixels)]


def test_sheets_show_gray_colorized_and_original(colorize, tmp_path):
    """A gray photograph has no original; sheets without any have no such column."""
    assert [path.name for path in colorize("a", "b", "c")] == ["sheet-01.jpg", "sheet-02.jpg"]
    (gray, picture, original), (_, _, none) = middles(tmp_path / "colorized" / "sheet-01.jpg")
    assert np.ptp(gray) <= 2 and np.abs(original - (200, 40, 40)).max() < 8
    made = np.asarray(Image.open(tmp_path / "colorized" / "a.png")).astype(int)[8, 12]
    assert np.abs(picture - made).max() < 8 and none.max() < 40
    (sheet,) = colorize("b")
    assert len(middles(sheet)[0]) == 2


def test_sheets_of_earlier_commands_are_replaced(colorize, tmp_path):
    """They are drawn again if what they show has changed, and removed if not needed."""
    first, second = colorize("a", "b", "c")
    before = first.stat().st_mtime_ns
    assert colorize("a", "b", "c") == [first, second] and first.stat().st_mtime_ns == before
    Image.new("RGB", (24, 16), (40, 200, 40)).save(tmp_path / "a.jpg")
    colorize("a", "b", "c")
    assert first.stat().st_mtime_ns > before
    (sheet,) = colorize("a")
    assert sheet.name == "sheet.jpg" and not first.exists() and not second.exists()


def test_sheets_are_no_pictures(colorize, tmp_path):
    """No source takes one, even if it takes pictures; that of sheet.jpg is sheet.png."""
    colorize("a", "sheet")
    folder = tmp_path / "colorized"
    assert (folder / "sheet.jpg").exists()
    for search in (Search(), Search(takes_own=True)):
        for found in (
            folder_source(folder, search=search),
            find_images(f"file://{folder}", search=search),
        ):
            assert list(found.keys) == ["a.png", "sheet.png"]


def test_a_photograph_is_not_replaced_by_a_sheet(colorize, tmp_path):
    """A file of the name of a sheet that is none is left alone."""
    with pytest.raises(OutputExists, match="sheet.jpg is not a sheet that colorprep wrote"):
        colorize("a", output=".")
    assert Image.open(tmp_path / "sheet.jpg").size == (24, 16) and not (tmp_path / "a.png").exists()
