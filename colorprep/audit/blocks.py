"""How well the mean colors of an image's blocks follow from their luma: the sums and the fit.

What this says about an image is decided in `colorprep.audit.tones`. The loops are compiled, run
without the interpreter's lock, and sum integers, so results do not depend on their order.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..color.luma import BLUE, GREEN, RED
from ..compiling import compiled_as_numpy

KNOTS = 17  # of the color as a function of luma, evenly spaced

_RAMPS = KNOTS - 1
_STEP = 64  # from knot to knot; luma is in quarters of a level here
_STRIP = 64  # rows; sums over the columns of so many fit into 16 bits
_SMOOTHNESS = 1e-3
_ROBUST = 1.5  # levels; blocks farther off count less
_ROUNDS = 4
_BLUE_DIFFERENCE, _RED_DIFFERENCE = 0.564, 0.713  # BT.601: B - Y and R - Y to Cb, Cr


def block_means(rgb: NDArray[np.uint8], n: int) -> tuple[Floats, Floats]:
    """Return the means over blocks of the hat functions of luma, and of Cb and Cr.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    n : int
        Number of blocks across, and down.

    Returns
    -------
    hats : ndarray of shape (n^2, 17), float64
        Each row sums to 1.
    color : ndarray of shape (n^2, 2), float64
        Cb and Cr in 8-bit levels, 0 for gray.

    Notes
    -----
    A hat function is a second difference of ramps max(Y - knot, 0), and a sum of ramps takes two
    vector instructions where hats must be looked up.
    """
    rows, columns = (-(-np.arange(n + 1) * side // n) for side in rgb.shape[:2])
    ramps, sums = np.zeros((n * n, _RAMPS + 3), np.int64), np.zeros((n * n, 3), np.int64)
    _add_blocks(np.ascontiguousarray(rgb), rows, columns, ramps[:, 1:-2], sums)
    total = _STEP * np.outer(np.diff(rows), np.diff(columns)).reshape(-1, 1)
    ramps[:, :1] = ramps[:, 1:2] + total  # of the knot below black
    luma = sums @ np.array([RED, GREEN, BLUE])
    blue, red = 256 * sums[:, 2] - luma, 256 * sums[:, 0] - luma
    scale = np.array([_BLUE_DIFFERENCE, _RED_DIFFERENCE]) * (_STEP / 256)
    return np.diff(ramps, 2) / total, np.stack([blue, red], axis=1) / total * scale


def residuals(hats: Floats, color: Floats) -> Floats:
    """Return how far the colors of blocks are from those that luma predicts.

    Parameters
    ----------
    hats, color : ndarray
        From `block_means`.

    Returns
    -------
    ndarray of shape (n^2,), float64
        Distances from the robust fit that `colorprep.audit.tones.toning` describes, in levels.
    """
    missed = np.empty(len(hats))
    _fit(np.concatenate([hats, color], axis=1), len(hats) * _second_differences(), missed)
    return missed


@cache
def _second_differences() -> Floats:
    """Return the quadratic form that keeps the fit smooth, and defined where there is no luma."""
    second = np.diff(np.eye(KNOTS), 2, axis=0)
    return _SMOOTHNESS * second.T @ second + 1e-11 * np.eye(KNOTS)


@compiled_as_numpy
def _add_blocks(rgb: Any, rows: Any, columns: Any, ramps: Any, sums: Any) -> None:
    """Add to each block the ramps of luma, in quarters of a level, and R, G and B.

    Columns are summed over a strip of rows first, since only long loops are fast.
    """
    n, width = rows.shape[0] - 1, rgb.shape[1]
    luma, of_columns = np.empty((_STRIP, width), np.uint16), np.empty((_RAMPS, width), np.uint16)
    colors = np.empty(3 * width, np.uint16)
    for i in range(n):
        for top in range(rows[i], rows[i + 1], _STRIP):
            strip = rgb[top : min(top + _STRIP, rows[i + 1])]
            _add_columns(strip, luma, of_columns, colors)
            for k in range(n):
                left, right = columns[k], columns[k + 1]
                for knot in range(_RAMPS):
                    ramps[i * n + k, knot] += _total(of_columns[knot, left:right])
                _add_colors(colors[3 * left : 3 * right], sums[i * n + k])


@compiled_as_numpy
def _add_columns(rgb: Any, luma: Any, ramps: Any, colors: Any) -> None:
    """Write the sums over the rows of the ramps of luma, by knot and column, and of the colors."""
    height, width = rgb.shape[:2]
    ramps[:], colors[:] = 0, 0
    luma[height : height + 3] = 0  # rows that four at a time may reach, and that add nothing
    for i in range(height):
        line, y = rgb[i].reshape(-1), luma[i]
        for j in range(width):
            of_red_and_green = RED * np.uint32(line[3 * j]) + GREEN * np.uint32(line[3 * j + 1])
            y[j] = (of_red_and_green + BLUE * np.uint32(line[3 * j + 2])) >> 6
        for j in range(3 * width):
            colors[j] += line[j]
    for k in range(_RAMPS):
        ramp, knot = ramps[k], np.uint16(_STEP * k)
        for i in range(0, height, 4):  # so many sums before one is stored
            first, second, third, fourth = luma[i], luma[i + 1], luma[i + 2], luma[i + 3]
            for j in range(width):
                above = _above(first[j], knot) + _above(second[j], knot)
                ramp[j] += above + _above(third[j], knot) + _above(fourth[j], knot)


@compiled_as_numpy
def _above(luma: Any, knot: Any) -> Any:
    return np.uint16(max(luma, knot) - knot)


@compiled_as_numpy
def _total(values: Any) -> Any:
    total = np.uint32(0)
    for j in range(values.shape[0]):
        total = np.uint32(total + values[j])
    return total


@compiled_as_numpy
def _add_colors(colors: Any, sums: Any) -> None:
    red, green, blue = np.uint32(0), np.uint32(0), np.uint32(0)
    for j in range(0, colors.shape[0], 3):
        red, green = np.uint32(red + colors[j]), np.uint32(green + colors[j + 1])
        blue = np.uint32(blue + colors[j + 2])
    sums[0], sums[1], sums[2] = sums[0] + red, sums[1] + green, sums[2] + blue


@compiled_as_numpy
def _fit(blocks: Any, penalty: Any, missed: Any) -> None:
    """Write each block's distance from a robust fit; `blocks` has its 17 hats, then Cb and Cr."""
    equations, weights = np.empty((KNOTS, KNOTS + 2)), np.ones(blocks.shape[0])
    for _ in range(_ROUNDS):
        equations[:, :KNOTS], equations[:, KNOTS:] = penalty, 0.0
        for i in range(blocks.shape[0]):
            for k in range(KNOTS):
                weighted = weights[i] * blocks[i, k]
                if weighted != 0.0:
                    for j in range(k, KNOTS + 2):
                        equations[k, j] += weighted * blocks[i, j]
        _solve(equations)
        for i in range(blocks.shape[0]):
            blue, red = blocks[i, KNOTS], blocks[i, KNOTS + 1]
            for k in range(KNOTS):
                blue -= blocks[i, k] * equations[k, KNOTS]
                red -= blocks[i, k] * equations[k, KNOTS + 1]
            missed[i] = math.sqrt(blue * blue + red * red)
            weights[i] = _ROBUST / max(missed[i], _ROBUST)


@compiled_as_numpy
def _solve(equations: Any) -> None:
    """Solve equations of a positive definite matrix, of which only the upper half is read.

    The solutions replace the last two columns, which hold the right sides.
    """
    for k in range(KNOTS):
        for i in range(k + 1, KNOTS):
            factor = equations[k, i] / equations[k, k]
            for j in range(i, KNOTS + 2):
                equations[i, j] -= factor * equations[k, j]
    for k in range(KNOTS - 1, -1, -1):
        for side in range(KNOTS, KNOTS + 2):
            for j in range(k + 1, KNOTS):
                equations[k, side] -= equations[k, j] * equations[j, side]
            equations[k, side] /= equations[k, k]
