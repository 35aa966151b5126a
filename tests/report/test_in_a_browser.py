"""Claims about pages as headless Chromium shows them: on a phone, in the dark, in print.

Needs Debian's packages chromium and chromium-driver; skips without them.
"""

import json
import shutil
import tempfile

import numpy as np
import pytest
from results import compared_methods, write_results
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from colorprep import Reporter, Workspace
from colorprep.metrics.methods import Extremes
from colorprep.report.page import render_page
from colorprep.report.sections.methods import (
    ShownImage,
    made_picture,
    method_section,
    metrics_section,
    picture_sections,
)
from colorprep.stages.evaluate.methods_files import comparison_of
from colorprep.stages.labels import stage as labels
from colorprep.stages.prior import stage as prior
from colorprep.stages.report.stage import ReportParams, run
from colorprep.stages.rgbvar import stage as rgbvar
from colorprep.stages.source import ImageParams

PHONE, DESK, WIDE = 390, 1280, 1920
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# What is drawn, with its place and whether it has loaded.
PICTURES = """
return [...document.querySelectorAll("svg, img")].map(element => {
  const box = element.getBoundingClientRect();
  const loaded = element.tagName === "IMG" ? element.complete && element.naturalWidth > 0 : true;
  const right = element.closest(".scroll") ? 0 : box.right;
  return {tag: element.tagName, width: box.width, height: box.height, right, loaded};
});
"""

# The contrast of each text with what is behind it, by the formula of WCAG 2, the lowest first.
CONTRASTS = """
const numbers = color => color.match(/[\\d.]+/g).map(Number);
const luminance = color => {
  const [r, g, b] = numbers(color).slice(0, 3).map(value => {
    const unit = value / 255;
    return unit <= 0.04045 ? unit / 12.92 : ((unit + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = element => {
  for (; element; element = element.parentElement) {
    const color = getComputedStyle(element).backgroundColor;
    const parts = numbers(color);
    if (parts.length === 3 || parts[3] === 1) return color;
  }
  return "rgb(255, 255, 255)";
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
while (walker.nextNode()) {
  const parent = walker.currentNode.parentElement;
  const drawn = parent.ownerSVGElement !== undefined && parent.ownerSVGElement !== null;
  if (!walker.currentNode.data.trim() || parent.closest("title, desc, .spoken")) continue;
  const style = getComputedStyle(parent);
  const front = luminance(drawn ? style.fill : style.color), back = luminance(behind(parent));
  const [light, dark] = front > back ? [front, back] : [back, front];
  const text = walker.currentNode.data.trim().slice(0, 40);
  found.push({text, drawn, lighter: front > back, contrast: (light + 0.05) / (dark + 0.05)});
}
return found.sort((one, other) => one.contrast - other.contrast);
"""

# How far each section reaches, as a part of its width; those that are folded are left out.
REACH = """
return [...document.querySelectorAll("section:not(:has(details))")].map(section => {
  const box = section.getBoundingClientRect();
  const ends = [...section.querySelectorAll("svg, img, table, p, h3")].map(
    element => element.getBoundingClientRect().right);
  return [section.id, (Math.max(...ends) - box.left) / box.width];
});
"""

# Whether the tables of provenance are to be seen.
UNFOLDED = "return document.querySelector('#provenance table').checkVisibility()"

