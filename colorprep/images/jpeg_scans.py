"""The headers of a JPEG's scans, and which coefficients no scan codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .jpeg import JpegFacts

START_OF_SCAN, END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
PROGRESSIVE = frozenset([0xC2, 0xC6, 0xCA, 0xCE])

_N_COEFFICIENTS = 64
_NOT_CODED = 255


class ScanHeader(NamedTuple):
    """The header of a scan.

    Attributes
    ----------
    components : bytes
        Their identifiers.
    tables : list of (int, int)
        The numbers of the DC and the AC table of each component.
    first, last : int
        The range of coefficients, in zigzag order.
    high, low : int
        The successive approximation: the bit position coded by the scan before (0 if this is the
        first), and the one coded by this scan.
    """

    components: bytes
    tables: list[tuple[int, int]]
    first: int
    last: int
    high: int
    low: int


def scan_header(segment: bytes, progressive: bool) -> ScanHeader | None:
    """Read the header of a scan.

    Parameters
    ----------
    segment : bytes
        The bytes that follow its length.
    progressive : bool
        Otherwise a scan codes all coefficients, whatever its header says.

    Returns
    -------
    ScanHeader or None
        None if it is not a valid scan header.
    """
    n = segment[0] if segment else 0
    if not 1 <= n <= 4 or len(segment) < 4 + 2 * n:
        return None
    tables = [divmod(byte, 16) for byte in segment[2 : 2 + 2 * n : 2]]
    components = segment[1 : 1 + 2 * n : 2]
    if not progressive:
        return ScanHeader(components, tables, 0, _N_COEFFICIENTS - 1, 0, 0)
    first, last, positions = segment[1 + 2 * n : 4 + 2 * n]
    if last >= _N_COEFFICIENTS or (first > 0 and (n > 1 or last < first)) or last > 0 == first:
        return None
    return ScanHeader(components, tables, first, last, *divmod(positions, 16))


class Coverage:
    """Which coefficients of which components have been coded, and to which bit.

    Parameters
    ----------
    components : sequence of int
        The identifiers of the frame's components.
    """

    def __init__(self, components: Sequence[int]) -> None:
        self._low = {name: bytearray([_NOT_CODED] * _N_COEFFICIENTS) for name in components}

    def add(self, scan: ScanHeader) -> bool:
        """Add a scan; return whether it continues where the previous ones ended."""
        fits = True
        expected = {scan.high} if scan.high else {0, _NOT_CODED}
        place = slice(scan.first, scan.last + 1)
        for name in scan.components:
            if name not in self._low:
                return False
            fits = fits and expected.issuperset(self._low[name][place])
            self._low[name][place] = bytes([scan.low]) * (scan.last + 1 - scan.first)
        return fits

    @property
    def is_complete(self) -> bool:
        """Whether every coefficient has been coded to its last bit."""
        return bool(self._low) and not any(any(low) for low in self._low.values())


def lacks_scans(data: bytes, facts: JpegFacts) -> bool:
    """Return whether scans seem to be missing, judging by the headers alone.

    Decoders do not warn of a scan that is missing before an end mark.
    """
    progressive = facts.coding in PROGRESSIVE
    if not progressive and data[facts.scan + 4] == facts.channels:
        return False  # nearly every file: all components in one scan
    coverage = Coverage(facts.components[::3])
    end = data.find(END_OF_IMAGE, facts.scan)
    at = facts.scan
    while at >= 0:
        scan = scan_header(data[at + 4 : at + 16], progressive)
        if scan is not None and not coverage.add(scan):
            return True
        at = data.find(START_OF_SCAN, at + 2, end if end > 0 else len(data))
    return not coverage.is_complete
