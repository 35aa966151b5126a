"""Claims about figures as files: their theme, format, title and size, and the same bytes."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from PIL import Image

from colorprep import InputError
from colorprep.report.figures.figure_style import FigureStyle, parse_size
from colorprep.report.figures.files import write_figure
from colorprep.report.figures.style import (
    ACCENT,
    LONGEST_NAME,
    OWN_COLORS,
    blank_figure,
    headed_axes,
    label,
    plain,
    put_legend,
)
from colorprep.report.gallery import montage
from colorprep.report.sheets import write_sheet
from colorprep.report.themes import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"


def small_figure():
    """A figure with text, a line, and a bin whose color happens to be that of the line."""
    figure = blank_figure(2.0)
    axes = figure.subplots()
    plain(axes)
    label(axes, "x < y", "y")
    axes.plot([0, 1], [0, 1], "o-", color=ACCENT, alpha=0.5)
    square = [[(0.2, 0.2), (0.4, 0.2), (0.4, 0.4)]]
    axes.add_collection(PolyCollection(square, facecolors=ACCENT, gid=OWN_COLORS))
    return figure


@pytest.fixture
def written(tmp_path):
    """Writes the small figure, titled "Against $x^2$", in a style, and returns the path."""

    def write(**chosen):
        path = tmp_path / "figure"
        write_figure(small_figure(), r"Against $x^2$", path, FigureStyle(**chosen))
        return path

    return write


def texts_of(path):
    """The texts of an SVG file."""
    return ["".join(text.itertext()) for text in ElementTree.parse(path).iter(f"{SVG}text")]


def test_png_has_its_theme_and_size(written):
    """Ground and text are those of the theme, a bin keeps its color; inches times dots."""
    for theme, colors in (("auto", DARK), ("light", LIGHT)):
        picture = Image.open(written(theme=theme, size=(3.5, 2.5), dpi=100)).convert("RGB")
        assert picture.size == (350, 250)
        pixels = np.asarray(picture).reshape(-1, 3)
        found = {f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.unique(pixels, axis=0)}
        assert f"#{bytes(pixels[0]).hex()}" == colors["ground"]
        assert {colors["soft"], ACCENT} <= found and (LIGHT["soft"] in found) == (theme == "light")


def test_svg_is_text_in_its_theme(written):
    """Texts can be searched; auto is light, with a style sheet for those who prefer dark."""
    path = written(format="svg")
    assert {"x < y", "y", "Against $x^2$"} <= set(texts_of(path))
    drawing, n_sheets = re.subn("<style>.*?</style>", "", path.read_text(), flags=re.DOTALL)
    assert n_sheets == 1 and "prefers-color-scheme: dark" in path.read_text()
    assert drawing.count(DARK["accent"]) == 1 and LIGHT["accent"] in drawing
    assert path.read_bytes() == written(format="svg").read_bytes()


def test_pdf_is_text_of_a_real_font(written):
    """The font is embedded with the letters of its glyphs, so that text can be searched."""
    content = written(format="pdf").read_bytes()
    assert b"/CIDFontType2" in content and b"/ToUnicode" in content and b"/Type3" not in content
    assert content == written(format="pdf").read_bytes()


def test_text_fits_narrow_figures(written):
    """In a narrow figure, text is smaller; the title can be left out; text is never tiny."""
    path = written(size=(2.5, 2), format="svg", titled=False)
    assert "Against $x^2$" not in texts_of(path)
    assert set(re.findall(r"font-size: ([\d.]+)px", path.read_text())) == {"6"}
    with pytest.raises(InputError, match=r"2.4 is too narrow: it needs 2.5 inches or more"):
        written(size=(2.4, 2))


def test_a_figure_gets_the_height_that_it_needs(tmp_path):
    """Where axes or text do not fit, the height is as in a figure of this width, and returned."""
    high = blank_figure(8.0)
    high.subplots(2)
    path = tmp_path / "figure"
    assert write_figure(high, "", path, FigureStyle(size=(2.5, 1.0), dpi=100)) == 4
    assert Image.open(path).size == (250, 400)


def test_no_text_runs_off_the_page(tmp_path):
    """Text too long for a figure is smaller; a legend may be as wide as the page."""
    figure, head, axes = headed_axes(2)
    title = axes.set_title("a title too long for a figure of this width" * 2, fontsize=12)
    caption = "Validated on different images: compare shapes, not heights."
    put_legend(head, [("b" * LONGEST_NAME, axes.plot([0, 1e6])[0])], caption)
    write_figure(figure, "", tmp_path / "figure", FigureStyle(size=(2.5, None)))
    legend = head.get_legend()
    texts = [title, legend.get_title(), *legend.get_texts()]
    assert max(text.get_window_extent().x1 for text in texts) <= figure.bbox.x1
    assert axes.get_position().width > 0.7
    sizes = [text.get_fontsize() for text in texts]
    assert 3 < sizes[0] < 6 and sizes[1:] == [6, 6]
    assert np.ptp(legend.get_lines()[0].get_xdata()) == pytest.approx(0.5 * 1.9 * 12)


def test_sheets_keep_text_and_photographs(tmp_path):
    """As SVG, a sheet is one image and its texts; as JPEG it has the ground of the theme."""
    sheet = montage([np.full((8, 8, 3), 200, np.uint8)] * 3, "Ranks <1>", 2, 60)
    path = tmp_path / "sheet"
    write_sheet(sheet, path, FigureStyle(format="svg"))
    assert texts_of(path) == ["Ranks <1>"]
    assert len(list(ElementTree.parse(path).iter(f"{SVG}image"))) == 1
    for theme, ground in (("auto", DARK["ground"]), ("light", LIGHT["ground"])):
        write_sheet(sheet, path, FigureStyle(theme))
        picture = Image.open(path)
        wanted = [int(ground[i : i + 2], 16) for i in (1, 3, 5)]
        assert picture.format == "JPEG"
        np.testing.assert_allclose(picture.getpixel((100, 180)), wanted, atol=3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: parse_size("wide"),
        lambda: parse_size("3,5x2"),
        lambda: FigureStyle(size=(0.0, 2.0)),
        lambda: FigureStyle(dpi=1),
        lambda: FigureStyle().of_file("curves.eps"),
        lambda: FigureStyle(format="pdf").of_file("curves.png"),
        lambda: FigureStyle("light").refuse_unused("--plot FILE"),
    ],
)
def test_what_no_figure_has_is_refused(wrong):
    """Sizes that cannot be, formats that are not written, and a style without a figure."""
    with pytest.raises(InputError):
        wrong()
