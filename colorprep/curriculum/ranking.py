"""The order of images, from the highest score to the lowest, whole or stratum by stratum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from .scoring import N_SECTORS

LEAST_SHARE = 0.05  # of an image's pixels that make a color one of the image's own


def ranked(scores: Floats, keys: Sequence[str]) -> NDArray[np.intp]:
    """Return the order from the highest score on; equal scores in order of their keys.

    Parameters
    ----------
    scores : ndarray of shape (n,), float64
    keys : sequence of str

    Returns
    -------
    ndarray of shape (n,), intp
        Indices into both.
    """
    by_key = _order_of_keys(keys)
    return by_key[np.argsort(-scores[by_key], kind="stable")]


def ranked_by_strata(
    scores: Floats, keys: Sequence[str], strata: NDArray[np.int64]
) -> NDArray[np.intp]:
    """Return an order in which every beginning holds each stratum in its share of the whole.

    Parameters
    ----------
    scores : ndarray of shape (n,), float64
    keys : sequence of str
    strata : ndarray of shape (n,), int64
        From 0 on.

    Returns
    -------
    ndarray of shape (n,), intp
        Within a stratum in order of `ranked`. Rank r of the s images of a stratum stands at
        (r - 1/2) / s of the whole; where strata stand at the same place, the higher score is
        first.
    """
    order = ranked(scores, keys)
    strata = strata[order]
    position = np.empty(len(order))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    return order[np.argsort(position, kind="stable")]


def color_strata(sectors: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Return the stratum of each image: the rarest color that it has enough of.

    Parameters
    ----------
    sectors : ndarray of shape (n, 13), uint16
        Pixels by hue sector, and near gray, see `colorprep.curriculum.scoring`.

    Returns
    -------
    ndarray of shape (n,), int64
        Of the groups that hold a twentieth of the image, the one that has fewest pixels in all
        images together.
    """
    totals = sectors.sum(axis=0, dtype=np.int64)
    rarest_first = np.argsort(totals, kind="stable")
    enough = sectors >= LEAST_SHARE * sectors.sum(axis=1, dtype=np.int64, keepdims=True)
    assert sectors.shape[1] == N_SECTORS + 1  # so that one of them holds a thirteenth
    strata: NDArray[np.int64] = rarest_first[np.argmax(enough[:, rarest_first], axis=1)]
    return strata


def _order_of_keys(keys: Sequence[str]) -> NDArray[np.intp]:
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), np.intp)
