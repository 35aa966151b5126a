"""The segments of a JPEG before its first scan.

Only what decides how to decode the file, or is reported about it, is read: the size, the channels
and their sampling, the ICC profile and the orientation. Pixels are decoded elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

START_OF_IMAGE = b"\xff\xd8"
_START_OF_SCAN = 0xDA
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROFILE = b"ICC_PROFILE\0"
_EXIF = b"Exif\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD8)])
# Names of chroma subsampling, by the samples of luma for one of chroma, across and down.
_SUBSAMPLINGS = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
}


class JpegFacts(NamedTuple):
    """Facts from the segments of a JPEG.

    Attributes
    ----------
    height, width, channels, bits : int
        Of the frame; bits per sample.
    components : bytes
        Three bytes per channel: its identifier, its sampling factors (horizontal in the upper four
        bits, vertical in the lower), its quantization table.
    profile : bytes
        The embedded ICC profile, joined from its chunks; empty if missing.
    exif : bytes
        The EXIF block, which may contain an orientation; empty if missing.
    xmp : bytes
        The XMP packet, which may also contain one; empty if missing.
    coding : int
        The marker of the frame, which determines how it is coded.
    scan : int
        The offset of the marker of the first scan.
    """

    height: int
    width: int
    channels: int
    bits: int
    components: bytes
    profile: bytes
    exif: bytes
    xmp: bytes
    coding: int
    scan: int

    @property
    def subsampling(self) -> str:
        """The chroma subsampling: 4:4:4, 4:2:0, ...; empty for gray."""
        if self.channels < 3 or len(self.components) < 9:
            return ""
        across, down = divmod(self.components[1], 16)
        chroma = {self.components[4], self.components[7]}
        if len(chroma) > 1:
            return "other"
        chroma_across, chroma_down = divmod(chroma.pop(), 16)
        if not chroma_across or not chroma_down or across % chroma_across or down % chroma_down:
            return "other"
        return _SUBSAMPLINGS.get((across // chroma_across, down // chroma_down), "other")


def jpeg_facts(data: bytes) -> JpegFacts | None:
    """Read the segments of a JPEG up to its first scan.

    Parameters
    ----------
    data : bytes
        Starting with `START_OF_IMAGE`.

    Returns
    -------
    JpegFacts or None
        None if no scan is found: the file is truncated or is not a JPEG.
    """
    frame = None
    chunks: list[tuple[int, bytes]] = []
    exif, xmp, coding = b"", b"", 0
    at, end = 2, len(data)
    while 0 <= at <= end - 20:
        marker = data[at + 1]
        if data[at] != 0xFF or marker == 0:  # not a marker; decoders skip such bytes
            at = data.find(b"\xff", at + 1)
            continue
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in WITHOUT_LENGTH:
            at += 2
            continue
        if marker == _START_OF_SCAN:
            profile = b"".join(chunk for _, chunk in sorted(chunks))
            return frame and JpegFacts(*frame, profile, exif, xmp, coding, at)
        length = data[at + 2] << 8 | data[at + 3]
        if marker in FRAMES and at + 10 <= end:
            height, width = data[at + 5] << 8 | data[at + 6], data[at + 7] << 8 | data[at + 8]
            channels = data[at + 9]
            components = data[at + 10 : at + 10 + 3 * channels]
            frame = (height, width, channels, data[at + 4], components)
            coding = marker
        elif marker == 0xE2 and data.startswith(_PROFILE, at + 4):
            chunks.append((data[at + 16], data[at + 18 : at + 2 + length]))
        elif marker == 0xE1:
            if not exif and data.startswith(_EXIF, at + 4):
                exif = data[at + 4 : at + 2 + length]
            elif data.startswith(_XMP, at + 4):
                xmp = data[at + 4 + len(_XMP) : at + 2 + length]
        at += 2 + length
    return None
