"""Accuracies of classes that a network predicts, of pixels or of images, in validation.

Unlike chroma, they are measured on every pixel of every held-out image that is not void.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ...metrics.segmentation import confusion_matrix, segment_scores
from ..data.batch import Batch


class SegmentGauge:
    """Measures predicted segments, or the most likely bins, batch by batch.

    Parameters
    ----------
    head : str
        ``segments``, or a head of logits over bins.
    target : str
        The array of the batch that has the true classes: ``segments``, or ``label`` for bins.
    n_classes : int
        Further channels of the head, such as that of Keras-FCN for ignored pixels, are left out.
    void : int
        The target of pixels that do not count: 255 in segments, 65535 in labels.
    """

    names: tuple[str, ...] = (
        "val_pixel_accuracy",
        "val_class_accuracy",
        "val_mean_iou",
        "val_frequency_iou",
    )

    def __init__(self, head: str, target: str, n_classes: int, void: int) -> None:
        self.head = head
        self._target, self._n_classes, self._void = target, n_classes, void
        self._confusion = np.zeros((n_classes, n_classes), np.int64)

    def add(self, outputs: Tensor, batch: Batch) -> None:
        """Count the pixels of a batch by their true and their predicted class.

        Parameters
        ----------
        outputs : Tensor of shape (B, n, h, w)
            Of that head, at the labels' resolution, n at least `n_classes`.
        batch : dict of str to Tensor
            With the targets (B, h, w), on the same device.
        """
        predicted = outputs[:, : self._n_classes].argmax(dim=1).cpu().numpy()
        target = batch[self._target].cpu().numpy()
        self._confusion += confusion_matrix(target, predicted, self._n_classes, self._void)

    def sums(self) -> list[float]:
        """Return the confusion matrix, row after row; those of several processes add up."""
        return self._confusion.ravel().astype(np.float64).tolist()

    def figures(self, sums: list[float]) -> dict[str, float]:
        """Return the figures of a record.

        Parameters
        ----------
        sums : list of float
            Of `sums`, added up over processes.

        Returns
        -------
        dict of str to float
            The scores of `segment_scores`, in their order. Empty if no pixel counted.
        """
        confusion = np.reshape(sums, (self._n_classes, self._n_classes))
        if not confusion.any():
            return {}
        return dict(zip(self.names, segment_scores(confusion), strict=True))


class ClassGauge:
    """Measures how many images get their class as the most likely one, batch by batch."""

    names: tuple[str, ...] = ("val_accuracy",)
    head: str = "classes"

    def __init__(self) -> None:
        self._right = self._counted = 0

    def add(self, outputs: Tensor, batch: Batch) -> None:
        """Count the images of a batch whose class is predicted.

        Parameters
        ----------
        outputs : Tensor of shape (B, n)
        batch : dict of str to Tensor
            With ``class_id`` (B,), on the same device; images of a negative class do not count.
        """
        known = batch["class_id"] >= 0
        right = outputs.argmax(dim=1) == batch["class_id"]
        both = torch.stack([(right & known).sum(), known.sum()]).tolist()
        self._right, self._counted = self._right + both[0], self._counted + both[1]

    def sums(self) -> list[float]:
        """Return the numbers of images that are right and that count, of one process."""
        return [float(self._right), float(self._counted)]

    def figures(self, sums: list[float]) -> dict[str, float]:
        """Return the figures of a record, from the added sums of all processes.

        Returns
        -------
        dict of str to float
            ``val_accuracy``, from 0 to 1. Empty if no image counted.
        """
        right, counted = sums
        return {"val_accuracy": right / counted} if counted else {}
