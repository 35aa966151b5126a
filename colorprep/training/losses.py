"""The loss: soft cross-entropy, rebalanced by weights, with targets looked up on the device.

The soft target of a pixel is a function of its cell, so it is looked up in a table of 65,536 rows
and never written out over all bins: the loss gathers the logits of its few bins alone.

References
----------
Zhang, Isola, Efros, ECCV 2016, equations 2 to 4.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..quantize.quantizer import Quantizer
from ..quantize.tables import soft_table
from .dataset import Batch

GRAY_LIMIT = 5  # an image whose |a| and |b| nowhere exceed it has no color to learn


def soft_cross_entropy(
    logits: Tensor, index: Tensor, target: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Return the mean over pixels of weight times the cross-entropy with soft targets.

    Parameters
    ----------
    logits : Tensor of shape (B, Q, h, w)
    index : Tensor of shape (B, k, h, w), int64
        Bins with a nonzero target.
    target : Tensor of shape (B, k, h, w)
        Their probabilities, summing to 1 over k.
    weight : Tensor of shape (B, h, w) or None
        The mean is not divided by the sum of the weights.

    Returns
    -------
    Tensor of shape ()
        Nats per pixel.

    Notes
    -----
    -sum_q t_q log softmax(z)_q = logsumexp(z) - sum_k t_k z[i_k], since the targets sum to 1.
    """
    chosen = torch.gather(logits, 1, index)
    loss = torch.logsumexp(logits, dim=1) - (target * chosen).sum(dim=1)
    return loss.mean() if weight is None else (weight * loss).mean()


class RebalancedLoss(nn.Module):
    """The loss of a batch of label shards.

    Parameters
    ----------
    quantizer : Quantizer
        Of the shards.
    weights : ndarray of shape (Q,) or None
        Rebalancing weights, taken at each pixel's hard bin; None weighs all pixels alike.

    Notes
    -----
    Images without color get weight 0: their labels say gray, not which color gray hides.
    """

    index: Tensor
    target: Tensor
    weights: Tensor | None

    def __init__(self, quantizer: Quantizer, weights: np.ndarray | None = None) -> None:
        super().__init__()
        soft = soft_table(quantizer)
        self.cells = "ab" if quantizer.space == "ab" else "hc"
        self.register_buffer("index", torch.from_numpy(soft.bins.astype(np.int64)))
        self.register_buffer("target", torch.from_numpy(soft.weights.astype(np.float32)))
        tensor = None if weights is None else torch.from_numpy(weights.astype(np.float32))
        self.register_buffer("weights", tensor)

    def pixel_weights(self, batch: Batch) -> Tensor:
        """Return what each pixel's loss is multiplied by.

        Parameters
        ----------
        batch : dict of str to Tensor

        Returns
        -------
        Tensor of shape (B, h, w), float32
        """
        ab = batch["ab"].float() + 0.5
        colorful = (ab.abs() > GRAY_LIMIT).flatten(1).any(dim=1)
        label = batch["label"].long()
        known = label < 65535
        mask = (colorful[:, None, None] & known).float()
        if self.weights is None:
            return mask
        return mask * self.weights[torch.where(known, label, 0)]

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the loss of a batch, a scalar in nats per pixel."""
        pair = batch[self.cells].long()
        cell = (pair[..., 0] << 8 | pair[..., 1]) if self.cells == "hc" else _ab_cell(pair)
        index = self.index[cell].movedim(-1, 1)
        target = self.target[cell].movedim(-1, 1)
        return soft_cross_entropy(logits, index, target, self.pixel_weights(batch))


def _ab_cell(pair: Tensor) -> Tensor:
    return (pair[..., 0] + 128) << 8 | (pair[..., 1] + 128)
