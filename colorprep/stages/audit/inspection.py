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
from ...color.scores import rgb_variance
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

VIEW_SIZE = 256  # the size at which the published systems and the score see an image

# 240 bytes an image, so that a million fit into memory.
RECORD = np.dtype(
    [
        ("read", "?"),
        ("height", "i4"),
        ("width", "i4"),
        ("digest", [("high", "u8"), ("low", "u8")]),
        ("fingerprints", "u8", VERSIONS),
        ("rgbvar", "f8"),
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
    """

    indices: NDArray[np.int64]
    records: Records
    skipped_by_index: dict[int, Skip]

    @property
    def skipped(self) -> list[Skip]:
        """The images that could not be read, in order."""
        return list(self.skipped_by_index.values())


@dataclass(frozen=True)
class Inspector:
    """Makes the records of a chunk of images, by given rules of decoding."""

    source: Source
    icc: IccRule
    orientation: OrientationRule
    damaged: DamageRule = "skip"

    def check(self) -> None:
        """Check that images can be read; see `colorprep.images.reach.check_readable`."""
        check_readable(self.source)

    def __call__(self, chunk: Chunk) -> Inspected:
        """Inspect the images of a chunk."""
        scratch, source = Scratch(), joined(self.source, chunk.indices)

        def inspect(index: int) -> tuple[Any, ...]:
            data = source.read(index)
            return inspected(data, *self._decode(data, scratch))

        records: dict[int, tuple[Any, ...]] = {}
        skipped: dict[int, Skip] = {}
        for index, found in each_image(self.source, chunk, inspect):
            if isinstance(found, Skip):
                skipped[index] = found
            else:
                records[index] = found
        values = np.array(list(records.values()), RECORD)
        return Inspected(np.array(list(records), np.int64), values, skipped)

    def _decode(self, data: bytes, scratch: Scratch) -> tuple[Pixels, bool]:
        """Return the pixels, and whether some of them are lost."""
        try:
            return decode(data, self.icc, self.orientation, scratch), False
        except BadImage as flaw:
            if self.damaged == "skip" or flaw.reason != "damaged":
                raise
        return decode(data, self.icc, self.orientation, scratch, damaged="keep"), True


def inspected(data: bytes, pixels: Pixels, damaged: bool) -> tuple[Any, ...]:
    """Return the fields of an image's `RECORD`.

    Parameters
    ----------
    data : bytes
        The file.
    pixels : ndarray of shape (H, W, 3), uint8
        Decoded from it.
    damaged : bool
        Whether some of the pixels are lost.
    """
    # Read-only like all others, so that compiled loops need one version only.
    pixels.flags.writeable = False
    view = resize(pixels, VIEW_SIZE)
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
        rgb_variance(view),
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
