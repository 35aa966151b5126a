"""The smallest batch for batch norm, which needs more than one value per channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import make_model
from .critics import check_critic_side, make_critic
from .inputs import blank_batch, check_side, inputs_of
from .spec import NetworkSpec


@torch.no_grad()
def fewest_images(name: str, spec: NetworkSpec, side: int, critic: str | None = None) -> int:
    """Return the minimum number of images in a batch for training a network.

    Parameters
    ----------
    name : str
        Of the table of networks.
    side : int
        Height and width of the input, in pixels.
    critic : str or None
        That trains with it, of the table of critics.

    Returns
    -------
    int
        2 if a batch norm layer gets maps of a single pixel, so that one image has a single value
        per channel; else 1.

    Raises
    ------
    InputError
        If a name is unknown, or the network cannot have these heads or images of that size.

    Notes
    -----
    Only shapes are computed, on torch's device `meta`.

    Examples
    --------
    >>> spec = NetworkSpec({"bins": 313})
    >>> fewest_images("small", spec, 16), fewest_images("small", spec, 32)
    (2, 1)
    """
    width, sizes = spec.width, spec.sizes
    with torch.device("meta"):
        model = make_model(name, spec.channels, None, width, sizes, spec.stride)
        check_side(model, side)
        areas = _normalized_areas(model, *inputs_of(model, blank_batch(side, sizes)))
        if critic is not None:
            check_critic_side(critic, side)
            judge = make_critic(critic, width=width)
            n_channels = next(judge.parameters()).shape[1]
            areas |= _normalized_areas(judge, torch.zeros((1, n_channels, side, side)))
    return 2 if 1 in areas else 1


def _normalized_areas(network: nn.Module, *inputs: Tensor) -> set[int]:
    """Return the numbers of pixels in the maps that batch norm gets."""
    areas = set()

    def note_area(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        areas.add(inputs[0].shape[2:].numel())

    for layer in network.eval().modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.register_forward_pre_hook(note_area)
    network(*inputs)
    return areas
