"""Colors of light and dark pages and figures.

Figures are drawn in the colors of `DARK`. Writing a figure replaces them by those of its theme, and
a page by variables of its style sheet, which are named like the colors here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Theme: TypeAlias = Literal["light", "dark", "auto"]
"""``auto`` follows the reader's setting, where the file can."""

LIGHT = {
    "ground": "#ffffff",
    "panel": "#f5f6f8",
    "text": "#1c1e24",
    "soft": "#555a66",
    "faint": "#d4d7de",
    "accent": "#b4430b",
    "second": "#0b678c",
    "third": "#7439ab",
    "fourth": "#2c7a33",
    "fifth": "#8a6300",
    "sixth": "#b02a63",
}
DARK = {
    "ground": "#17191e",
    "panel": "#20232a",
    "text": "#e8e8ea",
    "soft": "#a9adb8",
    "faint": "#3a3e47",
    "accent": "#f08a4b",
    "second": "#6cc0e5",
    "third": "#c79bf2",
    "fourth": "#8fce8b",
    "fifth": "#f2d06b",
    "sixth": "#f29bb5",
}

IN_LIGHT = {dark: LIGHT[name] for name, dark in DARK.items()}
"""The colors of the light theme by those in which figures are drawn."""


def variables(colors: Mapping[str, str]) -> str:
    """Return colors as variables of a style sheet.

    Examples
    --------
    >>> variables({"text": "#1c1e24", "soft": "#555a66"})
    '--text: #1c1e24; --soft: #555a66;'
    """
    return " ".join(f"--{name}: {color};" for name, color in colors.items())
