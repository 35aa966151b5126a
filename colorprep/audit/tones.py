"""Gray and toned images: no color, or color that lightness alone explains.

An image is **gray** if nearly all of it has next to no chroma. It is **toned** if it has color, but
each pixel's color follows from its lightness: sepia, cyanotype, selenium and other one-ink prints
and filters, a point or a curve in ab. Two published rules for gray images are here as well.

Toning is measured in the plane of Cb and Cr, not of a and b. There, what JPEG does to color
(averaging over neighbors) is linear, so the fit can do the same: with f(Y) piecewise linear, the
mean color of a block of pixels is the mean of f(Y) over its pixels. What remains of a toned image
is the noise of compression; photographs leave far more.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.ab import ab_of_pixels
from ..color.lab import Floats
from .blocks import block_means, residuals

GRAY_QUANTILE = 0.99
GRAY_CHROMA = 4.0  # CIELAB units; about twice the just noticeable difference
PUBLISHED_AB = 5.0  # the threshold of both published rules
PUBLISHED_STRIDE = 4

TONED_QUANTILE = 0.98
TONED_MIN_SIDE = 32  # pixels; with fewer there are too few blocks to judge
# The noise of a block's mean, in levels: a constant, a part that falls with the block's side, and
# one that grows with the color, since JPEG loses its fine detail.
NOISE, NOISE_OF_SIDE, NOISE_OF_CHROMA = 0.7, 5.5, 0.1
STRONGEST_TONING = 50.0  # levels of Cb and Cr; a stronger cast is a colored scene, not a print

_BLOCKS = 16  # across and down, of at least _MIN_BLOCK pixels a side
_MIN_BLOCK = 4


class PublishedRules(NamedTuple):
    """Whether an image is gray by two published rules.

    Attributes
    ----------
    zhang_mask : bool
        By the mask of Zhang et al. 2016: neither a nor b leaves -5..5.
    ab_range : bool
        By colorization-pytorch: the ranges of a and b together are below 5.
    """

    zhang_mask: bool
    ab_range: bool


class Toning(NamedTuple):
    """How far color follows from lightness, in 8-bit levels of Cb and Cr.

    Attributes
    ----------
    residual : float
        Distance from the color that lightness predicts, which 98% of the blocks do not exceed.
    limit : float
        The residual that compression alone may leave.
    chroma : float
        Mean distance from gray.
    """

    residual: float
    limit: float
    chroma: float

    @property
    def is_toned(self) -> bool:
        """Whether lightness explains the color, and the color is no stronger than toning's."""
        return self.residual <= self.limit and self.chroma <= STRONGEST_TONING


def chroma_quantile(rgb: NDArray[np.uint8]) -> float:
    """Return the chroma that 99% of an image do not exceed; up to `GRAY_CHROMA` it is gray.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        Reduced to about 64 x 64, so that single noisy pixels do not count.

    Returns
    -------
    float
        In CIELAB units.

    Examples
    --------
    >>> ramp = np.linspace(0, 255, 256).astype(np.uint8).reshape(16, 16)
    >>> round(chroma_quantile(np.stack([ramp] * 3, axis=-1)), 2)
    0.01
    """
    a, b = ab_of_pixels(rgb)
    return _not_exceeded(np.sqrt(a * a + b * b).ravel(), GRAY_QUANTILE)


def published_rules(rgb: NDArray[np.uint8]) -> PublishedRules:
    """Judge by two published rules whether an image is gray.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        At the size at which the published systems see it, 256 x 256.

    References
    ----------
    Zhang, Isola, Efros 2016, the layer NonGrayMask: every fourth row and column counts. Zhang et
    al. 2017, as in colorization-pytorch: all pixels count.

    Examples
    --------
    >>> published_rules(np.full((16, 16, 3), 128, np.uint8))
    PublishedRules(zhang_mask=True, ab_range=True)
    >>> published_rules(np.full((16, 16, 3), [120, 90, 60], np.uint8))
    PublishedRules(zhang_mask=False, ab_range=True)
    """
    zhang_mask = ab_range = True
    for stride in (4 * PUBLISHED_STRIDE, PUBLISHED_STRIDE, 1):
        # Both rules look at extremes, so the first few pixels clear nearly every photograph.
        ab = ab_of_pixels(rgb[::stride, ::stride])
        if stride >= PUBLISHED_STRIDE:
            zhang_mask = zhang_mask and bool(np.abs(ab).max() <= PUBLISHED_AB)
        ab_range = ab_range and float(np.ptp(ab, axis=(1, 2)).sum()) < PUBLISHED_AB
        if not zhang_mask and not ab_range:
            break
    return PublishedRules(zhang_mask, ab_range)


def toning(rgb: NDArray[np.uint8]) -> Toning | None:
    """Measure how well lightness explains an image's color.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
        At native size.

    Returns
    -------
    Toning or None
        None if a side is under 32 pixels.

    Notes
    -----
    The image is cut into up to 16 x 16 blocks. With hat functions h_k of luma, the means of a
    block are m_k = mean h_k(Y) and c = mean (Cb, Cr); the color f_k at each knot minimizes
    sum rho(c - sum_k m_k f_k) plus a penalty on its second differences, rho being Huber's loss
    of the distance. The noise allowed falls with the pixels of a block and grows with the color.

    Examples
    --------
    >>> ramp = np.linspace(0, 215, 4096).reshape(64, 64, 1)
    >>> sepia = (ramp + [40, 20, 0]).astype(np.uint8)
    >>> colors = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    >>> toning(sepia).is_toned, toning(colors.repeat(8, 0).repeat(8, 1)).is_toned
    (True, False)
    """
    height, width = rgb.shape[:2]
    if min(height, width) < TONED_MIN_SIDE:
        return None
    n = min(_BLOCKS, min(height, width) // _MIN_BLOCK)
    hats, color = block_means(rgb, n)
    chroma = float(np.hypot(color[:, 0], color[:, 1]).mean())
    side = (height * width) ** 0.5 / n
    limit = (NOISE + NOISE_OF_SIDE / side) * (1.0 + NOISE_OF_CHROMA * chroma)
    return Toning(_not_exceeded(residuals(hats, color), TONED_QUANTILE), limit, chroma)


def _not_exceeded(values: Floats, fraction: float) -> float:
    """Return the smallest of the values that this fraction of them does not exceed."""
    place = ceil(fraction * len(values)) - 1
    return float(np.partition(values, place)[place])
