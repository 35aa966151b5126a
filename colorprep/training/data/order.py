"""Random orders and their parts, as pure functions of seed, epoch, step and rank.

The raw output of a counter-based generator, keyed by (seed, epoch), is sorted. numpy guarantees
the raw output of a bit generator in all of its versions, but not the numbers that it derives from
it. So an order never changes, and does not depend on earlier epochs.

References
----------
Salmon, Moraes, Dror, Shaw, SC 2011 (Philox). Efraimidis, Spirakis, Inf. Proc. Letters 2006
(weighted sampling without replacement).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...color.lab import Floats

MOST_SEED = 2**64 - 1

Indices = NDArray[np.intp]


def shuffled(n: int, seed: int, epoch: int) -> Indices:
    """Return 0 to n - 1 in random order.

    Parameters
    ----------
    seed, epoch : int
        0 to 2^64 - 1.

    Returns
    -------
    ndarray of shape (n,), intp

    Examples
    --------
    >>> shuffled(8, seed=7, epoch=3).tolist()
    [2, 5, 7, 3, 0, 6, 4, 1]
    """
    return np.argsort(_philox(seed, epoch).random_raw(n), kind="stable")


def shuffled_shards(n: int, seed: int, epoch: int) -> Indices:
    """Return 0 to n - 1 in random order, by other words than `shuffled` and `weighted_choice`."""
    return np.argsort(_philox(seed, epoch).jumped(2).random_raw(n), kind="stable")


def weighted_choice(weights: Floats, n_chosen: int, seed: int, epoch: int) -> Indices:
    """Choose at random, without replacement, with probability proportional to weights.

    Parameters
    ----------
    weights : ndarray of shape (n,), float64
        0 or more; items of weight 0 are chosen only when no others are left.
    seed, epoch : int
        0 to 2^64 - 1.

    Returns
    -------
    ndarray of shape (min(n, n_chosen),), intp
        In the order in which they were drawn, each in proportion to the weights of the remaining
        items.

    Examples
    --------
    >>> weighted_choice(np.array([0.0, 1.0, 8.0, 1.0]), 2, seed=0, epoch=0).tolist()
    [2, 3]

    Notes
    -----
    Sorts exponential variables divided by the weights; their random words are not those of
    `shuffled`.
    """
    words = _philox(seed, epoch).jumped().random_raw(len(weights))
    uniform = ((words >> np.uint64(11)) + 0.5) * 2.0**-53
    with np.errstate(divide="ignore"):
        waiting = -np.log(uniform) / weights
    return np.argsort(waiting, kind="stable")[:n_chosen]


def n_steps(n_images: int, batch_size: int, world_size: int, fewest: int = 1) -> int:
    """Return the number of steps of an epoch, the same on every rank.

    Parameters
    ----------
    batch_size : int
        Of one rank.
    world_size : int
        The number of ranks.
    fewest : int
        The smallest number of images of a rank in a step.

    Returns
    -------
    int
        A remainder that leaves a rank fewer images than `fewest` is merged with the previous
        step.
    """
    steps, rest = divmod(n_images, batch_size * world_size)
    return steps + (rest >= fewest * world_size) if steps else int(n_images > 0)


def rank_step(
    order: Indices, step: int, batch_size: int, rank: int, world_size: int, fewest: int = 1
) -> Indices:
    """Return the images of one rank in one step.

    Parameters
    ----------
    order : ndarray of shape (n,), intp
        Of the whole epoch, the same on every rank.
    batch_size, world_size, fewest : int
        See `n_steps`.

    Returns
    -------
    ndarray of intp
        `batch_size` images, except in the last step. There ranks share the rest evenly: their
        numbers of images differ by one at most, and may exceed `batch_size` by up to `fewest`.
    """
    whole = batch_size * world_size
    last = step == n_steps(len(order), batch_size, world_size, fewest) - 1
    return order[step * whole : None if last else (step + 1) * whole][rank::world_size]


def _philox(seed: int, epoch: int) -> np.random.Philox:
    return np.random.Philox(key=np.array([seed, epoch], np.uint64))
