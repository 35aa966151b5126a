"""Options of how pages and figures look, and how figures are written."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, get_args

import click

from ..errors import InputError
from ..report.figures.figure_style import FigureFormat, FigureStyle, parse_size
from ..report.themes import Theme
from .options import wrong_usage

theme_option = click.option(
    "--theme",
    type=click.Choice(get_args(Theme)),
    default=FigureStyle.theme,
    show_default=True,
    help="Colors of pages and figures. auto: pages and SVG follow the reader's setting, PNG is "
    "dark, PDF is light.",
)


class FigureSize(click.ParamType[Any]):
    """A width and perhaps a height in inches."""

    name = "WIDTH[xHEIGHT]"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the width, and the height or None."""
        try:
            return parse_size(value)
        except InputError as error:
            self.fail(str(error), param, ctx)


def figure_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of how figures are written; the command gets them as ``style``."""

    @theme_option
    @click.option(
        "--figure-format",
        type=click.Choice(get_args(FigureFormat)),
        help="Format of figures; text stays text in pdf and svg. [png]",
    )
    @click.option("--no-title", is_flag=True, help="Leave out the title above a figure.")
    @click.option(
        "--figure-size",
        type=FigureSize(),
        help="Size of figures in inches, such as 3.5x2.5, or 3.5 for the height that they need.",
    )
    @click.option(
        "--dpi",
        type=int,
        default=FigureStyle.dpi,
        show_default=True,
        help="Dots per inch of figures.",
    )
    @functools.wraps(function)
    def run(
        *arguments: Any,
        theme: Any,
        figure_format: Any,
        no_title: bool,
        figure_size: Any,
        dpi: int,
        **values: Any,
    ) -> Any:
        with wrong_usage():
            style = FigureStyle(theme, figure_format, not no_title, figure_size, dpi)
        return function(*arguments, style=style, **values)

    return run
