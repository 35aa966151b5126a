"""The networks, behind one literal table: lightness in, logits over the bins out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import InputError


class SmallColorizer(nn.Module):
    """A small encoder-decoder of about a million parameters.

    Parameters
    ----------
    n_bins : int
    width : int
        Channels at a quarter of the resolution.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1]; gives logits (B, n_bins, ceil(H/4), ceil(W/4)).
    """

    def __init__(self, n_bins: int, width: int = 48) -> None:
        super().__init__()
        self.to_half = _layer(1, width // 2, stride=2, kernel=5)
        self.to_quarter = nn.Sequential(_layer(width // 2, width, stride=2), _layer(width, width))
        self.to_eighth = nn.Sequential(_layer(width, 2 * width, stride=2))
        self.to_sixteenth = nn.Sequential(
            _layer(2 * width, 4 * width, stride=2), _layer(4 * width, 4 * width, dilation=2)
        )
        self.back_to_eighth = _layer(6 * width, 2 * width)
        self.back_to_quarter = _layer(3 * width, 2 * width)
        self.logits = nn.Conv2d(2 * width, n_bins, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return logits over the bins at a quarter of the resolution."""
        quarter = self.to_quarter(self.to_half(lightness))
        eighth = self.to_eighth(quarter)
        bottom = self.to_sixteenth(eighth)
        # The mean over the image tells every pixel what kind of scene it is in.
        bottom = bottom + bottom.mean(dim=(2, 3), keepdim=True)
        x = self.back_to_eighth(torch.cat([_resized(bottom, eighth), eighth], dim=1))
        x = self.back_to_quarter(torch.cat([_resized(x, quarter), quarter], dim=1))
        logits: Tensor = self.logits(x)
        return logits


MODELS: dict[str, Callable[[int], nn.Module]] = {
    "small": SmallColorizer,
}


def make_model(name: str, n_bins: int, seed: int | None = None) -> nn.Module:
    """Make a network of the table.

    Parameters
    ----------
    name : str
    n_bins : int
    seed : int or None
        Of the initial parameters; None leaves them to chance.

    Returns
    -------
    Module

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in MODELS:
        raise InputError(f"unknown model {name!r}; choose {', '.join(MODELS)}")
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        return MODELS[name](n_bins)


def logits_at(model: nn.Module, lightness: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return a network's logits at a given resolution.

    Parameters
    ----------
    model : Module
    lightness : Tensor of shape (B, H, W), uint8
        Levels round(2.55 L).
    shape : tuple of int
        Height and width of the labels; logits are interpolated where the network's differ.

    Returns
    -------
    Tensor of shape (B, Q, *shape)
    """
    logits: Tensor = model(lightness[:, None].float() / 127.5 - 1.0)
    if logits.shape[2:] == shape:
        return logits
    return functional.interpolate(logits, shape, mode="bilinear", align_corners=False)


def _layer(
    channels: int, out: int, stride: int = 1, kernel: int = 3, dilation: int = 1
) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


def _resized(x: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)
