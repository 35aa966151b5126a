"""Hints of color, as networks take them beside lightness."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from ...color.hints import ColorHint
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


def stretched(hint: ColorHint, photograph: tuple[int, int], side: int) -> Hint:
    """Return a hint of a photograph as one of the square that a network sees it stretched to.

    Parameters
    ----------
    photograph : tuple of int
        Its height and width.
    side : int
        Of the square.

    Returns
    -------
    Hint
        The pixels whose middle lies in the hint's square, cut off at the border; one at least.

    Raises
    ------
    InputError
        If the middle of the hint is outside of the photograph.

    Examples
    --------
    >>> stretched(ColorHint(x=10, y=5, radius=4, a=60.0, b=40.0), (20, 40), 20)
    Hint(top=1, left=3, height=9, width=4, a=60.0, b=40.0)
    """
    hint.check_inside(photograph)
    top, height = _covered(hint.y, hint.radius, photograph[0], side)
    left, width = _covered(hint.x, hint.radius, photograph[1], side)
    return Hint(top, left, height, width, hint.a, hint.b)


def _covered(middle: int, radius: int, length: int, side: int) -> tuple[int, int]:
    """Return the first pixel of an axis that a hint covers, and how many it covers."""
    # Pixel i has its middle at (2 i + 1) length / (2 side), in pixels of the photograph.
    ends = max(0, middle - radius), min(length, middle + radius + 1)
    first, end = (-((length - 2 * place * side) // (2 * length)) for place in ends)
    if end > first:
        return first, end - first
    return (2 * middle + 1) * side // (2 * length), 1


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
