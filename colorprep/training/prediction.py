"""From a network's outputs to colors, and from a photograph to a colored one."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ..color.hue_chroma import (
    from_chroma_plane,
    hue_chroma_lightness_to_rgb,
    to_chroma_plane,
)
from ..color.lab import Floats, lab_to_rgb, reduce_to_gamut, rgb_to_lab
from ..images.decoding import Pixels
from ..images.resizing import resize
from ..quantize.decoding import TEMPERATURE
from ..quantize.labeling import lightness_of
from ..quantize.quantizer import Quantizer
from .checkpoint import Checkpoint
from .models import logits_at
from .outputs import decode_outputs


@torch.no_grad()
def predict_colors(
    model: nn.Module,
    quantizer: Quantizer,
    lightness: Tensor,
    shape: tuple[int, int],
    temperature: float = TEMPERATURE,
    outputs: str = "bins",
) -> Floats:
    """Predict the colors of images, of logits by the annealed mean.

    Parameters
    ----------
    model : Module
        In evaluation mode.
    quantizer : Quantizer
    lightness : Tensor of shape (B, H, W), uint8
    shape : tuple of int
        Height and width of the prediction.
    temperature : float
    outputs : str
        What the model's channels mean, a name of `outputs.OUTPUTS`.

    Returns
    -------
    ndarray of shape (B, *shape, 2), float64
        In the quantizer's space.
    """
    predicted = logits_at(model, lightness, shape).float()
    return decode_outputs(outputs, predicted, quantizer, temperature)


def colorize_photograph(
    checkpoint: Checkpoint,
    pixels: Pixels,
    temperature: float = TEMPERATURE,
    device: torch.device | None = None,
) -> Pixels:
    """Color one photograph; its own color, if any, is not looked at.

    Parameters
    ----------
    checkpoint : Checkpoint
        With its model on `device`.
    pixels : ndarray of shape (H, W, 3), uint8
    temperature : float
        Of the annealed mean.
    device : torch.device or None
        None for the CPU.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Of the same lightness.
    """
    settings = checkpoint.config["settings"]
    size, stride = settings["size"], settings["stride"]
    levels = lightness_of(resize(pixels, size))
    batch = torch.from_numpy(levels[None]).to(device or torch.device("cpu"))
    side = -(-size // stride)
    model, quantizer, shape = checkpoint.model, checkpoint.quantizer, (side, side)
    colors = predict_colors(model, quantizer, batch, shape, temperature, checkpoint.outputs)
    return colorize(rgb_to_lab(pixels)[..., 0], colors[0], quantizer)


def colorize(lightness: Floats, colors: Floats, quantizer: Quantizer) -> Pixels:
    """Color a picture with predicted colors of a lower resolution.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), float64
        Lab lightness, kept as it is.
    colors : ndarray of shape (h, w, 2), float64
        In the quantizer's space; interpolated bilinearly, hues on their circle.
    quantizer : Quantizer

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
    """
    if quantizer.space == "ab":
        return render(lightness, colors)
    plane = enlarge(to_chroma_plane(colors), lightness.shape)
    return render(lightness, _ab_of_hue_chroma(from_chroma_plane(plane), lightness))


def render(lightness: Floats, ab: Floats) -> Pixels:
    """Make a picture of its lightness and its ab, of the same resolution or a lower one.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), float64
        Lab lightness, 0 to 100.
    ab : ndarray of shape (h, w, 2), float64

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Where sRGB cannot show a color at its lightness, chroma is reduced.
    """
    lab = np.concatenate([lightness[..., None], enlarge(ab, lightness.shape)], axis=-1)
    return np.rint(255.0 * lab_to_rgb(reduce_to_gamut(lab))).astype(np.uint8)


def enlarge(colors: Floats, shape: tuple[int, ...]) -> Floats:
    """Interpolate pairs of numbers bilinearly.

    Parameters
    ----------
    colors : ndarray of shape (h, w, 2), float64
    shape : tuple of int
        Height and width to be had.

    Returns
    -------
    ndarray of shape (*shape, 2), float64
    """
    if colors.shape[:2] == shape:
        return colors
    planes = [
        Image.fromarray(colors[..., i].astype(np.float32)).resize(
            (shape[1], shape[0]), Image.Resampling.BILINEAR
        )
        for i in range(2)
    ]
    return np.stack([np.asarray(plane, np.float64) for plane in planes], axis=-1)


def _ab_of_hue_chroma(hue_chroma: Floats, lightness: Floats) -> Floats:
    """Return ab of hue and chroma at the HSL lightness of the gray of a Lab lightness."""
    gray = lab_to_rgb(np.stack([lightness, 0 * lightness, 0 * lightness], axis=-1))
    hcl = np.concatenate([hue_chroma, gray.mean(axis=-1, keepdims=True)], axis=-1)
    return rgb_to_lab(hue_chroma_lightness_to_rgb(hcl))[..., 1:]
