"""Sections on results of networks: probes, hints, and pictures against their originals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ...metrics.methods import BETTER
from ...metrics.pictures import MeanError
from ...metrics.proportions import Proportion
from ...metrics.resampling import LEVEL, Measured
from ..figures.hint_curve import HintCurve, draw_hint_curves
from ..figures.probes import draw_probes
from ..figures.style import SERIES
from ..method_tables import with_arrow, with_interval
from ..numbers import percent, quantity, short
from ..page import Block, Chart, Section, Table
from .thumbnails import small_sheet

SHOWN_COUNTS = 8  # numbers of hints in the table


class ProbeChance(NamedTuple):
    """The images that judge probes, and the accuracy of naming the largest class."""

    n_images: int
    n_classes: int
    accuracy: float


def probes_section(runs: Mapping[str, Mapping[str, Proportion]], chance: ProbeChance) -> Section:
    """Show what layers of networks tell of classes.

    Parameters
    ----------
    runs : mapping of str to mapping of str to Proportion
        Accuracies by run, at least one, and layer.
    """
    layers = list(next(iter(runs.values())))
    best = max(
        ((run, layer) for run in runs for layer in layers), key=lambda at: runs[at[0]][at[1]]
    )
    top = runs[best[0]][best[1]]
    highest = f"{best[1]} of {best[0]} tells most: {percent(top.value)} of the images are right"
    images = f"{quantity(chance.n_images, 'image')} of {chance.n_classes:,} classes"
    drawn = {
        name: np.array([layer[:3] for layer in run.values()]).T
        for name, run in list(runs.items())[: len(SERIES)]
    }
    chart = Chart(
        "probes",
        "Accuracy by layer",
        draw_probes(layers, drawn, chance.accuracy, f"{images}, {LEVEL:.0%} intervals"),
        "How many of the held-out images a linear layer classifies from what a layer of the frozen "
        "network gives it.",
        f"Accuracies of {quantity(len(layers), 'layer')}. {highest}, at {percent(chance.accuracy)} "
        "by always naming the largest class.",
    )
    rows = [[layer, *(_proportion(run[layer]) for run in runs.values())] for layer in layers]
    table = Table("Accuracies", ["layer", *runs], rows)
    reading = (
        f"How well layers of networks that learned to color tell classes of images. {highest}, "
        f"where always naming the largest class gets {percent(chance.accuracy)}."
    )
    facts = {
        "chance": chance._asdict(),
        "runs": {
            name: {layer: one._asdict() for layer, one in run.items()} for name, run in runs.items()
        },
    }
    return Section("probes", "Linear probes", reading, [chart, table], facts)


def sweep_section(
    name: str, psnr: Mapping[int, MeanError], reference: Mapping[int, MeanError], n_images: int
) -> Section:
    """Show how pictures improve with hints.

    Parameters
    ----------
    name : str
        The network.
    psnr, reference : mapping of int to MeanError
        By number of hints, in dB; `reference` may be empty.
    """
    counts = list(psnr)
    ends = f"from {_decibels(psnr[counts[0]])} at {counts[0]} hints to " + (
        f"{_decibels(psnr[counts[-1]])} at {counts[-1]}"
    )
    curves = {name: _curve(psnr)} | ({"reference": _curve(reference)} if reference else {})
    images = quantity(n_images, "image")
    chart = Chart(
        "sweep",
        "PSNR by number of hints",
        draw_hint_curves(curves, f"{images}; bands of one standard error"),
        "Each hint tells the network the color of one small patch of the photograph.",
        f"A curve of PSNR, {ends}.",
    )
    places = np.linspace(0, len(counts) - 1, min(SHOWN_COUNTS, len(counts))).round().astype(int)
    rows = [[str(counts[at]), _decibels(psnr[counts[at]])] for at in places]
    table = Table("PSNR with its standard error", ["hints", name], rows)
    reading = (
        f"How much hints of color help {name}: PSNR goes {ends}, as a mean over {images}. "
        "Higher is better."
    )
    facts = {"n_images": n_images, "psnr": {str(n): one.mean for n, one in psnr.items()}}
    return Section("sweep", "Color hints", reading, [chart, table], facts)


def evaluation_section(
    judged: str,
    measured: Mapping[str, Measured],
    n_images: int,
    protocol: str,
    sheet: Image.Image | None,
) -> Section:
    """Show the metrics of pictures, and the worst and the best of them.

    Parameters
    ----------
    judged : str
        What made the pictures.
    measured : mapping of str to Measured
        By metric.
    protocol : str
        The line that defines them.
    sheet : Image or None
        Of the worst and the best pictures.
    """
    alike = {name: one for name, one in measured.items() if name in BETTER}
    telling = {name: one for name, one in measured.items() if name not in BETTER}
    captions = f"How close they are, with {LEVEL:.0%} intervals", "What they are like"
    blocks: list[Block] = [
        Table(caption, ["metric", "mean"], _metric_rows(part, n_images))
        for caption, part in zip(captions, (alike, telling), strict=True)
        if part
    ]
    if sheet is not None:
        title = "The worst and the best pictures by CIEDE2000"
        description = f"{title} of {quantity(n_images, 'image')}, beside gray and original"
        blocks.append(small_sheet(title, sheet, description, wide=True))
    reading = (
        f"How close {judged} comes to the originals of {quantity(n_images, 'image')}. An arrow "
        "shows which way a metric is better; those without one tell what the pictures are like."
    )
    facts: dict[str, Any] = {"n_images": n_images, "protocol": protocol}
    facts |= {name: one._asdict() for name, one in measured.items()}
    return Section("evaluation", "Evaluation", reading, blocks, facts)


def _metric_rows(measured: Mapping[str, Measured], n_images: int) -> list[list[str]]:
    """Return metrics with their intervals, and their number of images if it is another."""
    return [
        [
            with_arrow(name),
            with_interval(one) + ("" if one.n == n_images else f" of {quantity(one.n, 'image')}"),
        ]
        for name, one in measured.items()
    ]


def _proportion(one: Proportion) -> str:
    return f"{percent(one.value)} [{percent(one.low)}, {percent(one.high)}]"


def _decibels(one: MeanError) -> str:
    return f"{short(one.mean)} ± {short(one.standard_error)} dB"


def _curve(means: Mapping[int, MeanError]) -> HintCurve:
    columns: Sequence[Sequence[float]] = [
        [one.mean for one in means.values()],
        [one.standard_error for one in means.values()],
    ]
    return HintCurve(list(means), *columns)
