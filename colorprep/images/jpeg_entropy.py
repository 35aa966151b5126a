"""Walking the entropy-coded data of a JPEG: counting blocks instead of making pixels.

Each walk reads the blocks of one restart interval, without its markers and stuffed bytes, and says
how far it got. The four kinds of Huffman-coded scans are those of ITU-T T.81, F.2.2 and G.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from .jpeg_scans import ScanHeader

N_CODES = 1 << 16
PADDING = bytes(8)  # after the data, so that a look at the next 16 bits stays inside

compiled = numba.njit(nogil=True, cache=True)


class Fault(IntEnum):
    """Why a walk ended."""

    NONE = 0
    DATA_ENDED = 1
    INVALID_CODE = 2
    BLOCK_TOO_LONG = 3


class Walked(NamedTuple):
    """How far a walk got.

    Attributes
    ----------
    n_units : int
        Units (MCU) that were read whole.
    position : int
        The first bit after them.
    fault : Fault
        Why it ended before all that were asked for.
    """

    n_units: int
    position: int
    fault: Fault


class Scan(NamedTuple):
    """Tables and sizes needed to walk a scan.

    Attributes
    ----------
    n_blocks : int
        In a unit.
    dc, ac : ndarray of shape (n_blocks, 65536), uint16
        The codes of each block of a unit, see `code_table`; as far as they are needed.
    """

    header: ScanHeader
    progressive: bool
    n_blocks: int
    dc: NDArray[np.uint16]
    ac: NDArray[np.uint16]


def code_table(counts: Sequence[int], symbols: bytes) -> NDArray[np.uint16] | None:
    """Make a look-up table of a Huffman code.

    Parameters
    ----------
    counts : sequence of int
        Of the codes of 1, 2, ..., 16 bits.
    symbols : bytes
        In order of their codes.

    Returns
    -------
    ndarray of shape (65536,), uint16, or None
        For the next 16 bits: 256 times the length of the code, plus its symbol; 0 where there is no
        such code. None if the counts are not those of a code.
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
        Of each block of an AC scan of a progressive JPEG, which coefficients are not zero, as bits;
        written to.
    """
    bits = np.frombuffer(data + PADDING, np.uint8)
    end = 8 * len(data)
    header = scan.header
    if not scan.progressive:
        found = _walk_sequential(bits, position, end, n_units, scan.dc, scan.ac)
    elif header.first > 0:
        step = _refine_ac if header.high else _walk_ac
        found = step(bits, position, end, nonzero, scan.ac[0], header.first, header.last)
    elif header.high:
        found = _refine_dc(position, end, n_units, scan.n_blocks)
    else:
        found = _walk_dc(bits, position, end, n_units, scan.dc)
    return Walked(int(found[0]), int(found[1]), Fault(found[2]))


def _refine_dc(position: int, end: int, n_units: int, n_blocks: int) -> tuple[int, int, int]:
    """Walk a scan that has a bit for each block."""
    n_whole = min(n_units, (end - position) // n_blocks)
    fault = Fault.NONE if n_whole == n_units else Fault.DATA_ENDED
    return n_whole, position + n_whole * n_blocks, fault


@compiled
def _next_code(bits: Any, position: int, table: Any) -> Any:
    """Return the length and symbol of the code at a bit, as `code_table` has it."""
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
def _walk_sequential(
    bits: Any, position: int, end: int, n_units: int, dc: Any, ac: Any
) -> tuple[int, int, int]:
    for unit in range(n_units):
        start = position
        for block in range(dc.shape[0]):
            code = _next_code(bits, position, dc[block])
            position += (code >> 8) + (code & 255)
            if position > end:
                return unit, start, 1
            if code == 0:
                return unit, start, 2
            k = 1
            while k < 64:
                code = _next_code(bits, position, ac[block])
                run, size = (code >> 4) & 15, code & 15
                position += (code >> 8) + size
                if position > end:
                    return unit, start, 1
                if code == 0 or (size == 0 and 0 < run < 15):
                    return unit, start, 2
                if size == 0 and run == 0:
                    break
                k += run + 1
                if k > 64:
                    return unit, start, 3
    return n_units, position, 0


@compiled
def _walk_dc(bits: Any, position: int, end: int, n_units: int, dc: Any) -> tuple[int, int, int]:
    for unit in range(n_units):
        start = position
        for block in range(dc.shape[0]):
            code = _next_code(bits, position, dc[block])
            position += (code >> 8) + (code & 255)
            if position > end:
                return unit, start, 1
            if code == 0:
                return unit, start, 2
    return n_units, position, 0


@compiled
def _walk_ac(
    bits: Any, position: int, end: int, nonzero: Any, codes: Any, first: int, last: int
) -> tuple[int, int, int]:
    n_ended = 0  # blocks from here on that are known to hold nothing more
    for unit in range(nonzero.shape[0]):
        start = position
        k = first
        while k <= last and n_ended == 0:
            code = _next_code(bits, position, codes)
            run, size = (code >> 4) & 15, code & 15
            position += code >> 8
            if position + size > end:
                return unit, start, 1
            if code == 0:
                return unit, start, 2
            if size == 0 and run < 15:
                if position + run > end:
                    return unit, start, 1
                n_ended = (1 << run) + _next_bits(bits, position, run)
                position += run
                break
            k += run + 1
            position += size
            if k > last + 1:
                return unit, start, 3
            if size > 0:
                nonzero[unit] |= np.uint64(1) << np.uint64(k - 1)
        n_ended = max(n_ended - 1, 0)
    return nonzero.shape[0], position, 3 if n_ended > 0 else 0


@compiled
def _refine_ac(
    bits: Any, position: int, end: int, nonzero: Any, codes: Any, first: int, last: int
) -> tuple[int, int, int]:
    n_ended = 0
    for unit in range(nonzero.shape[0]):
        start = position
        known = nonzero[unit]
        k = first
        while k <= last and n_ended == 0:
            code = _next_code(bits, position, codes)
            run, size = (code >> 4) & 15, code & 15
            position += code >> 8
            if position + size > end:
                return unit, start, 1
            if code == 0 or size > 1:
                return unit, start, 2
            if size == 0 and run < 15:
                if position + run > end:
                    return unit, start, 1
                n_ended = (1 << run) + _next_bits(bits, position, run)
                position += run
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
                return unit, start, 3
            if size > 0:
                nonzero[unit] |= np.uint64(1) << np.uint64(k)
            k += 1
        if n_ended > 0:
            while k <= last:
                position += int(known >> np.uint64(k) & np.uint64(1))
                k += 1
            n_ended -= 1
        if position > end:
            return unit, start, 1
    return nonzero.shape[0], position, 3 if n_ended > 0 else 0
