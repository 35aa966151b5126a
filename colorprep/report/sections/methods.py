"""Sections of a page on several methods: their tables, and the same images side by side."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...metrics.methods import BETTER, Extremes, MethodComparison
from ..gallery import fitted
from ..method_tables import (
    TextTable,
    differences_table,
    means_table,
    notes_on,
    with_room_for_marks,
)
from ..numbers import quantity, short
from ..page import Block, Note, Picture, PictureRow, Section, Table

TILE = 288  # pixels, of up to so many pictures in a row
FULL_SIZE = 8
QUALITY = 82
LISTED = 20  # images left out


class ShownImage(NamedTuple):
    """An image as all methods color it.

    Attributes
    ----------
    key : str
    original, gray : Picture
        What the methods should come to, and what they see of it.
    colored : mapping of str to Picture
        By method.
    """

    key: str
    original: Picture
    gray: Picture
    colored: Mapping[str, Picture]


def tile_of(n_pictures: int) -> int:
    """Return the side of the pictures of a row, so that all of them together are of bounded size.

    Examples
    --------
    >>> tile_of(4), tile_of(32)
    (288, 144)
    """
    return round(TILE * math.sqrt(min(1.0, FULL_SIZE / n_pictures)))


def made_picture(
    name: str,
    pixels: NDArray[np.uint8],
    figures: Mapping[str, float] | None = None,
    tile: int = TILE,
) -> Picture:
    """Return a small picture with its figures as its caption.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    figures : mapping of str to float, or None
        By metric; None for an original and its gray.
    """
    image, stream = fitted(pixels, tile), io.BytesIO()
    # Color at full resolution, since the pictures are about color.
    image.save(stream, "JPEG", quality=QUALITY, optimize=True, subsampling=0)
    text = ", ".join(f"{metric} {short(value)}" for metric, value in (figures or {}).items())
    return Picture(name, text, stream.getvalue(), image.size)


def metrics_section(
    comparison: MethodComparison,
    n_images: int,
    sources: Sequence[tuple[str, str]] = (),
    warnings: Sequence[str] = (),
) -> Section:
    """Show the metrics of all methods, and their differences to the baseline.

    Parameters
    ----------
    sources : sequence of (name, source)
        What each method is, and what else was read.
    warnings : sequence of str
        What readers of the numbers should know.
    """
    first, *notes = notes_on(comparison, n_images)
    tables = map(_wide, (means_table(comparison), differences_table(comparison)))
    cautions = (Note(f"Warning: {warning}.") for warning in warnings)
    blocks: list[Block] = [*cautions, *tables, *map(Note, notes)]
    if sources:
        rows = [list(source) for source in sources]
        blocks.append(Table("What was compared", [], rows, words=True, wide=True))
    return Section("metrics", "Metrics", first, blocks)


def picture_sections(
    metric: str, extremes: Extremes, shown: Mapping[int, ShownImage]
) -> list[Section]:
    """Show the worst, the best and the most different images.

    Parameters
    ----------
    metric : str
        By which they were chosen.
    extremes : Extremes
    shown : mapping of int to ShownImage
        Those images, by index.
    """
    best = "lowest" if BETTER[metric] == "lower" else "highest"
    worst = "highest" if BETTER[metric] == "lower" else "lowest"
    texts = {
        "worst": f"The images of the {worst} {metric}, as a mean over the methods.",
        "best": f"The images of the {best} {metric}, as a mean over the methods.",
        "most_different": f"Other images, at which the methods differ most in {metric}.",
    }
    titles = {"worst": "The worst", "best": "The best", "most_different": "The most different"}
    return [
        _pictures(kind.replace("_", "-"), titles[kind], texts[kind], [shown[i] for i in indices])
        for kind, indices in extremes._asdict().items()
    ]


def method_section(protocols: Sequence[str], left_out: Sequence[tuple[str, str, str]]) -> Section:
    """Tell how the metrics are defined, and which images were not compared.

    Parameters
    ----------
    protocols : sequence of str
        Lines of `colorprep.metrics.protocol`.
    left_out : sequence of (key, reason, detail)
    """
    blocks: list[Block] = [_definitions(protocol) for protocol in protocols]
    if left_out:
        rows = [list(skip) for skip in left_out[:LISTED]]
        columns = ["image", "reason", "what is wrong"]
        blocks.append(Table("Images left out", columns, rows, words=True, wide=True))
    if len(left_out) > LISTED:
        blocks.append(Note(f"`methods.json` lists all {len(left_out):,}."))
    reading = (
        "How each metric is defined. Only images of which all methods have a usable picture are "
        f"compared; {quantity(len(left_out), 'file')} could not be."
    )
    return Section("method", "How this was measured", reading, blocks)


def _definitions(protocol: str) -> Table:
    name, *choices = protocol.split(" ")
    rows = [list(choice.split("=", 1)) for choice in choices]
    return Table(f"Protocol {name}", [], rows, words=True, wide=True)


def _pictures(anchor: str, title: str, reading: str, images: Sequence[ShownImage]) -> Section:
    rows = [PictureRow(one.key, [one.original, one.gray, *one.colored.values()]) for one in images]
    if not rows:
        reading = "There is no further image with a finite value of this metric for all methods."
    return Section(anchor, title, reading, rows)


def _wide(table: TextTable) -> Table:
    rows = with_room_for_marks(table, "\u00a0\u2002").rows  # as wide as a space and a mark
    # An arrow stays with its metric.
    joined = [[metric.replace(" ", "\u00a0"), *cells] for metric, *cells in rows]
    return Table(table.caption, table.columns, joined, wide=True)
