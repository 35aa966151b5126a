"""Sheets of colorized photographs: in gray, colorized, and as they are, with their names.

A sheet carries a digest of what it shows, as a comment of JPEG, so that it is drawn again only if
that has changed, and no picture of the user is taken for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from ... import __version__
from ...atomic import replacing
from ...audit.tones import GRAY_CHROMA, chroma_quantile
from ...color.lab import without_color
from ...engine import Chunk, ThreadEngine
from ...errors import BadImage, OutputExists
from ...images.decoding import Pixels, decode
from ...images.digests import digest_of_bytes
from ...images.reader import ImageReader
from ...marks import mark_sheet
from ...progress import Reporter
from ...report.gallery import fitted, gallery
from ..passes import Passes
from .coloring import ColorizeChunk
from .picture_record import PictureRecord

ROWS = 16  # on a sheet
MOST_SHEETS = 25
TILE = 256
QUALITY = 90
CAPTIONS = ("gray", "colorized", "original")
COMMENT = b"colorprep sheet "  # followed by the digest


@dataclass(frozen=True)
class Colorized:
    """A photograph and its picture."""

    reader: ImageReader
    index: int
    picture: Path

    @property
    def key(self) -> str:
        """The key of the photograph."""
        return self.reader.source.keys[self.index]

    def row(self) -> list[Pixels]:
        """Return the photograph without color, its picture, and the photograph, if it has color.

        Raises
        ------
        BadImage
            If the photograph cannot be read any more.
        """
        photograph = np.asarray(fitted(self.reader.read(self.index).pixels, TILE))
        picture = np.asarray(fitted(decode(self.picture.read_bytes()), TILE))
        row = [without_color(photograph), picture]
        return row if chroma_quantile(photograph) < GRAY_CHROMA else [*row, photograph]


def check_sheets(folder: Path) -> None:
    """Raise OutputExists if a file that is not a sheet has the name of one."""
    for path in _paths(folder):
        if path.exists() and not _comment(path).startswith(COMMENT):
            raise OutputExists(
                f"{path} is not a sheet that colorprep wrote, and one may be written there; rename "
                "it, or choose another folder with -o"
            )


def write_sheets(
    folder: Path,
    tasks: Sequence[ColorizeChunk],
    written: Sequence[Path],
    record: PictureRecord,
    workers: int | None,
    reporter: Reporter,
) -> list[Path]:
    """Draw the photographs whose pictures were written, and remove earlier sheets.

    Parameters
    ----------
    tasks : sequence of ColorizeChunk
        That made them; read again.
    record : PictureRecord
        Of all pictures.

    Returns
    -------
    list of Path
        ``sheet.jpg``, or ``sheet-01.jpg`` and so on. At most 400 photographs are shown.
    """
    made = set(written)
    colorized = (
        Colorized(task.reader, index, target)
        for task in tasks
        for index, target in enumerate(task.targets)
        if target in made
    )
    shown = list(islice(colorized, ROWS * MOST_SHEETS))
    if not shown:
        return []
    single, *numbered = _paths(folder)
    n_sheets = -(-len(shown) // ROWS)
    paths = [single] if n_sheets == 1 else numbered[:n_sheets]
    for path in paths:
        mark_sheet(path)
    task = _DrawSheet(shown, paths, record)
    with Passes(ThreadEngine(workers), reporter).each(
        task, range(len(shown)), "drawing sheets", chunk_images=ROWS
    ) as drawn:
        list(drawn)
    for path in {single, *numbered} - {*paths}:
        path.unlink(missing_ok=True)
    if len(made) > len(shown):
        reporter.note(f"the sheets show the first {len(shown):,} of {len(made):,} photographs")
    return [path for path in paths if path.exists()]


@dataclass(frozen=True)
class _DrawSheet:
    """Draws a sheet of a chunk of photographs, unless it is there."""

    shown: Sequence[Colorized]
    paths: Sequence[Path]
    record: PictureRecord

    def __call__(self, chunk: Chunk) -> None:
        path = self.paths[chunk.indices[0] // ROWS]
        shown = [self.shown[index] for index in chunk.indices]
        facts = [f"{each.key}\n{self.record.entry(each.picture)}" for each in shown]
        digest = digest_of_bytes("\n".join([__version__, *facts]).encode("utf-8", "replace"))
        comment = COMMENT + digest.encode()
        rows = [] if _comment(path) == comment else list(_readable(shown))
        if rows:
            captions = CAPTIONS[: max(len(row) for _, row in rows)]
            sheet = gallery([row for _, row in rows], captions, TILE, names=[[n] for n, _ in rows])
            with replacing(path) as temporary:
                # Color at full resolution, since the sheet is about color.
                sheet.save(temporary, "JPEG", quality=QUALITY, subsampling=0, comment=comment)


def _readable(shown: Sequence[Colorized]) -> Iterator[tuple[str, list[Pixels]]]:
    """Yield the keys and rows of the photographs that can still be read."""
    for each in shown:
        try:
            yield each.key, each.row()
        except BadImage:
            continue


def _paths(folder: Path) -> list[Path]:
    """Return the paths of a single sheet, and of several."""
    numbers = range(1, MOST_SHEETS + 1)
    return [folder / "sheet.jpg", *(folder / f"sheet-{number:02}.jpg" for number in numbers)]


def _comment(path: Path) -> bytes:
    """Return the comment of a JPEG file; empty without one."""
    try:
        with Image.open(path) as image:
            comment = image.info.get("comment", b"")
    except (OSError, ValueError, Image.DecompressionBombError):
        return b""
    return comment if isinstance(comment, bytes) else b""
