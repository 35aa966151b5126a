"""Sections on differences: between classes, to another prior, and by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..balance.bootstrap import replicate_shares, share_intervals
from ..balance.comparison import Comparison, bins_that_differ_most, compare_priors
from ..balance.diagnosis import Finding
from ..balance.prior import Prior, entropy_bits
from ..balance.smoothing import hard_probs
from ..balance.weights import gray_bins
from ..color.lab import Floats
from ..quantize.quantizer import Quantizer
from .charts import draw_intervals
from .gamut import draw_differences, draw_uncertainties
from .numbers import percent, points, quantity, short
from .page import Block, Cell, Chart, Note, Section, Swatch, Table, missing
from .spectrum import draw_spectra
from .swatches import bin_facts, bin_name, bin_swatches

MOST_CLASSES = 12
CLASS_BINS = 3
COMPARED_BINS = 12
TOLD_INTERVALS = 10
LEVEL = 0.95


class ClassPrior(NamedTuple):
    """The prior of a class.

    Attributes
    ----------
    n_images : int
    probs : ndarray of shape (Q,), float64
    """

    n_images: int
    probs: Floats


class Reference(NamedTuple):
    """What a prior is compared with.

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


def classes_section(prior: Prior, classes: Mapping[str, ClassPrior]) -> Section:
    """Compare the classes with the whole."""
    title = "Classes"
    if not classes:
        text = "There are no class priors yet; `colorprep prior --by-class` makes them."
        return missing("classes", title, text)
    quantizer = prior.quantizer
    apart = {name: compare_priors(one.probs, prior.probs) for name, one in classes.items()}
    ranked = sorted(apart, key=lambda name: (-apart[name].jensen_shannon, name))
    shown = ranked[:MOST_CLASSES]
    rows: list[list[Cell]] = [
        [
            name,
            f"{classes[name].n_images:,}",
            short(apart[name].jensen_shannon),
            _extreme_bins(quantizer, apart[name].differences),
            _extreme_bins(quantizer, -apart[name].differences),
        ]
        for name in shown
    ]
    columns = ["class", "images", "divergence, bits", "points more than the whole", "points less"]
    count = f"the {len(shown)} most different of {len(ranked)} classes"
    table = Table(f"The most different of {len(ranked)} classes", columns, rows)
    bars = {"all": prior.probs, **{name: classes[name].probs for name in shown}}
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
    facts = {
        "n_classes": len(ranked),
        "median_jensen_shannon": float(np.median(divergences)),
        "jensen_shannon": {name: apart[name].jensen_shannon for name in sorted(apart)},
        "most_different": shown,
    }
    return Section("classes", title, reading, [chart, table], facts)


def comparison_section(prior: Prior, reference: Reference) -> Section:
    """Compare the prior with another one over the same bins."""
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
        f"A map of differences. {distance}. {_told_differences(quantizer, most, apart)}",
    )
    shapes = {"this prior": prior.probs, "reference": reference.probs}
    gray = gray_bins(quantizer.centers, quantizer.space)
    overall = Table(
        "Overall",
        ["measure", *shapes],
        [
            ["near-gray", *(percent(float(probs[gray].sum())) for probs in shapes.values())],
            ["largest share", *(percent(float(probs.max())) for probs in shapes.values())],
            ["entropy, bits", *(short(entropy_bits(probs)) for probs in shapes.values())],
        ],
    )
    bins = Table(
        "The bins that differ most",
        ["bin", "this prior", "reference", "points"],
        [
            [
                [swatch],
                percent(prior.probs[i]),
                percent(reference.probs[i]),
                points(apart.differences[i]),
            ]
            for swatch, i in zip(bin_swatches(quantizer, most), most, strict=True)
        ],
    )
    notes: list[Block] = [
        Note(f"{reference.name} is {finding.severity} ({finding.code}): {finding.detail}")
        for finding in reference.findings
    ]
    reading = (
        f"This prior against `{reference.name}`. {distance}: that share of the pixels would have "
        "to change bins to make them equal."
    )
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
    blocks = [chart, overall, bins, *notes]
    return Section("comparison", f"Against {reference.name}", reading, blocks, facts)


