"""Sections on differences: between classes, to another prior, and at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...balance.bootstrap import FEW_IMAGES, share_intervals
from ...balance.comparison import Comparison, bins_that_differ_most, compare_priors
from ...balance.diagnosis import Finding
from ...balance.prior import Prior, entropy_bits
from ...balance.smoothing import hard_probs
from ...balance.weights import gray_bins
from ...color.lab import Floats
from ...quantize.quantizer import Quantizer
from ..figures.charts import draw_intervals
from ..figures.gamut import draw_differences, draw_uncertainties
from ..figures.spectrum import LONGEST_NAME, draw_spectra
from ..numbers import percent, points, quantity, short
from ..page import Block, Cell, Chart, Missing, Note, Section, Swatch, Table
from .swatches import bin_facts, bin_name, bin_swatches

MOST_CLASSES = 12
CLASS_BINS = 3
COMPARED_BINS = 12
LISTED_INTERVALS = 10
LEVEL = 0.95


class ClassPrior(NamedTuple):
    """The prior of a class: its number of images, and probabilities of shape (Q,)."""

    n_images: int
    probs: Floats


class Reference(NamedTuple):
    """A prior to compare with.

    Attributes
    ----------
    name : str
    probs : ndarray of shape (Q,), float64, summing to 1
    findings : sequence of Finding
        What seems to be wrong with it.
    """

    name: str
    probs: Floats
    findings: Sequence[Finding]


def classes_section(prior: Prior, classes: Mapping[str, ClassPrior]) -> Section | Missing:
    """Compare the classes with the whole."""
    if not classes:
        return Missing("classes", "classes", "colorprep prior --by-class")
    quantizer = prior.quantizer
    apart = {name: compare_priors(one.probs, prior.probs) for name, one in classes.items()}
    ranked = sorted(apart, key=lambda name: (-apart[name].jensen_shannon, name))
    shown = ranked[:MOST_CLASSES]
    count = f"the {len(shown)} most different of {len(ranked)} classes"
    bars = [("all", prior.probs)]
    bars += [(_with_few(name, classes[name].n_images), classes[name].probs) for name in shown]
    divergences = np.array([one.jensen_shannon for one in apart.values()])
    spread = (
        f"The median class is {short(float(np.median(divergences)))} bits from the whole, the most "
        f"different one, {shown[0]}, {short(float(divergences.max()))} bits."
    )
    chart = Chart(
        "classes",
        "The colors of classes",
        draw_spectra(quantizer, bars, "share of the pixels"),
        f"The whole, and {count}. Each bar begins with its near-gray share, then come the colors "
        "in order of hue.",
        f"Bars of {count}. {spread}",
    )
    reading = (
        "How far the colors of each class, a top-level folder, are from those of all images: the "
        f"Jensen-Shannon divergence, 0 bits for the same colors to 1 for no common one. {spread}"
    )
    n_few = sum(one.n_images < FEW_IMAGES for one in classes.values())
    if n_few:
        reading += (
            f" {n_few} of {len(ranked)} classes have fewer than {FEW_IMAGES} images, so "
            "their distance may be due to chance; in the figure, their number of images follows "
            "the name."
        )
    facts = {
        "n_classes": len(ranked),
        "median_jensen_shannon": float(np.median(divergences)),
        "jensen_shannon": {name: apart[name].jensen_shannon for name in sorted(apart)},
        "most_different": shown,
    }
    table = _class_table(quantizer, classes, {name: apart[name] for name in shown})
    return Section("classes", "Classes", reading, [chart, table], facts)


def comparison_section(prior: Prior, reference: Reference | None) -> Section | Missing:
    """Compare the prior with another one over the same bins."""
    if reference is None:
        title = "comparison with another prior"
        return Missing("comparison", title, "colorprep report --compare OTHER.npz")
    quantizer = prior.quantizer
    apart = compare_priors(prior.probs, reference.probs)
    most = bins_that_differ_most(apart.differences, COMPARED_BINS)
    distance = (
        f"The Jensen-Shannon divergence is {short(apart.jensen_shannon)} bits, the total variation "
        f"{percent(apart.total_variation)}"
    )
    chart = Chart(
        "comparison",
        f"Against {reference.name}",
        draw_differences(quantizer, apart.differences),
        "A full square is a color that these images hold more of, a hollow one a color that "
        f"`{reference.name}` holds more of. Its area tells how much, on a root scale.",
        f"A map of differences. {distance}. {_differences_in_words(quantizer, most, apart)}",
    )
    tables = _compared_shapes(prior, reference), _compared_bins(prior, reference, most)
    notes = [
        Note(f"{reference.name} is {finding.severity} ({finding.code}): {finding.detail}")
        for finding in reference.findings
    ]
    reading = (
        f"This prior against `{reference.name}`. {distance}: that share of the pixels would have "
        "to change bins to make them equal."
    )
    gray = gray_bins(quantizer.centers, quantizer.space)
    facts = {
        "with": reference.name,
        "jensen_shannon": apart.jensen_shannon,
        "total_variation": apart.total_variation,
        "gray_share": float(prior.probs[gray].sum()),
        "gray_share_there": float(reference.probs[gray].sum()),
        "bins": [
            bin_facts(
                quantizer, i, share=float(prior.probs[i]), share_there=float(reference.probs[i])
            )
            for i in most
        ],
        "findings": [{"code": one.code, "severity": one.severity} for one in reference.findings],
    }
    blocks: list[Block] = [chart, *tables, *notes]
    return Section("comparison", f"Against {reference.name}", reading, blocks, facts)


def uncertainty_section(prior: Prior) -> Section | Missing:
    """Show how far each bin's share would move with other images of the same kind."""
    if prior.bootstrap is None:
        return Missing("uncertainty", "uncertainty of shares", "colorprep prior --bootstrap 200")
    quantizer, bounds = prior.quantizer, _bounds(prior, prior.bootstrap)
    shares, low, high = bounds.shares, bounds.low, bounds.high
    held = shares > 0
    relative = np.full(len(shares), np.nan)
    relative[held] = (high - low)[held] / 2.0 / shares[held]
    n_sure, n_unsure = int((relative[held] <= 0.25).sum()), int((relative[held] >= 1.0).sum())
    known = (
        f"Of {quantity(int(held.sum()), 'bin')} with pixels, {n_sure:,} are known to ±25% or "
        f"better, {n_unsure:,} to no better than ±100%"
    )
    reading = (
        "How far the counted shares would move with other images of the same kind: a Poisson "
        f"bootstrap over images, {quantity(len(prior.bootstrap), 'replicate')}. {known}."
    )
    if prior.meta.get("n_images", FEW_IMAGES) < FEW_IMAGES:
        reading += " With so few images the intervals are too narrow, and tell next to nothing."
    facts = {
        "n_replicates": len(prior.bootstrap),
        "level": LEVEL,
        "bins_within_a_quarter": n_sure,
        "bins_beyond_their_share": n_unsure,
        "gray_share": dict(zip(("share", "low", "high"), bounds.gray, strict=True)),
        "bins": [
            bin_facts(quantizer, i, share=float(shares[i]), low=float(low[i]), high=float(high[i]))
            for i in _commonest(shares)
        ],
    }
    intervals, uncertainties = _uncertainty_charts(quantizer, bounds, relative, known)
    blocks: list[Block] = [intervals, _interval_table(quantizer, bounds), uncertainties]
    return Section("uncertainty", "Uncertainty", reading, blocks, facts)


