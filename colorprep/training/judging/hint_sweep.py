"""How much closer a network comes to a photograph with every color hint: PSNR by number of hints.

The protocol is that of colorization-pytorch: hints are the mean colors of squares of 6 pixels of
the photograph itself, at random places (see `data.random_hints`). A picture is made of its
lightness and the predicted ab, clipped channel by channel as there, and compared as 8-bit RGB.
There each number of hints is drawn anew; here n hints are the first n of one draw, which depends on
the photograph alone. So a curve is smoother, and a number's PSNR does not depend on the others.
There 8-bit levels are cut off; here they are rounded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ...color.lab import lab_to_rgb, rgb_to_lab
from ...errors import InputError
from ...images.decoding import Pixels
from ...metrics.pairs import psnr
from ...quantize.labeling import lightness_of
from ...rendering import to_ab
from ..checkpoint import Checkpoint
from ..data.random_hints import Patches, draw_patches, generator_of, revealed
from ..models.inputs import check_side, takes
from ..prediction import predict_colors

# 10^-0.1, 10^0, 10^0.1 ... 10^2.7, rounded, and 0 in place of the first.
PUBLISHED_COUNTS = tuple(sorted({0, *(round(10 ** (k / 10)) for k in range(28))}))
SIZE = 256  # pixels, as published
SIDE = 6  # pixels, of a hint
TOGETHER = 4  # numbers of hints in a batch, which takes a gigabyte at 256 pixels


class HintSweep:
    """Measures the PSNR of a photograph at several numbers of hints; can be shared by threads.

    Parameters
    ----------
    checkpoint : Checkpoint
        With its model on `device`.
    counts : sequence of int
        Numbers of hints.
    size : int
        The photographs' side in pixels.

    Raises
    ------
    InputError
        If the network takes no hints, or no images of this size.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device,
        counts: Sequence[int] = PUBLISHED_COUNTS,
        size: int = SIZE,
    ) -> None:
        if "hints" not in takes(checkpoint.model):
            raise InputError(
                f"the network {checkpoint.config['model']} takes no hints; use a run of siggraph17"
            )
        check_side(checkpoint.model, size)
        self._checkpoint, self._device = checkpoint, device
        self._counts, self._size = counts, size

    def __call__(self, pixels: Pixels) -> list[float]:
        """Return the PSNR in dB at each number of hints.

        Parameters
        ----------
        pixels : ndarray of shape (size, size, 3), uint8

        Returns
        -------
        list of float
            Infinite where the picture equals the photograph.
        """
        lightness = torch.tensor(lightness_of(pixels))
        most = torch.tensor([max(*self._counts, PUBLISHED_COUNTS[-1])])
        shape = (self._size, self._size)
        patches = draw_patches(most, shape, generator_of(lightness), (SIDE, SIDE))
        starts = range(0, len(self._counts), TOGETHER)
        parts = [self._counts[start : start + TOGETHER] for start in starts]
        return [value for part in parts for value in self._psnr(pixels, lightness, patches, part)]

    def _psnr(
        self, pixels: Pixels, lightness: torch.Tensor, patches: Patches, counts: Sequence[int]
    ) -> list[float]:
        model, quantizer = self._checkpoint.model, self._checkpoint.quantizer
        lab, n = rgb_to_lab(pixels), len(counts)
        ab = torch.tensor(lab[..., 1:], dtype=torch.float32, device=self._device)
        hints = revealed(ab.expand(n, *ab.shape), _first(patches, counts))
        levels = lightness.to(self._device).expand(n, *lightness.shape)
        batch = {"lightness": levels, "hints": hints}
        shape = (self._size, self._size)
        colors = predict_colors(model, quantizer, batch, shape, heads=self._checkpoint.heads)
        values = []
        for color in colors:
            predicted = to_ab(color, lab[..., 0], quantizer)
            rgb = lab_to_rgb(np.concatenate([lab[..., :1], predicted], axis=-1))
            values.append(psnr(np.rint(255.0 * rgb).astype(np.uint8), pixels))
        return values


def _first(patches: Patches, counts: Sequence[int]) -> Patches:
    """Return the first patches of an image, as many as each image of a batch has."""
    chosen = torch.cat([torch.arange(n) for n in counts])
    image = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return Patches(image, patches.top[chosen], patches.left[chosen], patches.side[chosen])