def uncertainty_section(prior: Prior) -> Section:
    """Show how far each bin's share would move with other images of the same kind."""
    title = "Uncertainty"
    if prior.bootstrap is None:
        text = (
            "The prior holds no replicates; `colorprep prior --bootstrap 200` counts them, and "
            "tells how far each bin's share would move with other images of the same kind."
        )
        return missing("uncertainty", title, text)
    quantizer, shares = prior.quantizer, hard_probs(prior.counts)
    low, high = share_intervals(prior.bootstrap, LEVEL)
    held = shares > 0
    relative = np.full(len(shares), np.nan)
    relative[held] = (high - low)[held] / 2.0 / shares[held]
    n_sure, n_unsure = int((relative[held] <= 0.25).sum()), int((relative[held] >= 1.0).sum())
    known = (
        f"Of {quantity(int(held.sum()), 'bin')} with pixels, {n_sure:,} are known to ±25% or "
        f"better, {n_unsure:,} to no better than ±100%"
    )
    replicates = replicate_shares(prior.bootstrap)
    gray = gray_bins(quantizer.centers, quantizer.space)
    tail = (1.0 - LEVEL) / 2.0
    gray_low, gray_high = np.quantile(replicates[:, gray].sum(axis=1), [tail, 1.0 - tail])
    most = np.argsort(-shares, kind="stable")[:TOLD_INTERVALS]
    intervals = Chart(
        "intervals",
        "The commonest bins",
        draw_intervals(quantizer, shares, low, high),
        "A dot in the bin's color is its counted share, the line through it the 95% interval.",
        f"Shares with intervals on a log scale. {known}.",
    )
    uncertainties = Chart(
        "uncertainties",
        "How uncertain each bin is",
        draw_uncertainties(quantizer, relative),
        "The area of a square is half the width of the bin's interval over its share: the larger, "
        "the less is known. Empty frames are bins without a pixel.",
        f"A map of the {len(shares)} bins. {known}.",
    )
    rows: list[list[Cell]] = [
        ["near-gray bins", *map(percent, (float(shares[gray].sum()), gray_low, gray_high))]
    ]
    rows += [
        [[swatch], percent(shares[i]), percent(low[i]), percent(high[i])]
        for swatch, i in zip(bin_swatches(quantizer, most), most, strict=True)
    ]
    table = Table("95% intervals", ["bin", "share", "from", "to"], rows)
    reading = (
        "How far the counted shares would move with other images of the same kind: a Poisson "
        f"bootstrap over images, {quantity(len(replicates), 'replicate')}. {known}."
    )
    facts = {
        "n_replicates": len(replicates),
        "level": LEVEL,
        "bins_within_a_quarter": n_sure,
        "bins_beyond_their_share": n_unsure,
        "gray_share": {
            "share": float(shares[gray].sum()),
            "low": float(gray_low),
            "high": float(gray_high),
        },
        "bins": [
            bin_facts(quantizer, i, share=float(shares[i]), low=float(low[i]), high=float(high[i]))
            for i in most
        ],
    }
    return Section("uncertainty", title, reading, [intervals, table, uncertainties], facts)


def _extreme_bins(quantizer: Quantizer, differences: Floats) -> list[Swatch]:
    """Return the bins of the largest positive differences as swatches."""
    order: NDArray[np.intp] = np.argsort(-differences, kind="stable")[:CLASS_BINS]
    order = order[differences[order] > 0]
    return bin_swatches(quantizer, order, [f"{100 * differences[i]:.0f}" for i in order])


def _told_differences(quantizer: Quantizer, bins: NDArray[np.intp], apart: Comparison) -> str:
    """Tell the three largest differences in words."""
    parts: list[Any] = [
        f"{points(apart.differences[i])} points at {bin_name(quantizer, i)}" for i in bins[:3]
    ]
    return f"The largest differences are {', '.join(parts)}." if parts else "Nothing differs."
