"""Chroma and spread of the predicted colors, compared with the originals, in validation.

A loss does not show whether a network paints everything gray, or everything in one color; the mean
chroma of its predictions and the spread of their colors do. A few hundred pixels of a few dozen
images are enough, so the cost is negligible.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...color.lab import Floats
from ...quantize.quantizer import Quantizer
from ...rendering import to_ab
from ..data.batch import Batch
from ..losses.targets import ab_of
from ..losses.terms import Weights
from ..models.outputs import decode_outputs

MEASURED_IMAGES = 64
MEASURED_SIDE = 16  # maximum number of pixels of an image along each side


class ChromaGauge:
    """Measures the chroma of predictions and of their originals, batch by batch.

    Parameters
    ----------
    head : str
        The head that gives the colors, a name of `outputs.HEADS`.
    stride : int
        Of the labels.
    pixel_weights : Weights
        Of the loss: only pixels that count are measured.
    n_images : int
        Of all processes together. About `MEASURED_IMAGES` of them are measured, evenly spaced.
    """

    names: tuple[str, ...] = ("val_chroma", "val_chroma_truth", "val_spread", "val_spread_truth")

    def __init__(
        self,
        quantizer: Quantizer,
        head: str,
        stride: int,
        pixel_weights: Weights,
        n_images: int,
    ) -> None:
        self._quantizer, self.head = quantizer, head
        self._stride = stride
        self._pixel_weights = pixel_weights
        self._every = -(-n_images // MEASURED_IMAGES)
        self._n_seen = 0
        self._sums = torch.zeros(9, dtype=torch.float64)

    def add(self, outputs: Tensor, batch: Batch) -> None:
        """Measure some images of a batch.

        Parameters
        ----------
        outputs : Tensor of shape (B, n, h, w)
            Of that head, at the resolution of the labels or of the pixels.
        batch : dict of str to Tensor
            Of label shards, on the same device.
        """
        n_images, height, width = batch["label"].shape
        images = slice(-self._n_seen % self._every, None, self._every)
        self._n_seen += n_images
        rows, columns = (slice(None, None, -(-side // MEASURED_SIDE)) for side in (height, width))
        counts = self._pixel_weights.mask(batch)[images, rows, columns].cpu()
        if not counts.any():
            return
        at_labels = outputs[
            :, :, :: -(-outputs.shape[2] // height), :: -(-outputs.shape[3] // width)
        ]
        chosen = at_labels[images, :, rows, columns].float()
        colors = decode_outputs(self.head, chosen, self._quantizer)
        levels = batch["lightness"][images, :: self._stride, :: self._stride][:, rows, columns]
        lightness: Floats = levels.cpu().numpy() / 2.55
        predicted = torch.from_numpy(to_ab(colors, lightness, self._quantizer))[counts]
        original = ab_of(batch)[images, rows, columns].cpu().double()[counts]
        sums = [part for ab in (predicted, original) for part in _sums(ab)]
        self._sums += torch.stack([counts.sum().double(), *sums])

    def sums(self) -> list[float]:
        """Return the sums; those of several processes add up."""
        return self._sums.tolist()

    def figures(self, sums: list[float]) -> dict[str, float]:
        """Return the figures of a record.

        Parameters
        ----------
        sums : list of float
            Of `ChromaGauge.sums`, added up over processes.

        Returns
        -------
        dict of str to float
            ``val_chroma`` and ``val_chroma_truth``, the mean of sqrt(a^2 + b^2), and ``val_spread``
            and ``val_spread_truth``, the root of the mean squared distance of (a, b) from their
            mean; in CIELAB units. Empty if no pixel counted.
        """
        n = sums[0]
        if not n:
            return {}
        figures = {}
        for suffix, (chroma, a, b, squares) in (("", sums[1:5]), ("_truth", sums[5:9])):
            variance = squares / n - (a / n) ** 2 - (b / n) ** 2
            figures[f"val_chroma{suffix}"] = chroma / n
            figures[f"val_spread{suffix}"] = math.sqrt(max(0.0, variance))
        return figures


def _sums(ab: Tensor) -> list[Tensor]:
    """Return the sums over pixels (n, 2) of chroma, a, b, and a^2 + b^2."""
    return [ab.norm(dim=1).sum(), *ab.sum(dim=0), ab.square().sum()]
