"""Small images for sheets of photographs, read by all workers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..images.decoding import Pixels
from ..images.reader import ImageReader, ReadImage
from ..report.gallery import fitted
from .passes import EachImage, Passes

CHUNK = 8  # images; small, so that all workers are busy with a few images


def thumbnails(
    indices: Iterable[int], reader: ImageReader, passes: Passes, tile: int, title: str
) -> dict[int, Pixels]:
    """Return small images by index, without those that cannot be read any more.

    Parameters
    ----------
    reader : ImageReader
        At native size.
    tile : int
        The longer side of the small images.
    title : str
        For the progress.
    """
    task = EachImage(reader, partial(_thumbnail, tile=tile))
    with passes.each(task, sorted(set(indices)), title, CHUNK) as results:
        return {index: small for done in results for index, small in done.made}


def _thumbnail(image: ReadImage, tile: int) -> tuple[int, Pixels]:
    return image.index, np.asarray(fitted(image.pixels, tile))
