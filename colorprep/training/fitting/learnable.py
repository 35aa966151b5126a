"""Checking that at least one pixel has a positive weight in the loss."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ...errors import TrainingError
from ..data.batch import Batch
from ..data.loader import Images
from ..data.order import Indices
from ..devices import on_device
from ..losses.targets import known_pixels
from ..losses.terms import Objective

CHUNK = 64  # images per batch

UNLABELED = (
    "the labels of all their pixels are to be ignored (65535)",
    "make the labels again, or choose other images",
)
WEIGHTLESS = (
    "all their colors have a weight of 0",
    "make other weights with `colorprep weights`, or train with --no-weights",
)


@torch.no_grad()
def check_learnable(
    what: str,
    images: Images,
    indices: Indices,
    select: Callable[[Batch], Batch],
    objective: Objective,
    device: torch.device,
) -> None:
    """Reject images whose loss would be 0 for any prediction.

    Parameters
    ----------
    what : str
        Describes the images in the message, such as ``images to train on``.
    images : Images
        Read only up to the first image that counts.
    indices : ndarray of intp
        Which of them.
    select : callable
        From a batch to those of its images that are used.
    device : torch.device
        Of the objective.

    Raises
    ------
    TrainingError
        If no pixel counts. The message gives the reason and a remedy.
    """
    reason = UNLABELED
    for start in range(0, len(indices), CHUNK):
        batch = images.batch(indices[start : start + CHUNK])
        if known_pixels(batch).any() and reason is UNLABELED:
            reason = objective.each()[0].pixel_weights.nothing
        chosen = on_device(select(batch), device)
        weights = [term.pixel_weights for term in objective.each()]
        if any((of_pixels(chosen) > 0).any() for of_pixels in weights):
            return
        if any(of_pixels.mask(chosen).any() for of_pixels in weights):
            reason = WEIGHTLESS
    why, remedy = reason
    raise TrainingError(
        f"no pixel of the {len(indices)} {what} counts in the loss: {why}; {remedy}"
    )
