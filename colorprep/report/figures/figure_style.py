"""How figures are written: theme, format, title, and size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from ...errors import InputError
from ..themes import Theme

FigureFormat: TypeAlias = Literal["png", "pdf", "svg"]

WIDTH, WIDE = 5.0, 10.0  # inches, of figures of one column and of two
SMALLEST = 0.5  # that text becomes in narrow figures, of its own size
SIDES = (1.0, 40.0)  # inches
RESOLUTIONS = (36, 1200)  # dots per inch


@dataclass(frozen=True)
class FigureStyle:
    """How figures are written to files.

    Attributes
    ----------
    theme : {"light", "dark", "auto"}
        In ``auto``, PNG files are dark, PDF files are light, and SVG files follow the setting of
        the browser.
    format : {"png", "pdf", "svg"} or None
        None for the ending of a file that is named, else PNG.
    titled : bool
        Whether the title stands above the figure.
    size : tuple of float and (float or None), or None
        Width and height in inches; None for those of the figure.
    dpi : int
        Dots per inch of PNG files, and of photographs in the others.
    """

    theme: Theme = "auto"
    format: FigureFormat | None = None
    titled: bool = True
    size: tuple[float, float | None] | None = None
    dpi: int = 168

    def __post_init__(self) -> None:
        """Reject sizes that no figure has."""
        low, high = SIDES
        for side in self.size or ():
            if side is not None and not low <= side <= high:
                raise InputError(
                    f"the sides of a figure must be {low:g} to {high:g} inches; got {side:g}"
                )
        low, high = RESOLUTIONS
        if not low <= self.dpi <= high:
            raise InputError(f"dots per inch must be {low} to {high}; got {self.dpi}")

    @property
    def ending(self) -> FigureFormat:
        """The format of files that are not named otherwise, which is also their ending."""
        return self.format or "png"

    @property
    def is_dark(self) -> bool:
        """Whether figures are dark, if they do not follow the reader's setting."""
        return self.theme == "dark" or (self.theme == "auto" and self.ending == "png")

    @property
    def follows_reader(self) -> bool:
        """Whether files hold both themes."""
        return self.theme == "auto" and self.ending == "svg"

    def of_file(self, name: str) -> FigureStyle:
        """Return this style in the format of a file's ending.

        Raises
        ------
        InputError
            If figures are not written in this format, or another one is asked for.

        Examples
        --------
        >>> FigureStyle().of_file("curves.pdf").format
        'pdf'
        """
        ending = name.rpartition(".")[2].lower()
        for known in get_args(FigureFormat):
            if ending == known and self.format in (None, known):
                return replace(self, format=known)
        wanted = [f".{known}" for known in get_args(FigureFormat) if self.format in (None, known)]
        raise InputError(f"a figure is written as {' or '.join(wanted)}; got {name}")

    def refuse_narrow(self, width: float) -> None:
        """Raise InputError if the size is too narrow for a figure drawn so many inches wide.

        Examples
        --------
        >>> FigureStyle(size=(3.5, None)).refuse_narrow(WIDE)
        Traceback (most recent call last):
        colorprep.errors.InputError: --figure-size 3.5 is too narrow: it needs 5 inches or more
        """
        needed = SMALLEST * width
        if self.size is not None and self.size[0] < needed:
            raise InputError(
                f"--figure-size {self.size[0]:g} is too narrow: it needs {needed:g} inches or more"
            )

    def refuse_unused(self, option: str) -> None:
        """Raise InputError if anything was chosen, since without an option no figure is drawn."""
        if self != DEFAULT_STYLE:
            raise InputError(f"options of figures, such as --theme, need {option}")


DEFAULT_STYLE = FigureStyle()


def parse_size(text: str) -> tuple[float, float | None]:
    """Parse a width and perhaps a height in inches.

    Raises
    ------
    InputError
        If it is neither WIDTHxHEIGHT nor WIDTH.

    Examples
    --------
    >>> parse_size("3.5x2.5"), parse_size("7")
    ((3.5, 2.5), (7.0, None))
    """
    width, by, height = text.lower().partition("x")
    try:
        return float(width), float(height) if by else None
    except ValueError:
        raise InputError(
            "a size of figures is WIDTHxHEIGHT or WIDTH, in inches, such as 3.5x2.5 or 3.5; "
            f"got {text}"
        ) from None
