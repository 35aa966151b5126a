"""WebP: the position of an animation's first frame, which Pillow does not report.

The chunks are those of Google's WebP container specification.
"""

from __future__ import annotations

_ANIMATION = 0x02  # one of the flags of VP8X


def first_frame(data: bytes) -> tuple[int, int, int, int] | None:
    """Return the position of an animation's first frame on its canvas.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    tuple of int or None
        Left, top, right, bottom; None for a still image.
    """
    if data[12:16] != b"VP8X" or not data[20] & _ANIMATION:
        return None
    at = 12
    while at + 20 <= len(data):
        if data[at : at + 4] == b"ANMF":
            left, top, width, height = (
                int.from_bytes(data[at + 8 + 3 * i : at + 11 + 3 * i], "little") for i in range(4)
            )
            return 2 * left, 2 * top, 2 * left + width + 1, 2 * top + height + 1
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + (size & 1)
    return None
