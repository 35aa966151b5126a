"""Sheets of photographs as files: as JPEG, or as figures, whose text is text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

from .figures.figure_style import FigureFormat, FigureStyle
from .figures.files import write_figure
from .gallery import GROUND, TEXT, Sheet
from .themes import DARK, LIGHT

QUALITY = 88
POINTS = 72  # an inch
HORIZONTAL = {"l": "left", "m": "center", "r": "right"}


def sheet_ending(style: FigureStyle) -> FigureFormat | Literal["jpg"]:
    """Return the ending of a sheet's file: ``jpg`` without a format or size."""
    return style.format or ("jpg" if style.size is None else style.ending)


def write_sheet(sheet: Sheet, path: Path, style: FigureStyle) -> None:
    """Write a sheet to a file of its ending; as JPEG, a pixel is a pixel."""
    if sheet_ending(style) == "jpg":
        picture = sheet.picture(DARK if style.is_dark else LIGHT)
        picture.save(path, "JPEG", quality=QUALITY)
    else:
        write_figure(_drawn(sheet, style), "", path, replace(style, size=None))


def _drawn(sheet: Sheet, style: FigureStyle) -> Figure:
    """Draw a sheet in the size of a style, or else a dot for a pixel."""
    width, height = sheet.photographs.size
    across, down = style.size or (width / style.dpi, None)
    size = (across, down or across * height / width)
    figure = Figure(figsize=size, facecolor=GROUND)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    # PDF and SVG keep the pixels of the photographs.
    interpolation = "antialiased" if style.ending == "png" else "none"
    axes.imshow(sheet.photographs, extent=(0, width, height, 0), interpolation=interpolation)
    points = POINTS * min(size[0] / width, size[1] / height)  # for a pixel of the sheet
    for (x, y), text, font_size, anchor in sheet.texts:
        axes.text(
            x,
            y,
            text,
            color=TEXT,
            fontsize=points * font_size,
            ha=HORIZONTAL[anchor[0]],
            va="center",
            parse_math=False,
        )
    return figure
