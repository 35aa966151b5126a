"""Colors given by code points (ITU-T H.273): PNG's cICP chunk, the colr box of AVIF and HEIC.

No colors are converted by them: sRGB and similar colors need no conversion, and all others are
refused unless an ICC profile describes them.
"""

from __future__ import annotations

from ..errors import BadImage

# sRGB, unknown, and standard television, whose primaries differ from those of sRGB by a few %.
_CLOSE_TO_SRGB = frozenset([0, 1, 2, 5, 6, 7])
_HIGH_DYNAMIC_RANGE = {16: "PQ", 18: "HLG"}
_NAMES = {9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}


def check_code_points(data: bytes, has_profile: bool) -> None:
    """Refuse colors whose code points are far from sRGB.

    Parameters
    ----------
    data : bytes
        The whole PNG, AVIF or HEIC file.
    has_profile : bool
        Whether the file also has an ICC profile.

    Raises
    ------
    BadImage
        As ``unsupported``, for high dynamic range, and for wide gamuts without a profile.
    """
    found = _code_points(data)
    if found is None:
        return
    primaries, transfer = found
    if transfer in _HIGH_DYNAMIC_RANGE:
        raise BadImage("unsupported", f"high dynamic range ({_HIGH_DYNAMIC_RANGE[transfer]})")
    if primaries not in _CLOSE_TO_SRGB and not has_profile:
        name = _NAMES.get(primaries, f"code {primaries}")
        raise BadImage("unsupported", f"colors of {name} without an ICC profile")


def _code_points(data: bytes) -> tuple[int, int] | None:
    """Return primaries and transfer function."""
    if data.startswith(b"\x89PNG"):
        at = data.find(b"\0\0\0\x04cICP", 0, 4096)  # it comes before the palette and the pixels
        return (data[at + 8], data[at + 9]) if 0 < at < len(data) - 10 else None
    at = data.find(b"colrnclx")
    if at < 0 or at + 12 > len(data):
        return None
    primaries, transfer = data[at + 8 : at + 10], data[at + 10 : at + 12]
    return int.from_bytes(primaries, "big"), int.from_bytes(transfer, "big")
