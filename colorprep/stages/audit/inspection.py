"""The records of `colorprep audit`: one of fixed size for each image, made in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...audit.borders import border_fraction
from ...audit.fingerprints import SIDE, VERSIONS, fingerprints
from ...audit.tones import GRAY_CHROMA, chroma_quantile, published_rules, toning
from ...color.luma import luma
from ...curriculum.scoring import SCORE_SIZE, ImageScorer
from ...engine import Chunk
from ...errors import BadImage
from ...images.decoding import DamageRule, IccRule, OrientationRule, Pixels, Scratch, decode
from ...images.digests import pixel_digest
from ...images.file_facts import file_facts
from ...images.neighbors import joined
from ...images.reach import check_readable
from ...images.reader import each_image
from ...images.resizing import resize
from ...images.skip import Skip
from ...images.source import Source
from ..scoring import Scores

VIEW_SIZE = SCORE_SIZE  # the published systems see an image at the size of the scores, too

# 240 bytes an image, so that a million fit into memory.
RECORD = np.dtype(
    [
        ("read", "?"),
        ("height", "i4"),
        ("width", "i4"),
        ("digest", [("high", "u8"), ("low", "u8")]),
        ("fingerprints", "u8", VERSIONS),
        ("rgbvar", "f8"),  # from the score book
        ("chroma", "f8"),
        ("tone_residual", "f8"),
        ("tone_limit", "f8"),
        ("gray", "?"),
        ("toned", "?"),
        ("zhang_mask_gray", "?"),
        ("ab_range_gray", "?"),
        ("border", "f8"),
        ("cmyk", "?"),
        ("subsampling", "S5"),
        ("profile", "S32"),
        ("damaged", "?"),
    ]
)

Records = NDArray[np.void]


class Inspected(NamedTuple):
    """The records of a chunk of images.

    Attributes
    ----------
    indices : ndarray of shape (n,), int64
        The images that could be read.
    records : ndarray of shape (n,), RECORD
    skipped_by_index : dict of int to Skip
        The others.
    scores : dict of int to ndarray
        By index of the image, if requested.
    """

    indices: NDArray[np.int64]
    records: Records
    skipped_by_index: dict[int, Skip]
    scores: Scores

    @property
    def skipped(self) -> list[Skip]:
        """The images that could not be read, in order."""
        return list(self.skipped_by_index.values())


@dataclass(frozen=True)
class Inspector:
    """Makes the records of a chunk of images, by given rules of decoding.

    Attributes
    ----------
    scorer : ImageScorer or None
        None if all scores are known.
    """

    source: Source
    icc: IccRule
    orientation: OrientationRule
    damaged: DamageRule = "skip"
    scorer: ImageScorer | None = None

    def check(self) -> None:
        """Check that images can be read; see `colorprep.images.reach.check_readable`."""
        check_readable(self.source)

    def __call__(self, chunk: Chunk) -> Inspected:
        """Inspect the images of a chunk."""
        scratch, source = Scratch(), joined(self.source, chunk.indices)
        scores: Scores = {}

        def inspect(index: int) -> tuple[Any, ...]:
            data = source.read(index)
            pixels, damaged = self._decode(data, scratch)
            # Read-only like all others, so that compiled loops need one version only.
            pixels.flags.writeable = False
            view = resize(pixels, VIEW_SIZE, scratch)
            view.flags.writeable = False
            if self.scorer is not None:
                scores[index] = self.scorer(view)
            return inspected(data, pixels, view, damaged)

        records: dict[int, tuple[Any, ...]] = {}
        skipped: dict[int, Skip] = {}
        for index, found in each_image(self.source, chunk, inspect):
            if isinstance(found, Skip):
                skipped[index] = found
            else:
                records[index] = found
        values = np.array(list(records.values()), RECORD)
        return Inspected(np.array(list(records), np.int64), values, skipped, scores)

    def _decode(self, data: bytes, scratch: Scratch) -> tuple[Pixels, bool]:
        """Return the pixels, and whether some of them are lost."""
        try:
            return decode(data, self.icc, self.orientation, scratch), False
        except BadImage as flaw:
            if self.damaged == "skip" or flaw.reason != "damaged":
                raise
        return decode(data, self.icc, self.orientation, scratch, damaged="keep"), True


def inspected(data: bytes, pixels: Pixels, view: Pixels, damaged: bool) -> tuple[Any, ...]:
    """Return the fields of an image's `RECORD`; rgbvar is 0, since it is one of the scores.

    Parameters
    ----------
    data : bytes
        The file.
    pixels : ndarray of shape (H, W, 3), uint8
        Decoded from it.
    view : ndarray of shape (256, 256, 3), uint8
        The pixels at `VIEW_SIZE`.
    damaged : bool
        Whether some of the pixels are lost.
    """
    small = resize(view, SIDE)
    chroma = chroma_quantile(small)
    gray = chroma <= GRAY_CHROMA
    tone = toning(pixels)
    published = published_rules(view)
    facts = file_facts(data)
    return (
        True,
        *pixels.shape[:2],
        tuple(np.frombuffer(pixel_digest(pixels), ">u8").tolist()),
        fingerprints(luma(small)),
        0.0,
        chroma,
        np.nan if tone is None else tone.residual,
        np.nan if tone is None else tone.limit,
        gray,
        tone is not None and tone.is_toned and not gray,
        published.zhang_mask,
        published.ab_range,
        border_fraction(pixels),
        facts.cmyk,
        facts.subsampling.encode(),
        facts.profile.encode()[:32].decode("utf-8", "ignore").encode(),
        damaged,
    )
