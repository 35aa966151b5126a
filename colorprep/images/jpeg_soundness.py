"""Whether the pixels of a JPEG are all there.

Decoders return a picture of a JPEG whose scan is cut or overwritten, and at most issue a warning.
They also warn of defects that harm no pixel: an extra byte before a marker, a missing end mark. So
a warning is only a suspicion, which is checked here by walking the scans, code by code: each must
contain exactly its blocks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import BadImage
from .jpeg import FRAMES, WITHOUT_LENGTH
from .jpeg_entropy import (
    BLOCK_TOO_LONG,
    DATA_ENDED,
    INVALID_CODE,
    N_CODES,
    Scan,
    code_table,
    walk,
)
from .jpeg_scans import END_OF_IMAGE, Coverage, ScanHeader, scan_header

_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_END_OF_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
_RESTART = re.compile(rb"\xff+([\xd0-\xd7])")
_STUFFED = re.compile(rb"\xff+\x00")
_TABLES, _END, _SCAN, _INTERVAL = 0xC4, 0xD9, 0xDA, 0xDD
_SEQUENTIAL, _PROGRESSIVE = frozenset([0xC0, 0xC1]), 0xC2
# So many bits after the last block are rarely all ones at random: of random bytes there, 0.3% were
# mistaken for blocks without this.
_ENOUGH_PADDING = 4
_FAULTS = {
    DATA_ENDED: "ends",
    INVALID_CODE: "has an invalid code",
    BLOCK_TOO_LONG: "has a block that is too long",
}
_NO_TABLES = np.zeros((0, N_CODES), np.uint16)
_NO_BLOCKS = np.zeros(0, np.uint64)


class _CannotWalk(Exception):
    """The JPEG is coded in a way that is not supported here, or a header is damaged."""


def flaw_of(data: bytes, warning: str = "") -> BadImage | None:
    """Find out whether the pixels of a JPEG are all there.

    Parameters
    ----------
    data : bytes
        The file.
    warning : str
        The warning of a decoder, empty if none. It is trusted if the file cannot be walked: with
        arithmetic, lossless or hierarchical coding, or a damaged header.

    Returns
    -------
    BadImage or None
        None for a sound file; ``truncated`` if the file ends before its pixels do; ``damaged`` if
        an end mark follows, so that decoders return a picture of the rest.

    Notes
    -----
    Overwritten data that decode to the same number of valid blocks are not detected.
    """
    try:
        _JpegWalk(data).check()
    except BadImage as flaw:
        return flaw
    except _CannotWalk:
        return BadImage("damaged", warning) if warning else None
    return None


class _Frame(NamedTuple):
    """The size of a JPEG, and by component its sampling factors across and down."""

    progressive: bool
    height: int
    width: int
    sampling: dict[int, tuple[int, int]]

    def units(self, components: bytes) -> int:
        """Return how many units (MCU) a scan of these components has."""
        across = 8 * max(a for a, _ in self.sampling.values())
        down = 8 * max(d for _, d in self.sampling.values())
        if len(components) > 1:
            return -(-self.height // down) * -(-self.width // across)
        own_across, own_down = self.sampling[components[0]]
        return -(-self.height * own_down // down) * -(-self.width * own_across // across)


class _JpegWalk:
    """A walk through the segments and scans of one file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tables: dict[tuple[int, int], NDArray[np.uint16]] = {}
        self._interval = 0
        self._frame: _Frame | None = None
        self._coverage = Coverage([])
        self._nonzero: dict[int, NDArray[np.uint64]] = {}

    def check(self) -> None:
        """Walk until every coefficient has been coded, or the file ends."""
        at = 2
        while found := _MARKER.search(self._data, at):
            marker, at = found[1][0], found.end()
            if marker == _END:
                break
            if marker in WITHOUT_LENGTH:
                continue
            length = int.from_bytes(self._data[at : at + 2])
            segment = self._data[at + 2 : at + length]
            at += length
            self._read_segment(marker, segment)
            if marker == _SCAN:
                at = self._check_scan(segment, at)
                if self._coverage.is_complete:
                    return
        if self._frame is None:
            raise _CannotWalk
        raise BadImage("damaged" if found else "truncated", "scans are missing")

    def _read_segment(self, marker: int, segment: bytes) -> None:
        if marker == _TABLES:
            self._read_tables(segment)
        elif marker == _INTERVAL:
            self._interval = int.from_bytes(segment[:2])
        elif marker in FRAMES:
            if marker not in _SEQUENTIAL and marker != _PROGRESSIVE:
                raise _CannotWalk
            self._read_frame(segment, marker == _PROGRESSIVE)

    def _read_tables(self, segment: bytes) -> None:
        at = 0
        while at + 17 <= len(segment):
            counts = segment[at + 1 : at + 17]
            table = code_table(counts, segment[at + 17 : at + 17 + sum(counts)])
            if table is None:
                raise _CannotWalk
            self._tables[divmod(segment[at], 16)] = table
            at += 17 + sum(counts)

    def _read_frame(self, segment: bytes, progressive: bool) -> None:
        height, width = int.from_bytes(segment[1:3]), int.from_bytes(segment[3:5])
        parts = segment[6 : 6 + 3 * segment[5]] if len(segment) > 5 else b""
        sampling = {
            name: divmod(factors, 16)
            for name, factors in zip(parts[::3], parts[1::3], strict=False)
        }
        if (
            not sampling
            or not height
            or not width
            or not all(a and d for a, d in sampling.values())
        ):
            raise _CannotWalk
        self._frame = _Frame(progressive, height, width, sampling)
        self._coverage = Coverage(list(sampling))

    def _check_scan(self, segment: bytes, at: int) -> int:
        """Check the scan whose data begin at an offset; return where they end."""
        header = scan_header(segment, self._frame is not None and self._frame.progressive)
        if header is None or self._frame is None:
            raise _CannotWalk
        if not self._coverage.add(header):
            self._fail(at, "a scan is missing before another that refines it")
        ended = _END_OF_SCAN.search(self._data, at)
        end = ended.start() if ended else len(self._data)
        parts = _RESTART.split(self._data[at:end])
        intervals = [_STUFFED.sub(b"\xff", part) for part in parts[::2]]
        flaw = self._flaw_of_scan(header, intervals, [mark[0] & 7 for mark in parts[1::2]])
        if flaw:
            self._fail(at, flaw)
        return end

    def _flaw_of_scan(
        self, header: ScanHeader, intervals: Sequence[bytes], numbers: Sequence[int]
    ) -> str:
        """Describe what is wrong with a scan, cut into restart intervals; empty if sound."""
        assert self._frame is not None
        scan = self._scan(header, self._frame)
        n_units = self._frame.units(header.components)
        nonzero = _NO_BLOCKS
        if header.first > 0:
            nonzero = self._nonzero.setdefault(header.components[0], np.zeros(n_units, np.uint64))
        step = self._interval or n_units
        n_intervals = -(-n_units // step)
        for number in range(n_intervals):
            first = number * step
            n = min(step, n_units - first)
            if number == len(intervals):
                return f"the scan ends after {first:,} of {n_units:,} units"
            if number and numbers[number - 1] != (number - 1) % 8:
                return f"restart interval {number} is missing"
            data = intervals[number]
            found = walk(data, 0, n, scan, nonzero[first : first + n])
            if found.fault:
                place = f"after {first + found.n_units:,} of {n_units:,} units"
                return f"the scan {_FAULTS[found.fault]} {place}"
            if _has_surplus_blocks(data, found.position, scan):
                return f"the scan continues after its {n_units:,} units"
        return ""

    def _scan(self, header: ScanHeader, frame: _Frame) -> Scan:
        """Return the tables and sizes needed to walk a scan."""
        dc, ac = [], []
        for name, (dc_number, ac_number) in zip(header.components, header.tables, strict=True):
            across, down = frame.sampling[name] if len(header.components) > 1 else (1, 1)
            dc += [(0, dc_number)] * (across * down)
            ac += [(1, ac_number)] * (across * down)
        needs_dc = header.first == 0 and header.high == 0
        needs_ac = not frame.progressive or header.first > 0
        try:
            return Scan(
                header,
                len(dc),
                np.stack([self._tables[number] for number in dc]) if needs_dc else _NO_TABLES,
                np.stack([self._tables[number] for number in ac]) if needs_ac else _NO_TABLES,
            )
        except KeyError:
            raise _CannotWalk from None

    def _fail(self, at: int, flaw: str) -> None:
        followed = self._data.find(END_OF_IMAGE, at) >= 0
        raise BadImage("damaged" if followed else "truncated", flaw)


def _has_surplus_blocks(data: bytes, position: int, scan: Scan) -> bool:
    """Return whether blocks follow the last one, which shows that data before it were overwritten.

    A walk through overwritten data may lose synchronization, regain it, and count too many blocks;
    true blocks are then left over. Stray bytes are different: they follow the 1 bits that pad the
    last byte. A few 1 bits prove little, so the function also tries to read blocks.
    """
    end = 8 * len(data)
    if end - position < 8:
        return False
    n_padding = -position % 8
    if not _is_padding(data, position, n_padding):
        return True
    if n_padding >= _ENOUGH_PADDING or scan.header.first > 0 or scan.header.high > 0:
        return False
    more = walk(data, position, end, scan, _NO_BLOCKS)
    rest = end - more.position
    return more.n_units > 0 and rest < 8 and _is_padding(data, more.position, rest)


def _is_padding(data: bytes, position: int, n_bits: int) -> bool:
    """Return whether the next bits, all within a byte, are ones, with which encoders pad it."""
    if not n_bits:
        return True
    rest = data[position // 8] & ((1 << (8 - position % 8)) - 1)
    return rest >> (8 - position % 8 - n_bits) == (1 << n_bits) - 1
