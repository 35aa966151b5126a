"""Weighted means of neighboring pixels of a row, in vector instructions.

Three channels do not fill a vector, so compilers take numbers one by one. Here a pixel is loaded as
four bytes, of which the last one belongs to its neighbor and is dropped in the end, and two rows
are worked on together: one multiplication for eight numbers. This needs instructions of LLVM that
numba does not write by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from ..compiling import compiled

PLACES = 22  # binary places of weights
HALF = 1 << 21

_BYTE, _WORD, _SIZE = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_LANES = 4  # of a pixel

Means = Callable[[Any, Any, Any, Any], None]


def _means_of(n_rows: int) -> Means:
    """Return a function for compiled loops that makes a pixel of each of 1 or 2 rows.

    It takes the bytes of pixels, weights (m, k), the bytes of the output, and six int64: where the
    first pixel begins, and the bytes from row to row; which row of the weights is used, and how
    many weights it has; where the pixel is written, and the bytes from row to row.
    """

    def means(context: Any, pixels: Any, weights: Any, out: Any, numbers: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            source, row, target = (
                context.make_array(kind)(context, builder, array).data
                for kind, array in zip(signature.args[:3], arguments, strict=False)
            )
            start, pitch, which, n_taps, to, out_pitch = (
                builder.extract_value(arguments[3], i) for i in range(6)
            )
            first = builder.gep(source, [start])
            row = builder.gep(row, [builder.mul(which, n_taps)])
            sums = _weighted_sums(builder, first, pitch, row, n_taps, n_rows)
            places = ir.Constant(sums.type, [PLACES] * sums.type.count)
            narrow = ir.VectorType(_BYTE, sums.type.count)
            found = builder.trunc(builder.lshr(sums, places), narrow)
            for i in range(n_rows):
                place = builder.gep(target, [builder.add(to, builder.mul(out_pitch, _SIZE(i)))])
                channels = range(_LANES * i, _LANES * i + 3)
                _at(place, builder, _lanes(builder, found, found, channels))
            return context.get_dummy_value()

        return types.void(pixels, weights, out, numbers), generate

    return cast("Means", intrinsic(means))


def _weighted_sums(
    builder: Any, first: Any, pitch: Any, weights: Any, n_taps: Any, n_rows: int
) -> Any:
    """Write a loop over taps; return the sums of all channels, and of the bytes between."""
    vector = ir.VectorType(_WORD, _LANES * n_rows)
    before, loop, after = builder.block, *map(builder.append_basic_block, ("tap", "done"))
    builder.branch(loop)
    builder.position_at_end(loop)
    tap, sums = builder.phi(_SIZE), builder.phi(vector)
    tap.add_incoming(_SIZE(0), before)
    sums.add_incoming(ir.Constant(vector, [HALF] * vector.count), before)
    place = builder.gep(first, [builder.mul(tap, _SIZE(3))])
    pixels = _at(place, builder)
    if n_rows == 2:
        below = _at(builder.gep(place, [pitch]), builder)
        pixels = _lanes(builder, pixels, below, range(2 * _LANES))
    weight = builder.load(builder.gep(weights, [tap]))
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), weight, _WORD(0))
    weight = _lanes(builder, one, one, [0] * vector.count)
    added = builder.add(sums, builder.mul(builder.zext(pixels, vector), weight))
    following = builder.add(tap, _SIZE(1))
    tap.add_incoming(following, loop)
    sums.add_incoming(added, loop)
    builder.cbranch(builder.icmp_signed("<", following, n_taps), loop, after)
    builder.position_at_end(after)
    return added


def _lanes(builder: Any, a: Any, b: Any, which: Any) -> Any:
    """Return some lanes of two vectors, which count on from the first to the second."""
    chosen = list(which)
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_WORD, len(chosen)), chosen))


def _at(place: Any, builder: Any, pixel: Any = None) -> Any:
    """Load the four bytes at a place, or write a pixel there; it need not be aligned."""
    kind = ir.VectorType(_BYTE, _LANES) if pixel is None else pixel.type
    pointer = builder.bitcast(place, kind.as_pointer())
    done = builder.load(pointer) if pixel is None else builder.store(pixel, pointer)
    done.align = 1
    return done


_one_row, _two_rows = _means_of(1), _means_of(2)


@compiled
def resize_rows(pixels: Any, width: int, first: Any, weights: Any, out: Any) -> None:
    """Write the weighted means of the pixels of rows.

    Parameters
    ----------
    pixels : ndarray of shape (n,), uint8
        Rows of `width` pixels of three bytes, and at least 3 k + 1 bytes more.
    first : ndarray of shape (m,), uint32
        The first pixel of each mean.
    weights : ndarray of shape (m, k), uint32
        Of this pixel and the following ones, in units of 2^-22; they sum to 1.
    out : ndarray of shape (rows * m * 3,), uint8
    """
    size, n_taps = weights.shape
    pitch, out_pitch = 3 * width, 3 * size
    n_rows = out.shape[0] // out_pitch
    for i in range(0, n_rows, 2):
        for j in range(size):
            start, to = i * pitch + 3 * np.int64(first[j]), i * out_pitch + 3 * j
            numbers = start, pitch, j, n_taps, to, out_pitch
            if i + 1 < n_rows:
                _two_rows(pixels, weights, out, numbers)
            else:
                _one_row(pixels, weights, out, numbers)
