"""Decoding: from a distribution over bins back to one color.

Three ways, from the most vivid to the most cautious: the mode, the annealed mean, the mean. A
distribution is over all bins, which share one list of centers, or, like a soft label, over a few
bins per pixel; then the centers are given per pixel, too.

References
----------
Zhang, Isola, Efros, ECCV 2016, section 2.3, equation 5 (annealed mean, T = 0.38).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.hue_chroma import from_chroma_plane, to_chroma_plane
from ..color.lab import Floats
from ..errors import InputError

TEMPERATURE = 0.38


def mode(probs: NDArray[Any], centers: Floats) -> Floats:
    """Return the center of the likeliest bin; of equally likely ones the first.

    Parameters
    ----------
    probs : ndarray of shape (..., Q)
        Probabilities, or any increasing function of them, such as logits.
    centers : ndarray of shape (Q, 2) or (..., Q, 2), float64

    Returns
    -------
    ndarray of shape (..., 2), float64
    """
    likeliest = np.argmax(probs, axis=-1)
    if centers.ndim > 2:
        return np.take_along_axis(centers, likeliest[..., None, None], axis=-2)[..., 0, :]
    chosen: Floats = centers[likeliest]
    return chosen


def mean(probs: NDArray[Any], centers: Floats) -> Floats:
    """Return the expectation of the centers.

    Parameters
    ----------
    probs : ndarray of shape (..., Q), summing to 1 on the last axis
    centers : ndarray of shape (Q, 2) or (..., Q, 2), float64

    Returns
    -------
    ndarray of shape (..., 2), float64
    """
    probs = np.asarray(probs, np.float64)
    if centers.ndim > 2:
        return np.asarray(np.einsum("...q,...qc->...c", probs, centers))
    return probs @ centers


def anneal(probs: NDArray[Any], temperature: float = TEMPERATURE) -> Floats:
    """Sharpen distributions: p^(1/T), normalized.

    Parameters
    ----------
    probs : ndarray of shape (..., Q), nonnegative, each row with a positive entry
    temperature : float
        Above 0; 1 changes nothing, and towards 0 only the mode is left.

    Returns
    -------
    ndarray of shape (..., Q), float64, summing to 1

    Raises
    ------
    InputError
        If the temperature is not above 0.

    Notes
    -----
    Each distribution is divided by its largest entry first: nothing overflows, and zeros stay 0.

    Examples
    --------
    >>> anneal(np.array([0.6, 0.4]), 0.38).round(3).tolist()
    [0.744, 0.256]
    """
    if not temperature > 0:
        raise InputError(f"the temperature must be above 0, got {temperature}; use the mode for 0")
    probs = np.asarray(probs, np.float64)
    sharp = (probs / probs.max(axis=-1, keepdims=True)) ** (1.0 / temperature)
    annealed: Floats = sharp / sharp.sum(axis=-1, keepdims=True)
    return annealed


def annealed_mean(probs: NDArray[Any], centers: Floats, temperature: float = TEMPERATURE) -> Floats:
    """Return the expectation of the centers under the annealed distribution.

    Parameters
    ----------
    probs : ndarray of shape (..., Q), nonnegative
    centers : ndarray of shape (Q, 2) or (..., Q, 2), float64
    temperature : float
        Above 0.

    Returns
    -------
    ndarray of shape (..., 2), float64

    Raises
    ------
    InputError
        If the temperature is not above 0.

    Examples
    --------
    >>> annealed_mean(np.array([0.6, 0.4]), np.array([[0.0, 0.0], [50.0, 0.0]])).round(1).tolist()
    [12.8, 0.0]
    """
    return mean(anneal(probs, temperature), centers)


def entropy(probs: NDArray[Any]) -> Floats:
    """Return the entropy of distributions, in nats.

    Parameters
    ----------
    probs : ndarray of shape (..., Q), nonnegative, summing to 1 on the last axis

    Returns
    -------
    ndarray of shape (...,), float64
        From 0, for one certain bin, to ln Q, for equally likely bins.

    Examples
    --------
    >>> entropy(np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])).round(3).tolist()
    [0.693, 0.0]
    """
    probs = np.asarray(probs, np.float64)
    terms = np.where(probs > 0, probs, 1.0)
    return np.asarray(-(probs * np.log(terms)).sum(axis=-1)) + 0.0  # not -0.0


def decode_probs(probs: NDArray[Any], centers: Floats, how: str, temperature: float) -> Floats:
    """Decode by name: ``mode``, ``mean`` or ``annealed-mean``.

    Parameters
    ----------
    probs : ndarray of shape (..., Q), nonnegative
    centers : ndarray of shape (Q, 2) or (..., Q, 2), float64
    temperature : float
        Used by the annealed mean only.

    Returns
    -------
    ndarray of shape (..., 2), float64

    Raises
    ------
    InputError
        If `how` is unknown, or the temperature is not above 0.
    """
    if how == "mode":
        return mode(probs, centers)
    if how == "mean":
        return mean(probs, centers)
    if how == "annealed-mean":
        return annealed_mean(probs, centers, temperature)
    raise InputError(f"decoding must be mode, mean or annealed-mean, got {how!r}")


def decode_hue_chroma(probs: NDArray[Any], centers: Floats, how: str, temperature: float) -> Floats:
    """Decode bins of hue and chroma, averaging hues on their circle.

    Parameters
    ----------
    probs : ndarray of shape (..., Q), nonnegative
    centers : ndarray of shape (Q, 2) or (..., Q, 2), float64
        Hue in turns and chroma.
    how : str
        ``mode``, ``mean`` or ``annealed-mean``.
    temperature : float
        Used by the annealed mean only.

    Returns
    -------
    ndarray of shape (..., 2), float64
        Hue in [0, 1) and chroma.

    Raises
    ------
    InputError
        As `decode_probs`.
    """
    if how == "mode":
        return mode(probs, centers)
    return from_chroma_plane(decode_probs(probs, to_chroma_plane(centers), how, temperature))
