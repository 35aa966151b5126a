"""What batch norm needs in training: more than one value for each channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import make_model


@torch.no_grad()
def fewest_images(name: str, width: float, side: int) -> int:
    """Return how many images a network needs in a batch to be trained.

    Parameters
    ----------
    name : str
        Of the table of networks.
    width : float
        Multiplies the channels.
    side : int
        Height and width of the lightness, in pixels.

    Returns
    -------
    int
        2 where a batch norm layer sees maps of a single pixel, so that the statistics of one image
        would be of one value; else 1.

    Raises
    ------
    InputError
        If there is no network of that name.

    Notes
    -----
    Only shapes are computed, on torch's device `meta`.
    """
    areas: list[int] = []

    def note_area(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        areas.append(inputs[0].shape[2:].numel())

    with torch.device("meta"):
        model = make_model(name, 1, width=width).eval()
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.register_forward_pre_hook(note_area)
        model(torch.zeros((1, 1, side, side)))
    return 2 if 1 in areas else 1
