"""What a network makes of a few photographs, next to their originals and targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..color.lab import Floats
from ..color.palette import voc_palette
from ..images.decoding import Pixels
from ..quantize.quantizer import Quantizer
from ..quantize.tables import soft_table
from ..rendering import LabelGrid, colorize, picture_of, render
from .data.batch import Batch
from .data.dataset import ShardDataset
from .devices import on_device
from .losses.targets import cells_of
from .models import run_network
from .models.outputs import HEADS, decode_outputs

# Of the columns, by head; other heads give colors.
CAPTIONS = {
    "rgb": ("gray", "generated", "original"),
    "segments": ("gray", "target segments", "predicted segments"),
    "classes": ("class",),
}


def captions_of(head: str) -> tuple[str, ...]:
    """Return the captions of the columns of a head's samples."""
    return CAPTIONS.get(head, ("original", "target", "gray", "prediction"))


class Samples(NamedTuple):
    """Pictures in rows.

    Attributes
    ----------
    rows : list of list of ndarray of shape (H, W, 3), uint8
        A row for each image.
    notes : list of str
        A text for each row, or no texts at all.
    """

    rows: list[list[Pixels]]
    notes: list[str]


@torch.no_grad()
def make_samples(
    model: nn.Module,
    channels: Mapping[str, int],
    quantizer: Quantizer,
    images: ShardDataset,
    device: torch.device,
) -> Samples:
    """Return what a network makes of images of shards.

    Parameters
    ----------
    model : Module
        In evaluation mode, on the device.
    channels : mapping of str to int
        The network's heads, names of `outputs.HEADS`, and their numbers of channels; the first head
        is shown.

    Returns
    -------
    Samples
        [original | target | gray | prediction] if the head gives colors. The color of the original
        has the resolution of the labels. The target is the prediction of a perfect network: the
        annealed mean of the soft labels, or for regression the original. Other heads are shown as

        ``rgb``
            [gray | generated | original].
        ``segments``
            [gray | target segments | predicted segments], in the palette of PASCAL VOC.
        ``classes``
            [gray], with a note of the true and the predicted class.
    """
    batch = images.batch(range(len(images)))
    shape = (batch["label"].shape[1], batch["label"].shape[2])
    head = next(iter(channels))
    outputs = run_network(model, on_device(batch, device), channels, shape)[head].float()
    return _WAYS.get(head, _of_colors)(_Shown(images, batch, quantizer, head, outputs))


@dataclass(frozen=True, eq=False)
class _Shown:
    """Images, and the outputs of the head that is shown."""

    images: ShardDataset
    batch: Batch
    quantizer: Quantizer
    head: str
    outputs: Tensor

    @property
    def lightness(self) -> list[Floats]:
        """Lab lightness of each image, (H, W)."""
        return list(self.batch["lightness"].numpy() / 2.55)

    @property
    def grays(self) -> list[Pixels]:
        """The picture of each image's lightness."""
        return [render(lightness, np.zeros((1, 1, 2)), None) for lightness in self.lightness]


def _of_colors(shown: _Shown) -> Samples:
    predicted = decode_outputs(shown.head, shown.outputs, shown.quantizer)
    originals = shown.batch["ab"].numpy() + 0.5
    is_regression = HEADS[shown.head].logits is None
    targets = originals if is_regression else target_colors(shown.quantizer, shown.batch)
    settings = shown.images.labels.manifest["settings"]
    grid = LabelGrid(settings["size"], settings["stride"])
    rows = []
    for at, gray, original, *colors in zip(
        shown.lightness, shown.grays, originals, targets, predicted, strict=True
    ):
        target, prediction = (colorize(at, each, shown.quantizer, grid) for each in colors)
        rows.append([render(at, original, grid), target, gray, prediction])
    return Samples(rows, [])


def _of_rgb(shown: _Shown) -> Samples:
    generated = picture_of(shown.outputs.movedim(1, -1).cpu().numpy())
    rows = zip(shown.grays, generated, shown.batch["rgb"].numpy(), strict=True)
    return Samples(list(map(list, rows)), [])


def _of_segments(shown: _Shown) -> Samples:
    stride = shown.images.labels.manifest["settings"]["stride"]
    predicted = shown.outputs.argmax(dim=1).cpu().numpy()
    rows = [
        [gray, *(_painted(segments, stride, gray.shape[:2]) for segments in maps)]
        for gray, *maps in zip(shown.grays, shown.batch["segments"].numpy(), predicted, strict=True)
    ]
    return Samples(rows, [])


def _of_classes(shown: _Shown) -> Samples:
    names = list(shown.images.labels.manifest["classes"])
    true, predicted = shown.batch["class_id"].tolist(), shown.outputs.argmax(dim=1).tolist()
    notes = [f"{names[a]}, predicted {names[b]}" for a, b in zip(true, predicted, strict=True)]
    return Samples([[gray] for gray in shown.grays], notes)


def _painted(segments: NDArray[np.integer], stride: int, shape: tuple[int, ...]) -> Pixels:
    """Paint segments of a lower resolution, each over the pixels from its own to the next."""
    enlarged = segments.repeat(stride, axis=0).repeat(stride, axis=1)
    painted: Pixels = voc_palette()[enlarged[: shape[0], : shape[1]]]
    return painted


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


_WAYS: dict[str, Callable[[_Shown], Samples]] = {
    "rgb": _of_rgb,
    "segments": _of_segments,
    "classes": _of_classes,
}
