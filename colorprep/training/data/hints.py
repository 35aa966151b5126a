"""Hints of color, as networks take them beside lightness."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from ..models.outputs import AB_UNIT


class Hint(NamedTuple):
    """A rectangle of one color.

    Attributes
    ----------
    top, left, height, width : int
        In pixels of the network's input; 0 is the first row, the first column.
    a, b : float
        In CIELAB units.
    """

    top: int
    left: int
    height: int
    width: int
    a: float
    b: float


def painted(hints: Iterable[Hint], shape: tuple[int, int]) -> Tensor:
    """Return the hints of an image as networks take them.

    Parameters
    ----------
    hints : iterable of Hint
        Later ones cover earlier ones.
    shape : tuple of int
        Height and width of the network's input.

    Returns
    -------
    Tensor of shape (3, H, W), float32
        a and b in units of 110 CIELAB units, 0 where there is no hint, and a mask of 0 or 1.

    Examples
    --------
    >>> painted([Hint(0, 1, 1, 1, 55.0, -11.0)], (2, 2))[:, 0].tolist()
    [[0.0, 0.5], [0.0, -0.10000000149011612], [0.0, 1.0]]
    """
    canvas = torch.zeros((3, *shape))
    for hint in hints:
        color = torch.tensor([hint.a / AB_UNIT, hint.b / AB_UNIT, 1.0])
        rows = slice(hint.top, hint.top + hint.height)
        columns = slice(hint.left, hint.left + hint.width)
        canvas[:, rows, columns] = color[:, None, None]
    return canvas