class _Bounds(NamedTuple):
    """Counted shares of bins and the ends of their intervals, each of shape (Q,).

    Attributes
    ----------
    gray : tuple of float
        Share, low and high of all near-gray bins together.
    """

    shares: Floats
    low: Floats
    high: Floats
    gray: tuple[float, float, float]


def _bounds(prior: Prior, bootstrap: NDArray[np.int64]) -> _Bounds:
    shares = hard_probs(prior.counts)
    gray = gray_bins(prior.quantizer.centers, prior.quantizer.space)
    # Near-gray or not: two bins, whose intervals are computed like those of all others.
    halves = np.column_stack([bootstrap[:, gray].sum(axis=1), bootstrap[:, ~gray].sum(axis=1)])
    low, high = share_intervals(halves, LEVEL)
    of_gray = float(shares[gray].sum()), float(low[0]), float(high[0])
    return _Bounds(shares, *share_intervals(bootstrap, LEVEL), of_gray)


def _uncertainty_charts(
    quantizer: Quantizer, bounds: _Bounds, relative: Floats, known: str
) -> tuple[Chart, Chart]:
    """Draw the commonest bins with their intervals, and how uncertain each bin is."""
    intervals = Chart(
        "intervals",
        "The commonest bins",
        draw_intervals(quantizer, bounds.shares, bounds.low, bounds.high),
        "A dot in the bin's color is its counted share, the line through it the 95% interval.",
        f"Shares with intervals on a log scale. {known}.",
    )
    uncertainties = Chart(
        "uncertainties",
        "How uncertain each bin is",
        draw_uncertainties(quantizer, relative),
        "The area of a square is half the width of the bin's interval over its share: the larger, "
        "the less is known. Empty frames are bins without a pixel.",
        f"A map of the {len(relative)} bins. {known}.",
    )
    return intervals, uncertainties