# Whatever reaches beyond the window, but for what scrolls in a box of its own.
TOO_WIDE = """
return [...document.body.querySelectorAll("*")].filter(element =>
  !element.closest(".scroll > *, svg *, .spoken") &&
  element.getBoundingClientRect().right > window.innerWidth + 0.5
).map(element => element.outerHTML.slice(0, 80));
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory, photographs):
    """A report with every section, compared with the prior of a class."""
    workspace, silent = Workspace(tmp_path_factory.mktemp("page")), Reporter()
    images = ImageParams(photographs)
    prior.run(prior.PriorParams(images, by_class=True), workspace, silent)
    prior.run(prior.PriorParams(images, bootstrap=20, by_lightness=6), workspace, silent)
    rgbvar.run(rgbvar.RgbvarParams(images), workspace, silent)
    labels.run(labels.LabelsParams(images, size=32), workspace, silent)
    write_results(workspace.root)
    compare = min(workspace.path("priors").glob("*/prior.npz"))
    return run(ReportParams(compare=compare), workspace, silent).path


@pytest.fixture(scope="module")
def page_of_methods(tmp_path_factory):
    """A comparison of two methods, with an image of each kind."""
    comparison = comparison_of(compared_methods())
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    figures = {"ciede2000": 9.5, "psnr": 24.25}
    colored = {name: made_picture(name, pixels, figures) for name in comparison.methods}
    original, gray = (made_picture(name, pixels) for name in ("original", "gray"))
    shown = {0: ShownImage("a/1.jpg", original, gray, colored)}
    sections = [
        metrics_section(comparison, 6, [("a", "pictures in a/")], ["left out 1 image"]),
        *picture_sections("ciede2000", Extremes([0], [0], [0]), shown),
        method_section(["colorprep/1 size=64"], [("a/2.jpg", "unpaired", "no picture")]),
    ]
    path = tmp_path_factory.mktemp("methods") / "methods.html"
    path.write_text(render_page("Methods compared", {"methods": "2"}, sections), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium with an empty profile."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("needs a browser: Debian's packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    # Not pytest's folder: the path of a browser's socket has to be short.
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        for flag in [*FLAGS, f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        chromium = webdriver.Chrome(options, Service(driver))
        yield chromium
        chromium.quit()


@pytest.fixture
def show(browser, page):
    """Opens the page as wide as asked, in the medium and the colors asked for."""

    def open_page(width=PHONE, colors="light", medium="screen", path=page):
        metrics = {"width": width, "height": 844, "deviceScaleFactor": 2, "mobile": width == PHONE}
        scheme = {"name": "prefers-color-scheme", "value": colors}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        media = {"media": medium, "features": [scheme]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        browser.get(path.as_uri())
        return browser

    return open_page


def test_it_asks_for_nothing_and_complains_of_nothing(show, page):
    """No message on the console, and no request but that for the page itself."""
    chromium = show()
    for kind in ("browser", "performance"):
        chromium.get_log(kind)  # of earlier pages
    chromium.refresh()
    assert chromium.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_figure_is_visible(show, width):
    """All charts, thumbnails and sheets have a size, and lie within the window or a box of it."""
    pictures = show(width).execute_script(PICTURES)
    assert sum(picture["tag"] == "svg" for picture in pictures) == 19
    assert sum(picture["tag"] == "IMG" for picture in pictures) == 4 * 12 + 4
    for picture in pictures:
        least = 300 if picture["tag"] == "svg" else 90
        assert picture["loaded"] and picture["width"] > least and picture["height"] > 60
        assert picture["right"] <= width


@pytest.mark.parametrize("width", [320, PHONE, DESK, WIDE])
def test_nothing_scrolls_sideways(show, width):
    """The page is as wide as the window, and every section reaches well beyond the middle."""
    chromium = show(width)
    assert chromium.execute_script("return document.documentElement.scrollWidth") <= width
    assert chromium.execute_script(TOO_WIDE) == []
    assert [one for one in chromium.execute_script(REACH) if one[1] < 0.6] == []


def test_text_of_charts_is_readable_on_a_phone(show):
    """At 390 px the text of charts is at least 11 px high."""
    script = """return [...document.querySelectorAll("svg text")].map(text => {
      const figure = text.ownerSVGElement;
      const scale = figure.getBoundingClientRect().width / figure.viewBox.baseVal.width;
      return parseFloat(getComputedStyle(text).fontSize) * scale;
    });"""
    sizes = show().execute_script(script)
    assert len(sizes) > 100 and min(sizes) >= 11


@pytest.mark.parametrize(("colors", "lighter"), [("light", False), ("dark", True)])
def test_contrast(show, colors, lighter):
    """All text, that of charts included, has a contrast of 4.5 or more, by day and by night."""
    texts = show(colors=colors).execute_script(CONTRASTS)
    assert sum(text["drawn"] for text in texts) > 100
    assert texts[0]["contrast"] >= 4.5, texts[0]
    assert {text["lighter"] for text in texts} == {lighter}


def test_print_is_dark_on_white(show):
    """In print the page is white, whatever the screen's colors are, and nothing is folded."""
    chromium = show(DESK, "dark", "print")
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert chromium.execute_script(ground) == "rgb(255, 255, 255)"
    assert chromium.execute_script(UNFOLDED) is True
    texts = chromium.execute_script(CONTRASTS)
    assert texts[0]["contrast"] >= 4.5 and not any(text["lighter"] for text in texts)


def test_screen_readers_are_told_what_is_to_be_seen(show):
    """Every picture is one image with a name; charts have a description in numbers too."""
    chromium = show()
    assert chromium.execute_script(UNFOLDED) is False
    tree = chromium.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    heard = [node for node in tree if not node["ignored"]]
    images = [node for node in heard if node["role"]["value"] in ("image", "img")]
    names = [node["name"]["value"] for node in images]
    assert len(names) == len(set(names)) == 19 + 4 * 12 + 4
    assert all(len(name) > 30 and any(sign.isdigit() for sign in name) for name in names)


def test_headings_and_links_lead_through_the_page(show):
    """One title, then sections; the contents name each of them, and their links lead there."""
    chromium = show()
    levels = 'return [...document.querySelectorAll("h1, h2, h4")].map(e => e.tagName)'
    assert chromium.execute_script(levels) == ["H1"] + ["H2"] * 19
    links = """return [...document.querySelectorAll("nav a")].map(link => {
      const section = document.querySelector(link.getAttribute("href"));
      return [link.textContent, section.querySelector("h2").textContent];
    });"""
    pairs = chromium.execute_script(links)
    assert len(pairs) == 19 and all(link == heading for link, heading in pairs)


def test_boxes_that_scroll_can_be_reached_by_keyboard(show):
    """Each table's box takes the focus and has a name."""
    script = """return [...document.querySelectorAll(".scroll")].map(box =>
      box.tabIndex === 0 && box.getAttribute("role") === "region" && !!box.ariaLabel);"""
    boxes = show().execute_script(script)
    assert len(boxes) > 10 and all(boxes)


@pytest.mark.parametrize(("width", "colors"), [(PHONE, "dark"), (DESK, "light"), (WIDE, "dark")])
def test_the_page_of_methods(show, page_of_methods, width, colors):
    """It fits the window, can be read and heard, and complains of nothing."""
    chromium = show(width, colors, path=page_of_methods)
    assert chromium.get_log("browser") == []
    assert chromium.execute_script(TOO_WIDE) == []
    assert chromium.execute_script(CONTRASTS)[0]["contrast"] >= 4.5
    pictures = chromium.execute_script(PICTURES)
    assert len(pictures) == 3 * 4 and all(picture["loaded"] for picture in pictures)
    names = chromium.execute_script("return [...document.images].map(image => image.alt)")
    assert names[:3] == ["a/1.jpg, original", "a/1.jpg, gray", "a/1.jpg, a"]
