"""How well predicted segments, or any classes of pixels, agree with their targets.

All scores follow from a confusion matrix, so those of many images follow from the sum of their
matrices: every pixel counts equally, whatever its image.

References
----------
Long, Shelhamer, Darrell, CVPR 2015, section 5.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .bins import agreement

VOID = 255  # the target of pixels that do not count, as in the masks of PASCAL VOC


class SegmentScores(NamedTuple):
    """Scores from 0 to 1; NaN where no pixel counted.

    Attributes
    ----------
    pixel_accuracy : float
        Fraction of the pixels whose class is predicted.
    class_accuracy : float
        The same for the pixels of one class, averaged over the classes of the targets.
    mean_iou : float
        Intersection over union of a class's predicted and true pixels, averaged over the classes
        that occur in predictions or targets.
    frequency_weighted_iou : float
        The same, classes weighted by their fraction of the targets.
    """

    pixel_accuracy: float
    class_accuracy: float
    mean_iou: float
    frequency_weighted_iou: float


def confusion_matrix(
    target: NDArray[Any], prediction: NDArray[Any], n_classes: int, void: int = VOID
) -> NDArray[np.int64]:
    """Count pixels by their true and their predicted class.

    Parameters
    ----------
    target : ndarray of shape (...), of any integer type
        Classes below `n_classes`, or `void`.
    prediction : ndarray of shape (...), of any integer type
        Classes below `n_classes`.
    n_classes : int
    void : int
        The target of pixels that do not count, whatever is predicted there.

    Returns
    -------
    ndarray of shape (n_classes, n_classes), int64
        One row for each true class, one column for each predicted class.

    Raises
    ------
    InputError
        If a class is out of range.

    Examples
    --------
    >>> target, prediction = np.array([0, 0, 1, 255]), np.array([0, 1, 1, 0])
    >>> confusion_matrix(target, prediction, 2).tolist()
    [[1, 1], [0, 1]]
    """
    counts = target != void
    true, predicted = (each[counts].astype(np.int64) for each in (target, prediction))
    for name, classes in (("target", true), ("prediction", predicted)):
        if classes.size and not (0 <= classes.min() and classes.max() < n_classes):
            raise InputError(
                f"classes 0 to {n_classes - 1} are expected in the {name}, got "
                f"{classes.min()} to {classes.max()}"
            )
    pairs = np.bincount(n_classes * true + predicted, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes)


def segment_scores(confusion: NDArray[Any]) -> SegmentScores:
    """Return the scores of a confusion matrix.

    Parameters
    ----------
    confusion : ndarray of shape (n, n)
        From `confusion_matrix`, or a sum of them.

    Examples
    --------
    >>> segment_scores(np.array([[1, 1], [0, 1]])).mean_iou
    0.5
    """
    true, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    right = confusion.diagonal()
    scores = agreement(np.stack([true, predicted, right]))
    total = true.sum()
    return SegmentScores(
        float(right.sum() / total) if total else np.nan,
        float(scores.mean_accuracy),
        float(scores.mean_iou),
        float(scores.frequency_weighted_iou),
    )
