"""Ranking images from the highest score to the lowest, overall or stratum by stratum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from .scoring import N_SECTORS

MIN_FRACTION = 0.05  # of an image's pixels; an image belongs to no stratum of a rarer color


def ranked(scores: Floats, keys: Sequence[str]) -> NDArray[np.intp]:
    """Return the order from the highest score to the lowest; equal scores by key.

    Parameters
    ----------
    scores : ndarray of shape (n,), float64
    keys : sequence of str

    Returns
    -------
    ndarray of shape (n,), intp
        Indices into both.

    Examples
    --------
    >>> ranked(np.array([0.2, 0.9, 0.2]), ["b.jpg", "c.jpg", "a.jpg"])
    array([1, 2, 0])
    """
    by_key = _order_of_keys(keys)
    return by_key[np.argsort(-scores[by_key], kind="stable")]


def ranked_by_strata(
    scores: Floats, keys: Sequence[str], strata: NDArray[np.int64]
) -> NDArray[np.intp]:
    """Return an order whose every prefix holds the strata in proportion to their sizes.

    Parameters
    ----------
    scores : ndarray of shape (n,), float64
    keys : sequence of str
    strata : ndarray of shape (n,), int64
        The stratum of each image, 0 or more.

    Returns
    -------
    ndarray of shape (n,), intp
        Within a stratum, images are in the order of `ranked`. Number r of the s images of a
        stratum comes at (r - 1/2) / s of the whole; ties between strata go to the higher score.

    Examples
    --------
    >>> scores = np.array([0.9, 0.8, 0.7, 0.6, 0.2, 0.1])
    >>> ranked_by_strata(scores, list("abcdef"), np.array([0, 0, 0, 0, 1, 1]))
    array([0, 4, 1, 2, 5, 3])
    """
    order = ranked(scores, keys)
    strata = strata[order]
    position = np.empty(len(order))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    return order[np.argsort(position, kind="stable")]


def color_strata(sectors: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Return the stratum of each image: the rarest of the colors that it has enough of.

    Parameters
    ----------
    sectors : ndarray of shape (n, 13), uint16
        Pixels by hue sector, and near gray, see `colorprep.curriculum.scoring`.

    Returns
    -------
    ndarray of shape (n,), int64
        Of the columns that hold at least a twentieth of the image's pixels, the one with the
        fewest pixels in all images together.
    """
    totals = sectors.sum(axis=0, dtype=np.int64)
    rarest_first = np.argsort(totals, kind="stable")
    enough = sectors >= MIN_FRACTION * sectors.sum(axis=1, dtype=np.int64, keepdims=True)
    assert sectors.shape[1] == N_SECTORS + 1  # so at least one of them holds a thirteenth
    strata: NDArray[np.int64] = rarest_first[np.argmax(enough[:, rarest_first], axis=1)]
    return strata


def _order_of_keys(keys: Sequence[str]) -> NDArray[np.intp]:
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.intp)
