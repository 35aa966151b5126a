"""Walking the entropy-coded data of a JPEG: counting blocks without decoding pixels.

Each walk reads the blocks of one restart interval, without its markers and stuffed bytes, and
returns how far it got. The kinds of Huffman-coded scans are those of ITU-T T.81, F.2.2 and G.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled
from .jpeg_scans import ScanHeader

N_CODES = 1 << 16
PADDING = bytes(8)  # after the data: the next 16 bits are looked up even at its end


# Why a walk ended; plain numbers, for compiled code.
NO_FAULT, DATA_ENDED, INVALID_CODE, BLOCK_TOO_LONG = range(4)


class Walked(NamedTuple):
    """How far a walk got.

    Attributes
    ----------
    n_units : int
        Complete units (MCU).
    position : int
        The first bit after them.
    fault : int
        Why it ended early, such as `DATA_ENDED`; `NO_FAULT` if all units were read.
    """

    n_units: int
    position: int
    fault: int


class Scan(NamedTuple):
    """Tables and sizes needed to walk a scan.

    Attributes
    ----------
    n_blocks : int
        Per unit.
    dc, ac : ndarray of shape (n_blocks, 65536), uint16
        The `code_table` of each block of a unit; of shape (0, 65536) if the scan needs none.
    """

    header: ScanHeader
    n_blocks: int
    dc: NDArray[np.uint16]
    ac: NDArray[np.uint16]


def code_table(counts: Sequence[int], symbols: bytes) -> NDArray[np.uint16] | None:
    """Make a look-up table of a Huffman code.

    Parameters
    ----------
    counts : sequence of int
        How many codes have 1, 2, ..., 16 bits.
    symbols : bytes
        In order of their codes.

    Returns
    -------
    ndarray of shape (65536,), uint16, or None
        For each value of the next 16 bits: 256 times the length of the code that they start with,
        plus its symbol; 0 if they start with no code. None if the counts describe no valid code.

    Examples
    --------
    >>> table = code_table([1, 1] + [0] * 14, b"AB")  # 0 codes A, 10 codes B
    >>> divmod(int(table[0b10 << 14]), 256)
    (2, 66)
    """
    table = np.zeros(N_CODES, np.uint16)
    at = place = 0
    for length, count in enumerate(counts, start=1):
        step = N_CODES >> length
        for symbol in symbols[place : place + count]:
            table[at : at + step] = length << 8 | symbol
            at += step
        place += count
    return table if place == len(symbols) and at <= N_CODES else None


def walk(data: bytes, position: int, n_units: int, scan: Scan, nonzero: NDArray[Any]) -> Walked:
    """Read the blocks of a restart interval.

    Parameters
    ----------
    data : bytes
        Without markers and stuffed bytes.
    position : int
        The bit to begin at.
    n_units : int
        How many units (MCU) to read.
    nonzero : ndarray of shape (n_units,), uint64
        For an AC scan of a progressive JPEG: the coefficients of each block that are not zero, as
        bits. Updated in place.
    """
    bits = np.frombuffer(data + PADDING, np.uint8)
    end = 8 * len(data)
    header = scan.header
    if header.first > 0:
        step = _refine_ac if header.high else _walk_ac
        found = step(bits, position, end, nonzero, scan.ac[0], header.first, header.last)
    elif header.high:
        found = _refine_dc(position, end, n_units, scan.n_blocks)
    else:
        found = _walk_blocks(bits, position, end, n_units, scan.dc, scan.ac)
    return Walked(*map(int, found))


def _refine_dc(position: int, end: int, n_units: int, n_blocks: int) -> tuple[int, int, int]:
    """Walk a scan that refines the DC coefficients: one bit for each block."""
    n_whole = min(n_units, (end - position) // n_blocks)
    fault = NO_FAULT if n_whole == n_units else DATA_ENDED
    return n_whole, position + n_whole * n_blocks, fault


@compiled
def _next_code(bits: Any, position: int, table: Any) -> Any:
    """Return the length and symbol of the code at a bit, as in `code_table`."""
    at = position >> 3
    window = np.uint32(bits[at]) << 16 | np.uint32(bits[at + 1]) << 8 | np.uint32(bits[at + 2])
    return np.int64(table[(window >> np.uint32(8 - (position & 7))) & np.uint32(0xFFFF)])


@compiled
def _next_bits(bits: Any, position: Any, n: Any) -> Any:
    """Return the next n bits as a number."""
    value: Any = 0
    for at in range(position, position + n):
        value = value << 1 | (np.int64(bits[at >> 3]) >> (7 - (at & 7)) & 1)
    return value


@compiled
def _walk_blocks(
    bits: Any, position: int, end: int, n_units: int, dc: Any, ac: Any
) -> tuple[int, int, int]:
    """Walk a sequential scan, or the first DC scan of a progressive JPEG, where `ac` is empty."""
    n_coefficients = 64 if ac.shape[0] else 1
    for unit in range(n_units):
        start = position
        for block in range(dc.shape[0]):
            code = _next_code(bits, position, dc[block])
            position += (code >> 8) + (code & 255)
            if position > end:
                return unit, start, DATA_ENDED
            if code == 0:
                return unit, start, INVALID_CODE
            k = 1
            while k < n_coefficients:
                code = _next_code(bits, position, ac[block])
                run, size = (code >> 4) & 15, code & 15
                position += (code >> 8) + size
                if position > end:
                    return unit, start, DATA_ENDED
                if code == 0 or (size == 0 and 0 < run < 15):
                    return unit, start, INVALID_CODE
                if size == 0 and run == 0:
                    break
                k += run + 1
                if k > 64:
                    return unit, start, BLOCK_TOO_LONG
    return n_units, position, NO_FAULT


@compiled
def _next_ac_code(bits: Any, position: Any, end: int, codes: Any) -> Any:
    """Read a code of an AC scan, and the length of the end-of-band run that it may start.

    Returns the bit after it, its run of zeros, the size of the coefficient that follows (not read
    yet), how many blocks end here, this one included (0 if the block continues), and a fault.
    """
    code = _next_code(bits, position, codes)
    run, size = (code >> 4) & 15, code & 15
    position += code >> 8
    if position + size > end:
        return position, run, size, 0, DATA_ENDED
    if code == 0:
        return position, run, size, 0, INVALID_CODE
    if size > 0 or run == 15:
        return position, run, size, 0, NO_FAULT
    if position + run > end:
        return position, run, size, 0, DATA_ENDED
    n_ended = (1 << run) + _next_bits(bits, position, run)
    return position + run, run, size, n_ended, NO_FAULT


@compiled
def _walk_ac(
    bits: Any, position: int, end: int, nonzero: Any, codes: Any, first: int, last: int
) -> tuple[int, int, int]:
    """Walk the first scan of AC coefficients."""
    n_ended = 0  # blocks from here on without further coefficients
    for unit in range(nonzero.shape[0]):
        start = position
        k = first
        while k <= last and n_ended == 0:
            position, run, size, n_ended, fault = _next_ac_code(bits, position, end, codes)
            if fault != NO_FAULT:
                return unit, start, fault
            if n_ended > 0:
                break
            k += run + 1
            position += size
            if k > last + 1:
                return unit, start, BLOCK_TOO_LONG
            if size > 0:
                nonzero[unit] |= np.uint64(1) << np.uint64(k - 1)
        n_ended = max(n_ended - 1, 0)
    return nonzero.shape[0], position, BLOCK_TOO_LONG if n_ended > 0 else NO_FAULT


@compiled
def _refine_ac(
    bits: Any, position: int, end: int, nonzero: Any, codes: Any, first: int, last: int
) -> tuple[int, int, int]:
    """Walk a scan that refines AC coefficients."""
    n_ended = 0
    for unit in range(nonzero.shape[0]):
        start = position
        known = nonzero[unit]
        k = first
        while k <= last and n_ended == 0:
            position, run, size, n_ended, fault = _next_ac_code(bits, position, end, codes)
            if fault == NO_FAULT and size > 1:
                fault = INVALID_CODE
            if fault != NO_FAULT:
                return unit, start, fault
            if n_ended > 0:
                break
            position += size
            # A bit for each coefficient that was not zero before, until the run of zeros is over.
            while k <= last:
                if known >> np.uint64(k) & np.uint64(1):
                    position += 1
                elif run == 0:
                    break
                else:
                    run -= 1
                k += 1
            if k > last:
                return unit, start, BLOCK_TOO_LONG
            if size > 0:
                nonzero[unit] |= np.uint64(1) << np.uint64(k)
            k += 1
        if n_ended > 0:
            while k <= last:
                position += int(known >> np.uint64(k) & np.uint64(1))
                k += 1
            n_ended -= 1
        if position > end:
            return unit, start, DATA_ENDED
    return nonzero.shape[0], position, BLOCK_TOO_LONG if n_ended > 0 else NO_FAULT
