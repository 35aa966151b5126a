"""Priors and rankings as HTML for a notebook, in the notebook's own light or dark theme."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from ..balance.prior import Prior
from ..printable import printable
from .figures.files import recolor
from .figures.prior_map import draw_shares
from .figures.svg import inline_svg
from .themes import DARK, IN_LIGHT, LIGHT, Theme, variables

# The variables of figures, as JupyterLab or VS Code color the notebook.
FOLLOWING = (
    "--text: var(--jp-content-font-color1, var(--vscode-foreground, #1c1e24)); "
    "--soft: var(--jp-content-font-color2, var(--vscode-descriptionForeground, #555a66)); "
    "--faint: var(--jp-border-color2, var(--vscode-panel-border, #d4d7de)); "
    "--ground: var(--jp-layout-color0, var(--vscode-editor-background, #ffffff)); "
    "color: var(--text)"
)
THEMES: Mapping[Theme, str] = {
    "auto": FOLLOWING,
    "light": f"{variables(LIGHT)} background: var(--ground)",
    "dark": f"{variables(DARK)} background: var(--ground)",
}
QUALITY = 85


class RankedImage(NamedTuple):
    """An image of a ranking.

    Attributes
    ----------
    pixels : ndarray of shape (S, S, 3), uint8, or None
        None if it cannot be read.
    """

    key: str
    score: float
    pixels: NDArray[np.uint8] | None


def prior_figure(prior: Prior, theme: Theme) -> Figure:
    """Draw a prior as the map of its bins, in a figure that a notebook shows.

    In ``auto``, it has the colors of the notebook there, and is dark in files.
    """
    figure = draw_shares(prior)
    # pyplot shows its own figures only. IPython asks objects, not classes, for this method.
    vars(figure)["_repr_html_"] = partial(_map_html, figure, prior, theme)
    if theme == "light":
        recolor(figure, IN_LIGHT)
    return figure


def prior_html(prior: Prior) -> str:
    """Return a prior as the map of its bins, with a line of text."""
    figure = draw_shares(prior)
    return f"{_map_html(figure, prior)}<p>{escape(repr(prior))}</p>"


def _map_html(figure: Figure, prior: Prior, theme: Theme = "auto") -> str:
    title = f"How often each of {len(prior.probs)} bins occurs"
    svg = inline_svg(figure, f"prior-{prior.digest[:12]}", title, repr(prior))
    return f'<div style="max-width: 26rem; {THEMES[theme]}">{svg}</div>'


def ranking_html(caption: str, first: Sequence[RankedImage]) -> str:
    """Return the first images of a ranking as a table, with a caption."""
    rows = "".join(map(_row, range(1, len(first) + 1), first))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("rank", "image", "key", "score"))
    return f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{rows}</table>"


def _row(rank: int, image: RankedImage) -> str:
    key = escape(printable(image.key))
    picture = "" if image.pixels is None else f'<img alt="" src="{_data_url(image.pixels)}"/>'
    cells = (str(rank), picture, key, f"{image.score:.4g}")
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _data_url(pixels: NDArray[np.uint8]) -> str:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
