"""Claims about the page: names are data and never markup, tables and headings are whole."""

from html.parser import HTMLParser

import numpy as np
from PIL import Image

from colorprep.report.page import Missing, Note, PictureRow, Section, Swatch, Table, render_page
from colorprep.report.sections.thumbnails import SHEET_BYTES, small_sheet, thumbnail

EVIL = '<script>alert("1")</script>'
VOID = {"meta", "wbr", "link", "img", "path", "use", "br"}


class Outline(HTMLParser):
    """Checks that elements are closed in order, and keeps what there is."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Close the innermost element."""
        assert self.open.pop() == tag


def page():
    """A page with a block of each kind but charts, of names that try to be markup."""
    gray = np.full((8, 8, 3), 128, np.uint8)
    blocks = [
        Table(EVIL, ["bin", EVIL], [[[Swatch("#102030", EVIL, EVIL)], EVIL]]),
        Table("pairs", [], [["name", "value"]], words=True),
        small_sheet(EVIL, Image.fromarray(gray), f'"{EVIL}', wide=True),
        PictureRow(EVIL, [thumbnail(f'"{EVIL}', EVIL, gray)], small=True),
        Note(f"`code {EVIL}` and text"),
    ]
    sections = [
        Section("one", EVIL, EVIL, blocks),
        Section("two", "Two", EVIL, blocks, folded=True),
    ]
    return render_page(EVIL, {EVIL: EVIL}, sections, [Missing("three", EVIL, "colorprep prior")])


def test_names_are_never_markup():
    """Text from names of files and folders is escaped everywhere."""
    html = page()
    assert "<script" not in html and "&lt;script&gt;" in html


def test_elements_are_closed_in_order():
    """The page is well-formed, in one language, with a title and a viewport."""
    elements = Outline(page()).elements
    assert ("html", {"lang": "en"}) in elements
    names = [attributes.get("name") for tag, attributes in elements if tag == "meta"]
    assert "viewport" in names and "color-scheme" in names


def test_ids_are_unique_and_found():
    """Every id is there once, and whatever refers to one finds it."""
    elements = [attributes for _, attributes in Outline(page()).elements]
    ids = [attributes["id"] for attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [attributes.get("aria-labelledby", "").split() for attributes in elements]
    links = [attributes["href"][1:] for attributes in elements if "href" in attributes]
    assert {name for names in labels for name in names} <= set(ids)
    assert {link for link in links if link != "ata:,"} <= set(ids)


def test_tables_have_captions_and_headers():
    """Every table has a caption, and every header cell says what it heads."""
    elements = Outline(page()).elements
    assert sum(tag == "table" for tag, _ in elements) == 4
    assert sum(tag == "caption" for tag, _ in elements) == 4
    scopes = [attributes["scope"] for tag, attributes in elements if tag == "th"]
    assert scopes.count("col") == 4 and scopes.count("row") == 4


def test_what_is_missing_stands_at_the_end():
    """The contents name what is there; a line at the end names the rest, with its command."""
    html = page()
    assert html.count('<li><a href="#') == 2 and "#three" not in html
    assert "(<code>colorprep prior</code>)." in html[html.rindex("</section>") :]


def test_nothing_comes_from_elsewhere():
    """No script, no style sheet, no picture from another place."""
    elements = Outline(page()).elements
    assert not [tag for tag, _ in elements if tag in ("script", "iframe", "object")]
    assert all(
        attributes["src"].startswith("data:") for tag, attributes in elements if tag == "img"
    )


def test_sheets_are_bounded():
    """A sheet has no more bytes than it may, even of noise and very tall."""
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), np.uint8)
    sheet = small_sheet("Samples", Image.fromarray(noise), "noise")
    assert len(sheet.jpeg) <= SHEET_BYTES and sheet.size[0] < 900
