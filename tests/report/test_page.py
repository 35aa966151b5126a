"""Claims about the page: names are data and never markup, tables and headings are whole."""

from html.parser import HTMLParser

import numpy as np

from colorprep.report.page import (
    Note,
    PhotographSheet,
    Section,
    Swatch,
    Table,
    placeholder,
    render_page,
)
from colorprep.report.thumbnails import contact_sheet

EVIL = '<script>alert("1")</script>'
VOID = {"meta", "link", "img", "path", "use", "br"}


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
    jpeg, size = contact_sheet([np.full((8, 8, 3), 128, np.uint8)] * 5)
    blocks = [
        Table(EVIL, ["bin", EVIL], [[[Swatch("#102030", EVIL, EVIL)], EVIL]]),
        Table("pairs", [], [["name", "value"]], words=True),
        PhotographSheet(EVIL, jpeg, size, f'"{EVIL}'),
        Note(f"`code {EVIL}` and text"),
    ]
    sections = [
        Section("one", EVIL, EVIL, blocks),
        placeholder("two", "Two", "`colorprep prior` makes it."),
    ]
    return render_page(EVIL, {EVIL: EVIL}, sections)


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
    assert sum(tag == "table" for tag, _ in elements) == 2
    assert sum(tag == "caption" for tag, _ in elements) == 2
    scopes = [attributes["scope"] for tag, attributes in elements if tag == "th"]
    assert scopes.count("col") == 2 and scopes.count("row") == 2


def test_commands_are_code():
    """Text between backquotes is set as code."""
    assert "<code>colorprep prior</code> makes it." in page()


def test_nothing_comes_from_elsewhere():
    """No script, no style sheet, no picture from another place."""
    elements = Outline(page()).elements
    assert not [tag for tag, _ in elements if tag in ("script", "iframe", "object")]
    assert all(
        attributes["src"].startswith("data:") for tag, attributes in elements if tag == "img"
    )


def test_contact_sheets_are_filled_up():
    """Five thumbnails make two rows of four, the rest in the last one's color."""
    tiles = [np.full((16, 16, 3), value, np.uint8) for value in (10, 60, 110, 160, 210)]
    _, size = contact_sheet(tiles)
    assert size == (64, 32)
