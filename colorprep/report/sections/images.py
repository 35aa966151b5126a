"""Sections on the images themselves: their ranks, the round trip, and what was skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...color.lab import Floats
from ...quantize.quantizer import Quantizer
from ...quantize.round_trip import RoundTrip, round_trip
from ..figures.charts import draw_errors, draw_round_trips, draw_scores
from ..numbers import quantity, short
from ..page import Block, Chart, Missing, Note, PictureRow, Section, Table
from .thumbnails import thumbnail

ERROR_RANKS = {"median": 0.5, "95th percentile": 0.95, "99th percentile": 0.99, "worst": 1.0}
DECODINGS = {
    "hard": "the center of its bin",
    "soft": "the mean of its soft label",
    "annealed": "the annealed mean of its soft label",
}


class Ranked(NamedTuple):
    """A ranked image with its thumbnail.

    Attributes
    ----------
    rank : int
        Counted from 1.
    key : str
    score : float
    tile : ndarray of shape (S, S, 3), uint8, or None
        None if the image cannot be read.
    """

    rank: int
    key: str
    score: float
    tile: NDArray[np.uint8] | None


@dataclass(frozen=True, eq=False)
class RoundTripSample:
    """Pixels of a sample of images, and their round-trip errors.

    Attributes
    ----------
    n_images : int
    rgb : ndarray of shape (N, 3), uint8
    errors : RoundTrip
        Color differences, each ndarray of shape (N,).
    """

    n_images: int
    rgb: NDArray[np.uint8]
    errors: RoundTrip


def ranking_section(scores: Floats, shown: Sequence[Sequence[Ranked]]) -> Section | Missing:
    """Show a curriculum's scores, and photographs of some ranks.

    Parameters
    ----------
    scores : ndarray of shape (n,), float64
        By rank; empty without a ranking.
    shown : sequence of sequence of Ranked
        Groups of images of neighboring ranks.
    """
    title = "From the most to the least colorful"
    if not len(scores):
        return Missing("ranking", "ranking by colorfulness", "colorprep rgbvar")
    spread = (
        f"Scores fall from {short(scores[0])} over {short(float(np.median(scores)))} in the middle "
        f"to {short(scores[-1])}"
    )
    ranks = [group[0].rank for group in shown]
    chart = Chart(
        "ranking",
        "Scores by rank",
        draw_scores(scores, ranks),
        "The score is the variance across R, G and B, averaged over an image's pixels; dots are "
        "where the photographs below begin.",
        f"A falling curve of {quantity(len(scores), 'score')}. {spread}.",
    )
    rows = [row for group in shown if (row := _thumbnails(group)).pictures]
    blocks: list[Block] = [chart, _first_table(shown), *rows]
    if len(rows) < len(shown):
        blocks.append(Note("Photographs are left out where the images cannot be read."))
    reading = (
        f"{quantity(len(scores), 'image')} in order of colorfulness, as a curriculum takes them. "
        f"{spread}."
    )
    facts = {
        "n_images": len(scores),
        "highest": float(scores[0]),
        "median": float(np.median(scores)),
        "lowest": float(scores[-1]),
        "ranks": ranks,
    }
    return Section("ranking", title, reading, blocks, facts)


def round_trip_section(quantizer: Quantizer, sample: RoundTripSample | None) -> Section | Missing:
    """Show what colors of the images lose when they are encoded and decoded."""
    if sample is None:
        title = "round trip of images, which cannot be read here"
        return Missing("round-trip", title, "colorprep report --dir FOLDER")
    errors = sample.errors
    facts = {name: _error_facts(values) for name, values in zip(DECODINGS, errors, strict=True)}
    medians = ", ".join(f"{short(one['median'])} {name}" for name, one in facts.items())
    chart = Chart(
        "round-trip",
        "How large the errors are",
        draw_errors(errors),
        "For each way of decoding, the share of the pixels whose error is no larger than this. "
        "The further left and up, the better.",
        f"Three rising curves of color differences. Medians: {medians}.",
    )
    table = Table(
        "Color differences (CIEDE2000)",
        ["decoding", "mean", "median", "95th percentile"],
        [
            [f"{name}: {DECODINGS[name]}", *(short(value) for value in one.values())]
            for name, one in facts.items()
        ],
    )
    reading = (
        f"What a color of these images loses by being encoded into {quantizer.name} and decoded "
        "again, at its own lightness: the error of perfect labels, decoded. A difference "
        "of 1 is just noticeable side by side. Measured on "
        f"{len(sample.rgb):,} pixels of {quantity(sample.n_images, 'image')}, a grid of each."
    )
    counts = {"n_images": sample.n_images, "n_pixels": len(sample.rgb)}
    blocks: list[Block] = [chart, _error_swatches(quantizer, sample), table]
    return Section("round-trip", "The round trip", reading, blocks, {**counts, **facts})


def error_summary(sample: RoundTripSample) -> str:
    """Format the median error of annealed decoding."""
    return f"ΔE {short(float(np.median(sample.errors.annealed)))}"


def skipped_section(
    skipped: Mapping[str, Mapping[str, int]],
    meanings: Mapping[str, Mapping[str, str]],
    passed_over: str = "",
) -> Section:
    """Count images that were skipped or found odd.

    Parameters
    ----------
    skipped : mapping of str to mapping of str to int
        For each command, the number of images by reason.
    meanings : mapping of str to mapping of str to str
        For each command, what its reasons mean.
    passed_over : str
        A sentence on the other files of the source, or empty.
    """
    rows = [
        [reason, command, f"{n:,}", meanings[command].get(reason, "")]
        for command, counts in skipped.items()
        for reason, n in sorted(counts.items())
    ]
    *others, last = (f"`colorprep {command}`" for command in skipped)
    commands = f"{', '.join(others)} and {last}" if others else last
    reading = (
        f"Images that could not be used or were found odd, as {commands} counted them. No image "
        "is left out silently."
    )
    blocks: list[Block] = [Note("There are none.")]
    if rows:
        columns = ["reason", "found by", "images", "what it means"]
        blocks = [Table("Images by reason", columns, rows, words=True)]
    if passed_over:
        blocks.append(Note(passed_over))
    facts = {command: dict(sorted(counts.items())) for command, counts in skipped.items()}
    return Section("skipped", "Skipped and odd images", reading, blocks, facts)


def _error_swatches(quantizer: Quantizer, sample: RoundTripSample) -> Chart:
    """Show the colors at some ranks of the hard error, and what decoding makes of them."""
    order = np.argsort(sample.errors.hard, kind="stable")
    last = len(order) - 1
    chosen = order[[round(quantile * last) for quantile in ERROR_RANKS.values()]]
    rgb, errors = sample.rgb[chosen], RoundTrip(*(values[chosen] for values in sample.errors))
    named = zip(ERROR_RANKS, errors.hard, strict=True)
    return Chart(
        "round-trip-colors",
        "What the errors look like",
        draw_round_trips(list(ERROR_RANKS), rgb, round_trip(quantizer, rgb), errors),
        "Colors of the photographs at ranks of the hard error, beside what comes back of them, "
        "with the color difference below. The lightness is kept.",
        f"Hard errors: {', '.join(f'{name} {short(error)}' for name, error in named)}.",
    )


def _first_table(shown: Sequence[Sequence[Ranked]]) -> Table:
    """List the first image of each group."""
    rows = [[f"{group[0].rank:,}", short(group[0].score), group[0].key] for group in shown]
    return Table("Where the photographs begin", ["rank", "score", "image"], rows, words=True)


def _thumbnails(group: Sequence[Ranked]) -> PictureRow:
    """Return the photographs of neighboring ranks, as far as they can be read."""
    first, last = group[0], group[-1]
    pictures = [
        thumbnail(image.key, f"{image.rank:,}", image.tile)
        for image in group
        if image.tile is not None
    ]
    title = (
        f"Ranks {first.rank:,} to {last.rank:,}, scores {short(first.score)} to {short(last.score)}"
    )
    return PictureRow(title, pictures, small=True)


def _error_facts(values: NDArray[np.float64]) -> dict[str, float]:
    return {
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "percentile_95": float(np.quantile(values, 0.95)),
    }
