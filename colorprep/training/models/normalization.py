"""The smallest batch for batch norm, which needs more than one value per channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import make_model
from .outputs import HEADS


@torch.no_grad()
def fewest_images(name: str, width: float, side: int) -> int:
    """Return the minimum number of images in a batch for training a network.

    Parameters
    ----------
    name : str
        Of the table of networks.
    width : float
        Multiplies the channels.
    side : int
        Height and width of the input, in pixels.

    Returns
    -------
    int
        2 if a batch norm layer gets maps of a single pixel, so that one image has a single value
        per channel; else 1.

    Raises
    ------
    InputError
        If the name is unknown.

    Notes
    -----
    Only shapes are computed, on torch's device `meta`.

    Examples
    --------
    >>> fewest_images("small", 1.0, 16), fewest_images("small", 1.0, 32)
    (2, 1)
    """
    areas: list[int] = []

    def note_area(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        areas.append(inputs[0].shape[2:].numel())

    with torch.device("meta"):
        model = make_model(name, dict.fromkeys(HEADS, 1), width=width).eval()
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.register_forward_pre_hook(note_area)
        model(torch.zeros((1, 1, side, side)))
    return 2 if 1 in areas else 1
