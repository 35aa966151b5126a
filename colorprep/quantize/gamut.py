"""Which points of the ab lattice are bins.

A lattice point is a bin if and only if the closed square of half-side `step` around it meets the
convex hull of the ab projection of the sRGB cube. At step 10 these are the 313 points of Zhang et
al. 2016, in their order; the rule was found by testing every plausible one against those points.

References
----------
Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016 (the 313 bins; no rule is given).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats, rgb_to_lab
from ..errors import InputError

AB_REACH = 110  # the published lattice spans -110..110 on both axes
EDGE_SAMPLES = 32  # of each curved edge; 4 already give the same 313 points


def gamut_lattice(step: int) -> NDArray[np.int64]:
    """Return the lattice points that are bins of the sRGB gamut.

    Parameters
    ----------
    step : int
        Distance of neighboring lattice points in CIELAB units, 2 to 55.

    Returns
    -------
    ndarray of shape (Q, 2), int64
        (a, b), a ascending, then b ascending. 313 rows at step 10.

    Raises
    ------
    InputError
        If `step` is outside 2..55: a finer quantizer would be finer than 8-bit color, a coarser
        one useless.

    Examples
    --------
    >>> points = gamut_lattice(10)
    >>> points.shape, points[0].tolist(), points[120].tolist()
    ((313, 2), [-90, 50], [0, 0])
    """
    if not 2 <= step <= 55:
        raise InputError(f"the lattice step must be from 2 to 55 CIELAB units, got {step}")
    normals, distances = _padded_hull(step)
    points = square_lattice(step)
    # A tolerance of 1e-9 keeps points on the border; at step 10 none is closer to it than 0.07.
    inside = np.all(points @ normals.T <= distances + 1e-9, axis=1)
    return points[inside]


def square_lattice(step: int, reach: int = AB_REACH) -> NDArray[np.int64]:
    """Return all lattice points of the square that covers the ab plane.

    Parameters
    ----------
    step : int
        Distance of neighboring points in CIELAB units.
    reach : int
        The square spans at least -reach..reach on both axes.

    Returns
    -------
    ndarray of shape (n * n, 2), int64
        (a, b), a ascending, then b ascending; 23 x 23 at step 10.
    """
    count = -(-reach // step)
    ticks = step * np.arange(-count, count + 1)
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)


def _padded_hull(step: int) -> tuple[Floats, Floats]:
    """Return the half-planes of the gamut's convex hull, padded by a square of half-side `step`.

    Returns
    -------
    normals : ndarray of shape (n, 2), float64
        Of the sides of the hull and of the square, outwards, of length 1.
    distances : ndarray of shape (n,), float64, CIELAB units
        Of the sides from the origin.
    """
    corners = hull_corners()
    sides = np.roll(corners, -1, axis=0) - corners
    outwards = np.column_stack([sides[:, 1], -sides[:, 0]])
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    normals = np.vstack([outwards, [[1, 0], [0, 1], [-1, 0], [0, -1]]])
    distances = (corners @ normals.T).max(axis=0) + step * np.abs(normals).sum(axis=1)
    return normals, distances


def hull_corners() -> Floats:
    """Return the corners of the convex hull of the gamut in the ab plane, counterclockwise.

    The most saturated colors surround the gamut: edges of the RGB cube, in the order of hues. Those
    from green to cyan and from cyan to blue bulge; the others lie inside the hull of their ends.
    """
    rise = np.arange(EDGE_SAMPLES) / EDGE_SAMPLES
    none, full = np.zeros(EDGE_SAMPLES), np.ones(EDGE_SAMPLES)
    blue_to_yellow = [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    green_to_cyan = np.column_stack([none, full, rise])
    cyan_to_blue = np.column_stack([none, 1.0 - rise, full])
    return rgb_to_lab(np.vstack([blue_to_yellow, green_to_cyan, cyan_to_blue]))[:, 1:]
