"""Which points of the ab lattice are bins.

A lattice point is a bin if and only if the closed square of half-side `step` around it meets the
convex hull of the ab projection of the sRGB cube. At step 10 these are the 313 points of Zhang et
al. 2016, in their order; the rule was found by testing every plausible one against those points.

References
----------
Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016 (the 313 bins; no rule is given).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats, rgb_to_lab
from ..errors import InputError

AB_REACH = 110  # the published lattice spans -110..110 on both axes
CUBE_SAMPLES = 33  # per channel; 5 already give the same 313 points


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
    normals, offsets = _padded_hull(step)
    points = square_lattice(step)
    # A tolerance of 1e-9 keeps points on the border; at step 10 none is closer to it than 0.07.
    inside = np.all(points @ normals.T + offsets <= 1e-9, axis=1)
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


@cache
def _padded_hull(step: int) -> tuple[Floats, Floats]:
    """Return the half-planes of the gamut's convex hull, padded by a square of half-side `step`."""
    from scipy.spatial import ConvexHull  # slow to import, and only needed here

    ramp = np.linspace(0.0, 1.0, CUBE_SAMPLES)
    cube = np.stack(np.meshgrid(ramp, ramp, ramp, indexing="ij"), axis=-1)
    ab = rgb_to_lab(cube)[..., 1:].reshape(-1, 2)
    corners = step * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    hull = ConvexHull((ab[:, None] + corners).reshape(-1, 2))
    return hull.equations[:, :2], hull.equations[:, 2]
