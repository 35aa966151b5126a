"""Names of photographs in pictures: their font, and what of a long name is shown."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

from ..printable import printable

NAME_SIZE, NAME_HEIGHT = 12, 20  # pixels: of a name under a photograph, and of its room there
FONT = "fonts/ttf/DejaVuSans.ttf"


@cache
def font(size: float) -> ImageFont.FreeTypeFont:
    """Return the font of figures at a size in pixels.

    Unlike Pillow's, it knows accents, Greek and Cyrillic.
    """
    package = find_spec("matplotlib")  # without importing it, which is slow
    assert package is not None and package.origin is not None
    path = Path(package.origin).parent / "mpl-data" / FONT
    if not path.exists():  # some systems keep the data elsewhere
        from matplotlib import get_data_path

        path = Path(get_data_path()) / FONT
    return ImageFont.truetype(path, size)


def name_within(name: str, width: float, size: float = NAME_SIZE) -> str:
    """Return a name that fits a width, if need be without its ending and its middle.

    The last letters of a name distinguish images, the first ones their classes, so both are kept.

    Parameters
    ----------
    width, size : float
        The room, and the size of the font, both in pixels.

    Examples
    --------
    >>> name_within("n01440764/ILSVRC2012_val_00000293.JPEG", 120)
    'n014407…0000293'
    >>> name_within("cat.jpg", 120)
    'cat.jpg'
    """
    name = printable(name)
    if font(size).getlength(name) <= width:
        return name
    name = name.rpartition(".")[0] or name
    shortened = (
        f"{name[: (kept + 1) // 2]}…{name[len(name) - kept // 2 :]}"
        for kept in range(len(name), 0, -1)
    )
    return next((text for text in shortened if font(size).getlength(text) <= width), "…")
