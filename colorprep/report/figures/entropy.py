"""Maps of the entropy of predicted colors: where a network is sure of a color, and where not."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ...color.lab import Floats
from ..gallery import GAP, GROUND, TEXT
from .style import SOFT

LONGEST = 640  # pixels of the map's longest side
NARROWEST = 400  # pixels: room for the caption
BAR_HEIGHT = 16
BELOW = 96  # pixels for the scale and its caption
LEVELS: NDArray[np.uint8] = colormaps["viridis"](np.arange(256), bytes=True)[:, :3]


def draw_entropy(entropy: Floats, shape: tuple[int, int], n_bins: int) -> Image.Image:
    """Draw a map of entropy with its scale, from 0 to ln Q.

    Parameters
    ----------
    entropy : ndarray of shape (h, w), float64
        In nats.
    shape : tuple of int
        Height and width of the photograph, whose proportions the map has.
    n_bins : int
        Q.

    Returns
    -------
    Image
        Dark where the network is sure. Perceptually uniform, and readable without color vision.

    Examples
    --------
    >>> draw_entropy(np.full((8, 8), 2.5), (3000, 4000), 313).size
    (652, 588)
    """
    most = math.log(n_bins)
    height, width = (max(1, round(LONGEST * side / max(shape))) for side in shape)
    room = max(width, NARROWEST)
    canvas = Image.new("RGB", (room + 2 * GAP, height + 2 * GAP + BELOW), GROUND)
    values = Image.fromarray(entropy.astype(np.float32))
    stretched = values.resize((width, height), Image.Resampling.BILINEAR)
    canvas.paste(_colored(np.asarray(stretched) / most), (GAP + (room - width) // 2, GAP))
    _draw_scale(canvas, height + 3 * GAP, room, most)
    caption = f"entropy of the colors in nats, {entropy.mean():.2f} on average"
    place = (GAP + room // 2, height + 3 * GAP + BAR_HEIGHT + 46)
    ImageDraw.Draw(canvas).text(place, caption, TEXT, ImageFont.load_default(18), anchor="mm")
    return canvas


def _colored(shares: NDArray[np.floating]) -> Image.Image:
    """Return the picture of an array of values from 0 to 1."""
    return Image.fromarray(LEVELS[np.rint(255.0 * shares.clip(0.0, 1.0)).astype(np.uint8)])


def _draw_scale(canvas: Image.Image, top: int, length: int, most: float) -> None:
    """Draw the scale, with a tick at each nat and at the end."""
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(16)
    canvas.paste(_colored(np.tile(np.linspace(0.0, 1.0, length), (BAR_HEIGHT, 1))), (GAP, top))
    bottom = top + BAR_HEIGHT
    ticks = {float(nats): str(nats) for nats in range(math.floor(most - 0.4) + 1)}
    for nats, text in (ticks | {most: f"{most:.2f}"}).items():
        x = GAP + round((length - 1) * nats / most)
        draw.line([(x, bottom), (x, bottom + 5)], SOFT)
        anchor = {0.0: "lt", most: "rt"}.get(nats, "mt")
        draw.text((x, bottom + 9), text, SOFT, font, anchor=anchor)
