"""Predictions for a few photographs, next to their originals and targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ..color.lab import Floats
from ..images.decoding import Pixels
from ..quantize.quantizer import Quantizer
from ..quantize.tables import soft_table
from ..rendering import LabelGrid, colorize, render
from .data.batch import Batch
from .data.dataset import ShardDataset
from .devices import on_device
from .losses.targets import cells_of
from .models.outputs import HEADS
from .prediction import predict_colors

CAPTIONS = ("original", "target", "gray", "prediction")


def sample_rows(
    model: nn.Module,
    heads: Sequence[str],
    quantizer: Quantizer,
    images: ShardDataset,
    device: torch.device,
) -> list[list[Pixels]]:
    """Return [original, target, gray, prediction] of images of shards.

    Parameters
    ----------
    model : Module
        In evaluation mode, on the device.
    heads : sequence of str
        The network's heads, names of `outputs.HEADS`; the first one gives the colors.

    Returns
    -------
    list of list of ndarray of shape (H, W, 3), uint8
        The color of the original has the resolution of the labels. The target is the prediction of
        a perfect network: the annealed mean of the soft labels, or for regression the original.
    """
    batch = images.batch(range(len(images)))
    shape = (batch["label"].shape[1], batch["label"].shape[2])
    predicted = predict_colors(model, quantizer, on_device(batch, device), shape, heads=heads)
    originals = batch["ab"].numpy() + 0.5
    is_regression = HEADS[heads[0]].logits is None
    targets = originals if is_regression else target_colors(quantizer, batch)
    settings = images.labels.manifest["settings"]
    grid = LabelGrid(settings["size"], settings["stride"])
    rows = []
    for levels, original, target, colors in zip(
        batch["lightness"].numpy(), originals, targets, predicted, strict=True
    ):
        at = levels / 2.55
        gray = render(at, np.zeros_like(original), grid)
        shown = [colorize(at, each, quantizer, grid) for each in (target, colors)]
        rows.append([render(at, original, grid), shown[0], gray, shown[1]])
    return rows


def target_colors(quantizer: Quantizer, batch: Batch) -> Floats:
    """Return the colors that the soft labels of a batch represent.

    Returns
    -------
    ndarray of shape (B, h, w, 2), float64
        In the quantizer's space.
    """
    soft = soft_table(quantizer)
    cells, where = np.unique(cells_of(batch, quantizer.space).numpy(), return_inverse=True)
    colors = quantizer.decode(soft.weights[cells], bins=soft.bins[cells])
    return colors[where].reshape(*where.shape, 2)
