"""The compiled loops that find every color's ab cell, and the cells that have a color.

A cell is the integer part of a and b, so single precision decides it for most colors, in short
loops that vectorize. It is off by less than 2e-4 units. The colors nearer than 1e-3 to the edge of
a cell, 1 in 256, are computed again in float64, so that all have the cell that float64 gives them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..color.color_index import channels_of
from ..color.lab import LAB_EPSILON, LAB_OFFSET, LAB_SLOPE
from ..compiling import compiled_as_numpy as compiled
from .kernels import ab_of_color

_EPSILON, _SLOPE, _OFFSET = (np.float32(v) for v in (LAB_EPSILON, LAB_SLOPE, LAB_OFFSET))
_A, _B = np.float32(500.0), np.float32(200.0)
_HALF, _NEAR = np.float32(0.5), np.float32(1e-3)
_ROOT_OF_ONE = np.uint32(709_921_077)  # added to a third of a float's bits: its root within 4%


@compiled
def fill_ab_cells(linear: Any, shares: Any, out: Any) -> None:
    """Write every color's ab cell, floor(a)+128 << 8 | floor(b)+128.

    Parameters
    ----------
    linear : ndarray of shape (256,), float64
        The inverse transfer function of each channel's value.
    shares : ndarray of shape (3, 3, 512), float32
        What a value of red, green or blue adds to X, Y and Z, relative to white; all values twice.
    out : ndarray of shape (2^24,), uint16
        In the order of `colorprep.color.color_index`.
    """
    xyz, f = np.empty((3, 256), np.float32), np.empty((3, 256), np.float32)
    is_near = np.empty(256, np.bool_)
    for first in range(0, out.shape[0], 256):
        red, _, blue = channels_of(first)
        for axis in range(3):
            for green in range(256):
                # Along a row of the table, red and blue rise with green, and go on at 0.
                xyz[axis, green] = (
                    shares[axis, 0, red + green]
                    + shares[axis, 1, green]
                    + shares[axis, 2, blue + green]
                )
            _lab_f(xyz[axis], f[axis])
        cells = out[first : first + 256]
        _write_cells(f[0], f[1], f[2], cells, is_near)
        for green in range(256):
            if is_near[green]:
                a, b = ab_of_color(first + green, linear)
                cells[green] = (math.floor(a) + 128) << 8 | (math.floor(b) + 128)


@compiled
def _lab_f(t: Any, out: Any) -> None:
    """Write f(t) of CIE Lab: the cube root by two steps of Halley's method, linear near black."""
    t_bits, out_bits = t.view(np.uint32), out.view(np.uint32)
    for i in range(t.shape[0]):
        out_bits[i] = t_bits[i] // np.uint32(3) + _ROOT_OF_ONE
    for i in range(t.shape[0]):
        root = out[i]
        for _ in range(2):
            cube = root * root * root
            root *= (cube + t[i] + t[i]) / (cube + cube + t[i])
        out[i] = root if t[i] > _EPSILON else _SLOPE * t[i] + _OFFSET


@compiled
def _write_cells(x: Any, y: Any, z: Any, cells: Any, is_near: Any) -> None:
    """Write the cells of f(X), f(Y) and f(Z), and which colors lie near the edge of one."""
    for i in range(cells.shape[0]):
        a, b = _A * (x[i] - y[i]), _B * (y[i] - z[i])
        row, column = np.int32(math.floor(a)), np.int32(math.floor(b))
        cells[i] = (row + 128) << 8 | (column + 128)
        to_a, to_b = abs(a - row - _HALF), abs(b - column - _HALF)
        is_near[i] = max(to_a, to_b) > _HALF - _NEAR


@compiled
def mark_cells(cells: Any, seen: Any) -> None:
    """Set seen[cell] for each of some cells."""
    for i in range(cells.shape[0]):
        seen[cells[i]] = True
