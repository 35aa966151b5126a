"""The note on figures that are higher than --figure-size."""

from __future__ import annotations

from collections.abc import Mapping

from ..progress import Reporter


def note_heights(heights: Mapping[str, float | None], reporter: Reporter) -> None:
    """Tell of figures that need more height than --figure-size gives.

    Parameters
    ----------
    heights : mapping of str to (float or None)
        Inches by file; None for those that have the size.
    """
    needed = [(name, height) for name, height in heights.items() if height is not None]
    if needed:
        named = ", ".join(f"{name} ({height:.3g} inches)" for name, height in needed)
        reporter.note(f"higher than --figure-size, for lack of room: {named}")
