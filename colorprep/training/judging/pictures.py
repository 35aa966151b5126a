"""The errors of a network's pictures against the photographs they were made from.

The errors are those of `colorprep.metrics.pictures`, of 8-bit pictures. A generator's picture is
its output; from the colors of other networks a picture is made with the lightness of the
photograph. Gray pictures, of the same lightness, show what a network adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ...color.lab import rgb_to_lab
from ...errors import InputError
from ...images.decoding import Pixels
from ...metrics.pictures import MeanError, PictureErrors, picture_errors, summarize_errors
from ...quantize.quantizer import Quantizer
from ...rendering import LabelGrid, picture_of, recolor, render
from ..data.batch import Batch
from ..data.dataset import ShardDataset
from ..devices import on_device
from ..models import run_network
from ..models.outputs import decode_outputs

BATCH_SIZE = 64


@dataclass(frozen=True)
class JudgedPictures:
    """Errors of every image's pictures.

    Attributes
    ----------
    keys : list of str
        Of the images.
    network, gray : list of PictureErrors
        Of the network's pictures, and of gray ones.
    """

    keys: list[str]
    network: list[PictureErrors]
    gray: list[PictureErrors]

    def means(self, name: str) -> dict[str, dict[str, MeanError]]:
        """Return both kinds of errors, averaged, for `metrics.pictures.error_table`.

        Parameters
        ----------
        name : str
            What to call the network.
        """
        return {name: summarize_errors(self.network), "gray": summarize_errors(self.gray)}


def judge_pictures(
    model: nn.Module,
    channels: Mapping[str, int],
    quantizer: Quantizer,
    images: ShardDataset,
    device: torch.device,
) -> JudgedPictures:
    """Measure the errors of a network's pictures, and of gray ones.

    Parameters
    ----------
    model : Module
        In evaluation mode, on the device.
    channels : mapping of str to int
        The network's heads, names of `outputs.HEADS`, and their numbers of channels; pictures are
        made from the first one.
    images : ShardDataset
        With ``rgb``.

    Raises
    ------
    InputError
        If the labels lack the pixels.
    """
    network: list[PictureErrors] = []
    gray: list[PictureErrors] = []
    for start in range(0, len(images), BATCH_SIZE):
        batch = images.batch(range(start, min(start + BATCH_SIZE, len(images))))
        if "rgb" not in batch:
            raise InputError(
                f"the labels of {images.labels.path} lack the pixels that pictures are compared "
                "with; make them with `colorprep labels --keep rgb`"
            )
        settings = images.labels.manifest["settings"]
        grid = LabelGrid(settings["size"], settings["stride"])
        originals = batch["rgb"].numpy()
        pictures = predicted_pictures(model, channels, quantizer, on_device(batch, device), grid)
        for picture, original in zip(pictures, originals, strict=True):
            lightness = rgb_to_lab(original)[..., 0]
            network.append(picture_errors(picture, original))
            gray.append(picture_errors(render(lightness, np.zeros((1, 1, 2)), None), original))
    return JudgedPictures(images.keys, network, gray)


@torch.no_grad()
def predicted_pictures(
    model: nn.Module,
    channels: Mapping[str, int],
    quantizer: Quantizer,
    batch: Batch,
    grid: LabelGrid,
) -> Iterator[Pixels]:
    """Yield the pictures that a network makes of photographs.

    Parameters
    ----------
    batch : dict of str to Tensor
        With ``rgb``, on the model's device.
    grid : LabelGrid
        Where the colors of its labels lie.

    Yields
    ------
    ndarray of shape (H, W, 3), uint8
    """
    head, shape = next(iter(channels)), (batch["label"].shape[1], batch["label"].shape[2])
    outputs = run_network(model, batch, channels, shape)[head].float()
    if head == "rgb":
        yield from picture_of(outputs.movedim(1, -1).cpu().numpy())
        return
    colors = decode_outputs(head, outputs, quantizer)
    for pixels, predicted in zip(batch["rgb"].cpu().numpy(), colors, strict=True):
        yield recolor(pixels, predicted, quantizer, grid)
