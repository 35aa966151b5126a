"""Color hints: colors that a person gives at places of a photograph, and the text they come in.

The text is a table of comma-separated values. Its header is ``x,y,radius,color``, with colors as
``#rrggbb``, or ``x,y,radius,a,b``, with a and b in CIELAB units. A hint has no lightness: that of
the photograph stays.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from .lab import Floats, reduce_to_gamut, rgb_to_lab

PLACE = ("x", "y", "radius")
N_LEVELS = 401  # of lightness: with them, every 8-bit color is found to 0.2 CIELAB units
TOLERANCE = 1.0  # CIELAB units: a and b are often rounded

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


class ColorHint(NamedTuple):
    """A color at a place of a photograph: the square of pixels around (x, y).

    Attributes
    ----------
    x, y : int
        Column and row of the middle, from 0, in the upright photograph.
    radius : int
        Pixels on each side of the middle; 0 is that pixel alone.
    a, b : float
        In CIELAB units.
    """

    x: int
    y: int
    radius: int
    a: float
    b: float

    def check_inside(self, shape: tuple[int, int], name: str = "the photograph") -> None:
        """Raise InputError if the middle is outside of a photograph of this height and width."""
        height, width = shape
        if not (0 <= self.x < width and 0 <= self.y < height):
            raise InputError(
                f"the hint at x={self.x}, y={self.y} is outside of {name}, of {width} x {height} "
                f"pixels: x goes from 0 to {width - 1}, y from 0 to {height - 1}"
            )


def parse_hints(lines: Iterable[str], name: str) -> dict[int, ColorHint]:
    """Read a table of hints.

    Parameters
    ----------
    lines : iterable of str
        Blank ones are passed over.
    name : str
        Of the file, for messages.

    Returns
    -------
    dict of int to ColorHint
        By the number of its line, in order. One at least.

    Raises
    ------
    InputError
        If the header or a line cannot be understood, sRGB has no such color, or there is no hint.

    Examples
    --------
    >>> parse_hints(["x,y,radius,a,b", "", "7,2,0,-20.5,8"], "photo.csv")
    {3: ColorHint(x=7, y=2, radius=0, a=-20.5, b=8.0)}
    """
    table = csv.reader(lines, skipinitialspace=True, strict=True)
    columns: tuple[str, ...] = ()
    hints = {}
    try:
        for cells in table:
            if not any(cell.strip() for cell in cells):
                continue
            if columns:
                hints[table.line_num] = _hint(cells, columns)
            else:
                columns = _color_columns(cells)
    except (InputError, csv.Error) as error:
        raise InputError(f"{name}, line {table.line_num}: {error}") from None
    if not hints:
        raise InputError(
            f"{name} has no hints; give a header x,y,radius,color and a line for each hint, such "
            "as 40,25,3,#c03020"
        )
    return hints


def strongest_of_hue(a: float, b: float) -> tuple[float, float]:
    """Return ab of this hue with the strongest chroma up to its own that sRGB can show.

    Examples
    --------
    >>> a, b = strongest_of_hue(120.0, 0.0)
    >>> round(a), round(b)
    (85, 0)
    """
    lab: Floats = np.empty((N_LEVELS, 3))
    lab[:] = 0.0, a, b
    lab[:, 0] = np.linspace(0.0, 100.0, N_LEVELS)
    ab = reduce_to_gamut(lab)[:, 1:]
    strongest = ab[np.argmax(np.hypot(ab[:, 0], ab[:, 1]))]
    return float(strongest[0]), float(strongest[1])


def _color_columns(header: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a header that hold the color."""
    names = tuple(name.strip().lower() for name in header)
    place, columns = names[: len(PLACE)], names[len(PLACE) :]
    if place != PLACE or columns not in COLORS:
        raise InputError(
            f"expected the header x,y,radius,color or x,y,radius,a,b, got {','.join(header)!r}"
        )
    return columns


def _hint(cells: Sequence[str], columns: tuple[str, ...]) -> ColorHint:
    n_cells = len(PLACE) + len(columns)
    if len(cells) != n_cells:
        raise InputError(f"expected {n_cells} values, got {len(cells)}")
    x, y, radius = map(_whole, PLACE, cells)
    if radius < 0:
        raise InputError(f"the radius is {radius}; 0 is one pixel, more is a larger square")
    return ColorHint(x, y, radius, *COLORS[columns](cells[len(PLACE) :]))


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{name} is {text!r}; expected a whole number of pixels") from None


def _of_hex(cells: Sequence[str]) -> tuple[float, float]:
    text = cells[0].strip()
    if not _HEX.fullmatch(text):
        raise InputError(f"the color is {text!r}; expected #rrggbb, such as #c03020")
    _, a, b = rgb_to_lab(np.array(list(bytes.fromhex(text[1:])), np.uint8)).tolist()
    return a, b


def _of_ab(cells: Sequence[str]) -> tuple[float, float]:
    try:
        a, b = map(float, cells)
    except ValueError:
        raise InputError(f"a,b is {','.join(cells)!r}; expected two numbers") from None
    if not (math.isfinite(a) and math.isfinite(b)):
        raise InputError(f"a,b is {a},{b}; expected finite numbers")
    near = strongest_of_hue(a, b)
    if math.dist((a, b), near) > TOLERANCE:
        raise InputError(
            f"sRGB has no color of a={a:g}, b={b:g} at any lightness; the strongest of that hue is "
            f"a={near[0]:.1f}, b={near[1]:.1f}"
        )
    return a, b


# What reads the color, by its columns.
COLORS: dict[tuple[str, ...], Callable[[Sequence[str]], tuple[float, float]]] = {
    ("color",): _of_hex,
    ("a", "b"): _of_ab,
}
