"""The page of a comparison of methods: tables, and the same images side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...metrics.methods import BETTER, extreme_images
from ...metrics.protocol import DIFFERENCES_PROTOCOL, protocol_hash
from ...report.page import render_page
from ...report.sections.methods import (
    ShownImage,
    made_picture,
    method_section,
    metrics_section,
    picture_sections,
    tile_of,
)
from .methods_files import Findings
from .methods_params import MethodsParams
from .methods_sources import source_lines
from .pairs import Pairs

SHOWN = 4  # images of each kind
IN_CAPTIONS = ("psnr", "lpips")  # under each picture, beside the metric that it is chosen by


def methods_page(
    findings: Findings,
    pairs: Mapping[str, Pairs],
    indices: Sequence[int],
    params: MethodsParams,
) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    pairs : mapping of str to Pairs
        By method; those that are shown are read again.
    indices : sequence of int
        Of the pairs that were compared, in the order of the findings.
    """
    comparison, metric = findings.comparison, params.show_by
    values = np.stack([columns[metric] for columns in findings.columns.values()])
    extremes = extreme_images(values, BETTER[metric], SHOWN)
    shown = {
        at: _shown(findings, pairs, at, indices[at], metric, params.first.size)
        for at in sorted({at for kind in extremes for at in kind})
    }
    summary = {
        "methods": str(len(comparison.methods)),
        "baseline": comparison.baseline,
        "images": f"{len(findings.keys):,}",
        "protocol": protocol_hash(findings.protocol),
    }
    sections = [
        metrics_section(
            comparison,
            len(findings.keys),
            source_lines(findings.provenance),
            findings.provenance["warnings"],
        ),
        *picture_sections(metric, extremes, shown),
        method_section((findings.protocol, DIFFERENCES_PROTOCOL), findings.left_out),
    ]
    return render_page("Methods compared", summary, sections, theme=params.theme)


def _shown(
    findings: Findings,
    pairs: Mapping[str, Pairs],
    at: int,
    index: int,
    metric: str,
    size: int | None,
) -> ShownImage:
    """Read an image and its pictures again, and make them small."""
    read = {name: pairs[name].read(index).at(size) for name in findings.columns}
    tile = tile_of(2 + len(read))
    first, colored = next(iter(read.values())), {}
    original = made_picture("original", first.original, None, tile)
    gray = made_picture("gray", first.gray, None, tile)
    for name, columns in findings.columns.items():
        names = [each for each in dict.fromkeys([metric, *IN_CAPTIONS]) if each in columns]
        figures = {each: float(columns[each][at]) for each in names}
        colored[name] = made_picture(name, read[name].prediction, figures, tile)
    return ShownImage(findings.keys[at], original, gray, colored)
