"""Duplicates: whether two images show the same picture, and which images form a set.

Two images are aligned, where either may be cropped by up to 6% at each side, and their overlap is
compared: as a whole, and in its fine detail alone. One sky resembles another as a whole, but not in
its detail. Images without detail are never called duplicates.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats

SIDE = 64
MAX_CUT = 0.06  # of the width or height, at each side
MIN_CORRELATION = 0.9
# Different images reached 0.63 (two frames of a series); copies had 0.68 or more.
MIN_DETAIL_CORRELATION = 0.65
MIN_DETAIL = 2.0  # 8-bit levels

_BLURS = (4.0, 1.0)  # pixels; coarse to fine, so that a large cut is not missed
_DETAIL_BLUR = 3.0
_STEPS = 8
_MAX_STEP = 0.03
_LAST_STEP = 1e-3  # below a fifteenth of a pixel, where nothing changes any more
_STIFFNESS = 25.0  # damping of the cuts, in squared levels; keeps plain images in place


class Similarity(NamedTuple):
    """How similar two images are where they overlap.

    Attributes
    ----------
    correlation : float
        Of their luma.
    detail_correlation : float
        Of their detail: luma minus its blur by three pixels.
    detail : float
        Standard deviation of the detail in 8-bit levels, the smaller of the two images'.
    """

    correlation: float
    detail_correlation: float
    detail: float

    @property
    def same_picture(self) -> bool:
        """Whether both images are copies of one picture."""
        return (
            self.correlation >= MIN_CORRELATION
            and self.detail_correlation >= MIN_DETAIL_CORRELATION
            and self.detail >= MIN_DETAIL
        )


def align_and_compare(first: Floats, second: Floats) -> Similarity:
    """Align two images and compare them where they overlap.

    Contrast and brightness may differ, so a gray or toned copy matches its original. Whether both
    show the same picture does not depend on which image comes first.

    Parameters
    ----------
    first, second : ndarray of shape (64, 64), float64
        Luma in 0..255.

    Examples
    --------
    >>> picture = np.random.default_rng(0).uniform(0, 255, (64, 64))
    >>> align_and_compare(picture, 20 + 0.8 * picture).same_picture
    True
    >>> align_and_compare(picture, picture.T).same_picture
    False
    """
    similarity = _compare_one_way(first, second)
    return similarity if similarity.same_picture else _compare_one_way(second, first)


class DisjointSets:
    """Sets of numbers, merged by joining pairs (union-find).

    Examples
    --------
    >>> sets = DisjointSets()
    >>> sets.join(1, 2), sets.join(2, 5), sets.join(1, 5)
    (True, True, False)
    >>> sets.sets()
    [[1, 2, 5]]
    """

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def join(self, first: int, second: int) -> bool:
        """Merge the sets of two numbers; return False if they were in one set already."""
        low, high = sorted((self._root(first), self._root(second)))
        self._parent[high] = low
        return low != high

    def joined(self, first: int, second: int) -> bool:
        """Return whether two numbers are in the same set."""
        return self._root(first) == self._root(second)

    def copy(self) -> DisjointSets:
        """Return an independent copy."""
        copied = DisjointSets()
        copied._parent = dict(self._parent)
        return copied

    def sets(self) -> list[list[int]]:
        """Return the sets of two or more numbers, each sorted, in order of their first numbers."""
        members: dict[int, list[int]] = {}
        for number in sorted(self._parent):
            members.setdefault(self._root(number), []).append(number)
        return [numbers for numbers in members.values() if len(numbers) > 1]

    def _root(self, number: int) -> int:
        parent = self._parent
        while parent.setdefault(number, number) != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number


def _compare_one_way(first: Floats, second: Floats) -> Similarity:
    cuts = _align(first, second)
    columns, _, overlap_columns = _sampling(cuts[0], cuts[1])
    rows, _, overlap_rows = _sampling(cuts[2], cuts[3])
    overlap = np.ix_(overlap_rows, overlap_columns)
    a, b = (rows @ first @ columns.T)[overlap], second[overlap]
    blur_rows, blur_columns = (_blur(n, _DETAIL_BLUR) for n in a.shape)
    fine_a, fine_b = (x - blur_rows @ x @ blur_columns.T for x in (a, b))
    detail = float(min(fine_a.std(), fine_b.std()))
    return Similarity(_correlation(a, b), _correlation(fine_a, fine_b), detail)


def _align(first: Floats, second: Floats) -> Floats:
    """Return how much to cut the first image at the left, right, top and bottom to fit the second.

    Lucas and Kanade's method: Gauss-Newton steps that minimize the squared difference over the
    four cuts, a gain and an offset. A negative cut means that the second image is cut instead.
    """
    cuts = np.zeros(4)
    place = (np.arange(SIDE) + 0.5) / SIDE
    stiffness = np.diag([_STIFFNESS] * 4 + [1e-9] * 2)
    for blur in (_blur(SIDE, width) for width in _BLURS):
        a, b = blur @ first @ blur.T, blur @ second @ blur.T
        for _ in range(_STEPS):
            columns, column_slopes, overlap_columns = _sampling(cuts[0], cuts[1])
            rows, row_slopes, overlap_rows = _sampling(cuts[2], cuts[3])
            sampled = rows @ a @ columns.T
            across, down = rows @ a @ column_slopes.T, row_slopes @ a @ columns.T
            moves = [across * (1 - place), -across * place]
            moves += [down * (1 - place)[:, None], -down * place[:, None]]
            parts = np.stack([*moves, sampled, np.ones_like(sampled)], axis=-1)
            overlap = np.ix_(overlap_rows, overlap_columns)
            parts, target = parts[overlap].reshape(-1, 6), b[overlap].ravel()
            normal = parts.T @ parts / len(parts) + stiffness
            solved = np.linalg.solve(normal, parts.T @ target / len(parts))
            gain = solved[4]
            if gain < 0.05:  # nothing in common
                break
            step = np.clip(solved[:4] / gain, -_MAX_STEP, _MAX_STEP)
            cuts = np.clip(cuts + step, -MAX_CUT, MAX_CUT)
            if np.abs(step).max() < _LAST_STEP:
                break
    return cuts


def _sampling(before: float, after: float) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the matrices that sample a cut line and its slopes, and which samples exist.

    Slopes are derivatives by position along the line, whose length is 1.
    """
    places = (before + (1 - before - after) * (np.arange(SIDE) + 0.5) / SIDE) * SIDE - 0.5
    exists = (places >= -0.5) & (places <= SIDE - 0.5)
    places = np.clip(places, 0, SIDE - 1)
    left = np.minimum(places.astype(np.int64), SIDE - 2)
    line = np.arange(SIDE)
    values, slopes = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    values[line, left], values[line, left + 1] = 1 - (places - left), places - left
    slopes[line, left], slopes[line, left + 1] = -SIDE, SIDE
    return values, slopes, exists


@cache
def _blur(length: int, width: float) -> Floats:
    """Return the matrix of a Gaussian blur of a line, normalized at the ends."""
    distance = np.subtract.outer(np.arange(length), np.arange(length)) / width
    weights = np.exp(-0.5 * distance**2)
    blurred: Floats = weights / weights.sum(axis=1, keepdims=True)
    return blurred


def _correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else 0.0