def _with_few(name: str, n_images: int) -> str:
    """Return the name of a class for the figure, with its number of images if they are few.

    A long name is shortened, so that the number is not.
    """
    if n_images >= FEW_IMAGES:
        return name
    number = f" ({n_images})"
    room = LONGEST_NAME - len(number)
    return (name if len(name) <= room else f"{name[: room - 1]}…") + number


def _class_table(
    quantizer: Quantizer, classes: Mapping[str, ClassPrior], shown: Mapping[str, Comparison]
) -> Table:
    """List classes with their distance to the whole and the bins that differ most."""
    rows: list[list[Cell]] = [
        [
            name,
            f"{classes[name].n_images:,}",
            short(apart.jensen_shannon),
            _extreme_bins(quantizer, apart.differences),
            _extreme_bins(quantizer, -apart.differences),
        ]
        for name, apart in shown.items()
    ]
    columns = ["class", "images", "divergence, bits", "points more than the whole", "points less"]
    return Table(f"The most different of {len(classes)} classes", columns, rows, wide=True)


def _interval_table(quantizer: Quantizer, bounds: _Bounds) -> Table:
    rows: list[list[Cell]] = [["near-gray bins", *map(percent, bounds.gray)]]
    most = _commonest(bounds.shares)
    for swatch, i in zip(bin_swatches(quantizer, most), most, strict=True):
        ends = (bounds.shares[i], bounds.low[i], bounds.high[i])
        rows.append([[swatch], *map(percent, ends)])
    return Table("95% intervals", ["bin", "share", "from", "to"], rows)


def _commonest(shares: Floats) -> NDArray[np.intp]:
    return np.argsort(-shares, kind="stable")[:LISTED_INTERVALS]


def _compared_shapes(prior: Prior, reference: Reference) -> Table:
    """Compare two priors by summary measures."""
    both = prior.probs, reference.probs
    gray = gray_bins(prior.quantizer.centers, prior.quantizer.space)
    rows = [
        ["near-gray", *(percent(float(probs[gray].sum())) for probs in both)],
        ["largest share", *(percent(float(probs.max())) for probs in both)],
        ["entropy, bits", *(short(entropy_bits(probs)) for probs in both)],
    ]
    return Table("Overall", ["measure", "this prior", "reference"], rows)


def _compared_bins(prior: Prior, reference: Reference, bins: NDArray[np.intp]) -> Table:
    """Compare two priors bin by bin."""
    rows: list[list[Cell]] = []
    for swatch, i in zip(bin_swatches(prior.quantizer, bins), bins, strict=True):
        here, there = prior.probs[i], reference.probs[i]
        rows.append([[swatch], percent(here), percent(there), points(here - there)])
    columns = ["bin", "this prior", "reference", "points"]
    return Table("The bins that differ most", columns, rows)


def _extreme_bins(quantizer: Quantizer, differences: Floats) -> list[Swatch]:
    """Return the bins of the largest positive differences as swatches."""
    order: NDArray[np.intp] = np.argsort(-differences, kind="stable")[:CLASS_BINS]
    order = order[differences[order] > 0]
    return bin_swatches(quantizer, order, [f"{100 * differences[i]:.0f}" for i in order])


def _differences_in_words(quantizer: Quantizer, bins: NDArray[np.intp], apart: Comparison) -> str:
    """Describe the three largest differences."""
    parts = [f"{points(apart.differences[i])} points at {bin_name(quantizer, i)}" for i in bins[:3]]
    return f"The largest differences are {', '.join(parts)}." if parts else "Nothing differs."
