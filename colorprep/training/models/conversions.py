"""From the inputs of the table to those that networks were published with, and from their outputs.

The conversions are linear, and have no parameters.
"""

from __future__ import annotations

from torch import Tensor

from .outputs import AB_UNIT


def fraction_of(lightness: Tensor) -> Tensor:
    """Return L / 100, from 0 to 1, of the input ``lightness``, from -1 to 1."""
    return (lightness + 1.0) / 2.0


def gray_picture(luma: Tensor) -> Tensor:
    """Return luma (B, 1, H, W) from 0 to 1 as a gray picture (B, 3, H, W) from -1 to 1."""
    return (2.0 * luma - 1.0).expand(-1, 3, -1, -1)


def ab_of_fraction(fraction: Tensor) -> Tensor:
    """Return the head ``ab`` of a network that was published with targets (ab + 128) / 255."""
    return (255.0 * fraction.float() - 128.0) / AB_UNIT  # bfloat16 would lose half a unit
