"""Blurring the color of an image, so that a network need predict coarse color only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

Floats = NDArray[np.float64]


def lowpass(plane: Floats, factor: float) -> Floats:
    """Remove detail smaller than `factor` pixels, as colorizer-fcn does in its targets.

    Parameters
    ----------
    plane : ndarray of shape (H, W, 2), float64
        Colors in a plane without a seam: (a, b) or (C cos h, C sin h). Blurring hue itself would
        turn the border between two reds cyan.
    factor : float
        1 or more.

    Returns
    -------
    ndarray of shape (H, W, 2), float64
        Blurred by a Gaussian of sigma = factor pixels, downsampled by the factor and upsampled
        again, both linearly.

    Raises
    ------
    InputError
        If the factor is below 1.

    Examples
    --------
    >>> plane = np.zeros((16, 16, 2))
    >>> plane[8, 8] = 100  # one pixel of color
    >>> float(lowpass(plane, 2).max().round(1))
    3.2
    """
    if not factor >= 1:
        raise InputError(f"the low-pass factor must be 1 or more, got {factor}")
    # These take a third of a second to import; only commands that blur should wait for that.
    from scipy.ndimage import gaussian_filter
    from skimage.transform import resize

    height, width = plane.shape[:2]
    small = (max(1, round(height / factor)), max(1, round(width / factor)))
    blurred = gaussian_filter(plane, (factor, factor, 0), mode="nearest")
    reduced = resize(blurred, small, order=1, mode="edge", anti_aliasing=False)
    out: Floats = resize(reduced, (height, width), order=1, mode="edge", anti_aliasing=False)
    return out
