"""The section on levels of lightness: how the colors of dark and of light pixels differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_hex

from ...balance.comparison import ComparedLevel, compare_levels
from ...balance.prior import Prior
from ...color.lab import lab_to_rgb
from ...printable import first_of
from ..figures.prior_map import draw_maps
from ..figures.spectrum import draw_spectra
from ..numbers import percent, quantity, short
from ..page import Block, Cell, Chart, Missing, Note, Section, Swatch, Table

MOST_LEVELS = 12  # that are drawn


def lightness_section(prior: Prior) -> Section | Missing:
    """Show the priors of a prior's levels of lightness."""
    if not prior.levels:
        return Missing("lightness", "colors by lightness", "colorprep prior --by-lightness 6")
    compared = compare_levels(prior)
    with_pixels = [number for number, level in enumerate(compared) if level.n_pixels]
    shown = _evenly_chosen(with_pixels)
    levels = [compared[number] for number in shown]
    most = max(compared, key=lambda level: level.jensen_shannon or 0.0)
    spread = (
        f"{_name(most)} is the furthest from the whole, by a Jensen-Shannon divergence of "
        f"{short(most.jensen_shannon or 0.0)} bits"
    )
    chosen = f"{len(shown)} of {quantity(len(compared), 'level')}"
    probs = [prior.levels[number].probs for number in shown]
    names = list(map(_name, levels))
    maps = Chart(
        "lightness",
        "The colors of each level",
        draw_maps(prior.quantizer, list(zip(names, probs, strict=True))),
        "The map of the prior for the pixels of each level alone. The shade of a frame is a bin's "
        "share of the level.",
        f"Maps of {chosen}. {spread}.",
    )
    bars = [("all", prior.probs), *zip(names, probs, strict=True)]
    spectra = Chart(
        "lightness-spectra",
        "From dark to light",
        draw_spectra(prior.quantizer, bars, "share of the level's pixels"),
        "Each bar begins with its near-gray share, then come the colors in order of hue.",
        f"Bars of the whole and of {chosen}. {spread}.",
    )
    reading = (
        "A color that is common among light pixels may be rare among dark ones; weights by level "
        f"take this into account. {spread}. The counts of the levels add up to those of the whole."
    )
    facts = {"n_levels": len(compared), "levels": [level._asdict() for level in compared]}
    blocks: list[Block] = [maps, spectra, _table(levels), *_notes(compared, shown)]
    return Section("lightness", "By lightness", reading, blocks, facts)


def _evenly_chosen(numbers: Sequence[int]) -> list[int]:
    """Return at most `MOST_LEVELS` numbers, evenly spaced, with the first and the last."""
    n = min(MOST_LEVELS, len(numbers))
    return [numbers[place] for place in np.linspace(0, len(numbers) - 1, n).round().astype(int)]


def _table(levels: Sequence[ComparedLevel]) -> Table:
    rows: list[list[Cell]] = [
        [
            [_swatch(level)],
            percent(level.share),
            percent(level.gray_share or 0.0),
            short(level.jensen_shannon or 0.0),
        ]
        for level in levels
    ]
    columns = ["lightness", "pixels", "near-gray", "bits apart"]
    return Table("How far levels are from the whole", columns, rows)


def _notes(compared: Sequence[ComparedLevel], shown: Sequence[int]) -> list[Note]:
    """Say which levels have no pixel, and how many are not shown."""
    notes = []
    empty = [_name(level) for level in compared if not level.n_pixels]
    if empty:
        names = first_of(empty, MOST_LEVELS)
        notes.append(Note(f"No pixel is in {names}: there the weights are the whole's."))
    n_left = len(compared) - len(empty) - len(shown)
    if n_left:
        notes.append(Note(f"{quantity(n_left, 'level')} between these are not shown."))
    return notes


def _swatch(level: ComparedLevel) -> Swatch:
    """Return a swatch of the gray in the middle of a level."""
    gray = lab_to_rgb(np.array([[(level.low + level.high) / 2, 0.0, 0.0]]))
    return Swatch(to_hex(np.clip(gray, 0.0, 1.0)[0]), _name(level), "gray")


def _name(level: ComparedLevel) -> str:
    return f"L {short(level.low)}–{short(level.high)}"
