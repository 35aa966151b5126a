"""The smallest batch for batch norm, which needs more than one value per channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import make_model
from .inputs import blank_batch, check_side, inputs_of
from .spec import NetworkSpec


@torch.no_grad()
def fewest_images(name: str, spec: NetworkSpec, side: int) -> int:
    """Return the minimum number of images in a batch for training a network.

    Parameters
    ----------
    name : str
        Of the table of networks.
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
        If the name is unknown, or the network cannot have these heads or images of that size.

    Notes
    -----
    Only shapes are computed, on torch's device `meta`.

    Examples
    --------
    >>> spec = NetworkSpec({"bins": 313})
    >>> fewest_images("small", spec, 16), fewest_images("small", spec, 32)
    (2, 1)
    """
    areas: list[int] = []

    def note_area(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        areas.append(inputs[0].shape[2:].numel())

    with torch.device("meta"):
        model = make_model(
            name, spec.channels, width=spec.width, sizes=spec.sizes, stride=spec.stride
        ).eval()
        check_side(model, side)
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.register_forward_pre_hook(note_area)
        model(*inputs_of(model, blank_batch(side, spec.sizes)))
    return 2 if 1 in areas else 1
