"""Sections on a prior itself: its colors, its smoothing, its weights, and the choice of lambda."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...balance.comparison import compare_priors
from ...balance.prior import Prior, entropy_bits
from ...balance.smoothing import hard_probs
from ...balance.weights import (
    Weights,
    WeightSafety,
    gray_bins,
    rebalancing_weights,
    weight_safety,
)
from ...color.lab import Floats
from ...errors import InputError
from ...quantize.quantizer import Quantizer
from ..figures.charts import draw_hard_and_smoothed
from ..figures.gamut import draw_weights
from ..figures.prior_map import draw_maps, draw_shares, named_shares
from ..figures.spectrum import draw_spectra
from ..numbers import percent, short
from ..page import Block, Chart, Note, Section, Table
from .swatches import bin_name, bin_swatches

LAMBDAS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
COMMONEST = 8


def prior_section(prior: Prior) -> Section:
    """Show the prior on a map of its bins."""
    quantizer, (stage, probs) = prior.quantizer, named_shares(prior)[0]
    n_bins, n_empty = len(probs), int(np.count_nonzero(prior.counts == 0))
    commonest = np.argsort(-probs, kind="stable")[:COMMONEST]
    top = f"{percent(probs[commonest[0]])} of the pixels, {bin_name(quantizer, commonest[0])}"
    description = (
        f"A map of the {n_bins} bins of {quantizer.name}, {stage}. The commonest bin holds {top}. "
        f"{n_empty} bins hold no pixel. Near-gray bins hold {percent(_gray_share(prior))}."
    )
    chart = Chart(
        "prior",
        "How often each color occurs",
        draw_shares(prior),
        "A bin's own color is in the middle of its cell, in a frame that is shaded by its share: "
        "from one number of the scale to the next, ten times as many pixels. Cells without a color "
        "are bins without a share. The bars hold all pixels, near-gray ones first, then the colors "
        "in order of hue.",
        description,
    )
    swatches = bin_swatches(quantizer, commonest)
    columns = swatches, probs[commonest], np.cumsum(probs[commonest])
    table = Table(
        f"The commonest bins, {stage}",
        ["bin", "share of the pixels", "together"],
        [
            [[swatch], percent(share), percent(together)]
            for swatch, share, together in zip(*columns, strict=True)
        ],
    )
    facts = {
        "quantizer": quantizer.name,
        "n_bins": n_bins,
        "bins_without_a_pixel": n_empty,
        "n_images": prior.meta.get("n_images"),
        "n_pixels": prior.n_pixels,
        "digest": prior.digest,
        **_shape(probs, quantizer),
    }
    reading = (
        "Which colors the images are made of. Each cell is a bin of the quantizer, at its place in "
        "the plane of colors."
    )
    return Section("prior", "The prior", reading, [chart, table], facts)


def smoothing_section(prior: Prior) -> Section:
    """Show the counted prior and the smoothed one."""
    quantizer, counted, smoothed = prior.quantizer, hard_probs(prior.counts), prior.probs
    smoothing = str(prior.meta.get("smoothing", "none"))
    apart = compare_priors(counted, smoothed)
    shapes = {"hard": _shape(counted, quantizer), "smoothed": _shape(smoothed, quantizer)}
    moved = "No smoothing was asked for, so both are the same."
    if smoothing != "none":
        moved = (
            f"Smoothing ({smoothing}) moved {percent(apart.total_variation)} of the pixels to "
            f"other bins, a Jensen-Shannon divergence of {short(apart.jensen_shannon)} bits."
        )
    chart = Chart(
        "smoothing",
        "Bins by their share",
        draw_hard_and_smoothed(quantizer, counted, smoothed),
        "The line is the smoothed prior, falling from the commonest bin to the rarest. A dot in a "
        "bin's color is its share of the pixels as they were counted; ticks at the bottom are "
        "bins without a pixel.",
        f"Shares of {len(counted)} bins on a log scale. {moved} The largest share is "
        f"{percent(counted.max())} as counted and {percent(smoothed.max())} smoothed.",
    )
    reading = (
        "Counted shares leave holes and noise where few pixels fall; smoothing fills them from "
        "neighboring colors, so that no rare color gets an absurd weight by accident. "
        f"{moved}"
    )
    facts = {
        "smoothing": smoothing,
        "jensen_shannon": apart.jensen_shannon,
        "total_variation": apart.total_variation,
        **shapes,
    }
    maps = [] if smoothing == "none" else [_smoothing_maps(quantizer, counted, smoothed)]
    blocks: list[Block] = [chart, *maps, _smoothing_table(*shapes.values())]
    return Section("smoothing", "Counted and smoothed", reading, blocks, facts)


def weights_section(
    quantizer: Quantizer, weights: Weights, meta: dict[str, Any], origin: str
) -> Section:
    """Show rebalancing weights, and how much of the loss they leave to gray.

    Parameters
    ----------
    quantizer : Quantizer
    weights : Weights
    meta : dict
        With ``lambda``, ``alpha`` and ``zero_bins``.
    origin : str
        A sentence on where the weights come from.
    """
    safety = weight_safety(weights, gray_bins(quantizer.centers, quantizer.space))
    spread = f"Weights reach from {short(safety.smallest)} to {short(safety.largest)}"
    gray = (
        f"near-gray bins hold {percent(safety.gray_before)} of the pixels and "
        f"{percent(safety.gray_after)} of the weighted loss"
    )
    weight_map = Chart(
        "weights",
        "How much each color counts",
        draw_weights(quantizer, weights.weights),
        "The area of a square is the weight of its bin.",
        f"A map of the {len(weights.weights)} bins. {spread}.",
    )
    rows = [("pixels", weights.probs), ("weighted loss", _in_the_loss(weights))]
    spectra = Chart(
        "gray",
        "What the weights do to gray",
        draw_spectra(quantizer, rows, "share of all pixels, and of the weighted loss"),
        "Each bar begins with its near-gray share, then come the colors in order of hue. The "
        "upper bar is what is in the photographs, the lower one what training attends to.",
        f"Two bars: {gray}.",
    )
    reading = (
        "Without weights a network learns to paint everything gray-brown, since most pixels are. "
        f"Weights let rare colors count more: {gray}. {origin}"
    )
    settings = {name: meta[name] for name in ("lambda", "alpha", "zero_bins")}
    facts = {**settings, **vars(safety)}
    blocks: list[Block] = [weight_map, spectra, _weight_table(safety, meta)]
    return Section("weights", "Weights and gray", reading, blocks, facts)


def lambda_section(prior: Prior) -> Section:
    """Compare values of lambda."""
    quantizer = prior.quantizer
    rows: list[list[str]] = []
    bars: list[tuple[str, Floats]] = []
    facts: list[dict[str, Any]] = []
    reasons: list[Block] = []
    for mix in LAMBDAS:
        try:
            weights = rebalancing_weights(prior.probs, mix)
        except InputError as error:
            rows.append([f"{mix:g}", *["–"] * 5])
            facts.append({"lambda": mix, "error": str(error)})
            reasons.append(Note(f"Lambda {mix:g} has no weights here: {error}."))
            continue
        safety = weight_safety(weights, gray_bins(quantizer.centers, quantizer.space))
        rows.append([f"{mix:g}", *_lambda_cells(safety)])
        bars.append((f"λ = {mix:g}", _in_the_loss(weights)))
        facts.append({"lambda": mix, **vars(safety)})
    columns = [
        "lambda",
        "smallest weight",
        "largest weight",
        "effective sample size",
        "near-gray before",
        "near-gray in the loss",
    ]
    table = Table("What each lambda does, at alpha 1", columns, rows)
    reading = (
        "Lambda is how much of the uniform distribution is mixed into the prior before its inverse "
        "is taken (0.5 is usual). Less makes training more colorful and wastes more of the "
        "pixels: the effective sample size is the share of them that the loss still uses."
    )
    blocks: list[Block] = [_lambda_chart(quantizer, bars, facts), table, *reasons]
    return Section("lambda", "The choice of lambda", reading, blocks, {"table": facts})


def summary(prior: Prior, weights: Weights) -> dict[str, str]:
    """Return the most important numbers of a prior and its weights, by name."""
    safety = weight_safety(weights, gray_bins(prior.quantizer.centers, prior.quantizer.space))
    n_empty = int(np.count_nonzero(prior.counts == 0))
    return {
        "images": f"{prior.meta.get('n_images', 0):,}",
        "pixels": f"{short(prior.n_pixels / 1e6)} million",
        "quantizer": prior.quantizer.name,
        "bins without a pixel": f"{n_empty} of {len(prior.counts)}",
        f"near-gray, {named_shares(prior)[0][0]}": percent(safety.gray_before),
        "near-gray in the loss": percent(safety.gray_after),
        "effective sample size": percent(safety.effective_share),
    }


def _smoothing_maps(quantizer: Quantizer, counted: Floats, smoothed: Floats) -> Chart:
    """Show the counted and the smoothed prior side by side."""
    filled = int(np.count_nonzero((counted == 0) & (smoothed > 0)))
    return Chart(
        "smoothing-maps",
        "Bins by their color",
        draw_maps(quantizer, [("Counted", counted), ("Smoothed", smoothed)]),
        "The map of the prior before and after smoothing. Cells without a color are bins without a "
        "share.",
        f"Two maps of {len(counted)} bins. Smoothing gives a share to {filled} that hold no pixel.",
    )


def _smoothing_table(*shapes: dict[str, Any]) -> Table:
    """Compare the counted and the smoothed prior."""
    return Table(
        "Before and after smoothing",
        ["measure", "counted", "smoothed"],
        [
            ["bins with a share", *(f"{shape['n_held']:,}" for shape in shapes)],
            ["largest share", *(percent(shape["largest"]) for shape in shapes)],
            ["near-gray", *(percent(shape["gray_share"]) for shape in shapes)],
            ["entropy, bits", *(short(shape["entropy_bits"]) for shape in shapes)],
            ["effective bins", *(short(shape["effective_bins"]) for shape in shapes)],
        ],
    )


def _weight_table(safety: WeightSafety, meta: dict[str, Any]) -> Table:
    return Table(
        "What the weights do to the loss",
        [],
        [
            ["lambda", short(meta["lambda"])],
            ["alpha", short(meta["alpha"])],
            ["empty bins", str(meta["zero_bins"])],
            ["smallest weight", short(safety.smallest)],
            ["largest weight", short(safety.largest)],
            ["largest over smallest", short(safety.largest / safety.smallest)],
            ["effective sample size", percent(safety.effective_share)],
            ["near-gray among the pixels", percent(safety.gray_before)],
            ["near-gray in the loss", percent(safety.gray_after)],
        ],
    )


def _lambda_chart(
    quantizer: Quantizer, bars: Sequence[tuple[str, Floats]], facts: Sequence[Mapping[str, Any]]
) -> Chart:
    described = [
        f"{percent(row['gray_after'])} at lambda {row['lambda']:g}"
        for row in facts
        if "gray_after" in row
    ]
    return Chart(
        "lambda",
        "The weighted loss for each lambda",
        draw_spectra(quantizer, bars, "share of the weighted loss"),
        "At lambda 1 all weights are equal, and the bar is that of the pixels. Towards 0 every bin "
        "comes to count alike, however rare it is.",
        f"Near-gray in the loss: {', '.join(described)}.",
    )


def _lambda_cells(safety: WeightSafety) -> list[str]:
    return [
        short(safety.smallest),
        short(safety.largest),
        percent(safety.effective_share),
        percent(safety.gray_before),
        percent(safety.gray_after),
    ]


def _in_the_loss(weights: Weights) -> Floats:
    """Return each bin's fraction of the weighted loss."""
    weighted = weights.probs * weights.weights
    normalized: Floats = weighted / weighted.sum()
    return normalized


def _gray_share(prior: Prior) -> float:
    quantizer = prior.quantizer
    return float(prior.probs[gray_bins(quantizer.centers, quantizer.space)].sum())


def _shape(probs: Floats, quantizer: Quantizer) -> dict[str, Any]:
    """Return how a distribution over bins is spread."""
    bits = entropy_bits(probs)
    return {
        "entropy_bits": bits,
        "effective_bins": 2.0**bits,
        "largest": float(probs.max()),
        "gray_share": float(probs[gray_bins(quantizer.centers, quantizer.space)].sum()),
        "n_held": int(np.count_nonzero(probs > 0)),
    }
