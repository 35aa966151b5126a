"""`colorprep report`: what a workspace contains, as one page of HTML.

The page shows the artifacts that exist, and names those that do not in a line at the end, with the
commands that make them. A sample of the images is read again for the round trip and the thumbnails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...artifacts import load_prior
from ...atomic import check_replaceable, replacing, write_text
from ...balance.prior import Prior
from ...errors import InputError
from ...images.digests import is_record_of
from ...images.passed_over import described
from ...images.source import Source
from ...places import Location
from ...progress import Reporter
from ...report.figures.figure_style import DEFAULT_STYLE, WIDTH, FigureStyle
from ...report.figures.files import write_figure
from ...report.page import Chart, Missing, Section, render_page
from ...report.sections.comparison import (
    ClassPrior,
    Reference,
    classes_section,
    comparison_section,
    uncertainty_section,
)
from ...report.sections.images import (
    Ranked,
    RoundTripSample,
    error_summary,
    ranking_section,
    round_trip_section,
    skipped_section,
)
from ...report.sections.lightness import lightness_section
from ...report.sections.prior import (
    lambda_section,
    prior_section,
    smoothing_section,
    summary,
    weights_section,
)
from ...report.sections.provenance import provenance_section
from ...workspace import PRIOR, REPORT, Workspace
from ..figure_heights import note_heights
from ..passes import open_passes
from ..prior.writing import weights_path_of
from ..replaced import telling_replaced
from ..source import ImageParams, open_source
from .inputs import (
    MEANINGS,
    UsedWeights,
    provenance,
    read_classes,
    read_reference,
    read_scores,
    read_skips,
    weights_in_use,
)
from .photographs import Score, ranked_photographs, sample_round_trip
from .results import (
    read_audit,
    read_evaluation,
    read_lists,
    read_methods,
    read_probes,
    read_sweep,
)
from .training import logged_runs, runs_section


@dataclass(frozen=True)
class ReportParams:
    """Parameters of `colorprep report`.

    Attributes
    ----------
    images : ImageParams
        The source of the images that are read again.
    compare : str, Path or None
        A prior to compare with, a prior.npz or a bare .npy over the same bins.
    figures : str, Path or None
        A folder for the figures.
    output : str, Path or None
        None for ``report.html``.
    prior : str, Path or None
        The prior; weights and class priors are those beside it. None for ``prior.npz``.
    style : FigureStyle
        Of the figures; its theme is that of the page, too.
    """

    images: ImageParams = field(default_factory=ImageParams)
    compare: str | Path | None = None
    figures: str | Path | None = None
    output: str | Path | None = None
    prior: str | Path | None = None
    style: FigureStyle = DEFAULT_STYLE

    def __post_init__(self) -> None:
        """Reject a style of figures that are not written, and a width that is too small."""
        if self.figures is None:
            replace(self.style, theme="auto").refuse_unused("--figures")
        self.style.refuse_narrow(WIDTH)


class ReportResult(NamedTuple):
    """Result of `colorprep report`.

    Attributes
    ----------
    missing : list of Missing
        Sections whose contents were not made.
    figures : list of Path
        The files of figures.
    """

    path: Location
    n_bytes: int
    sections: list[Section]
    missing: list[Missing]
    figures: list[Path]


def run(params: ReportParams, workspace: Workspace, reporter: Reporter) -> ReportResult:
    """Write the page.

    Raises
    ------
    ArtifactError
        If the prior is missing, an artifact is damaged, or the prior to compare with is over other
        bins.
    InputError
        If `images.folder` is given and is not a source of images.
    """
    path = workspace.location(params.output or REPORT)
    check_replaceable(path)
    if params.figures is not None:
        check_replaceable(workspace.path(params.figures) / f"prior.{params.style.ending}")
    prior_path = workspace.input_location(params.prior, PRIOR)
    prior = load_prior(prior_path)
    used = weights_in_use(prior, weights_path_of(prior_path), reporter)
    compared = None if params.compare is None else workspace.input_location(params.compare)
    reference = None if compared is None else read_reference(compared, prior)
    classes = read_classes(prior, prior_path, reporter)
    runs, scores = logged_runs(workspace), read_scores(workspace)
    source = _find_images(params.images, workspace, reporter)
    sample, photographs = _read_images(params.images, source, prior, scores, reporter)
    parts: list[Section | Missing] = [
        *_on_colors(prior, used, classes, reference),
        round_trip_section(prior.quantizer, sample),
        ranking_section(np.array([item.score for item in scores]), photographs),
        read_lists(workspace, source, reporter),
        read_audit(workspace),
        skipped_section(read_skips(prior, workspace), MEANINGS, _passed_over(source)),
        runs_section(runs, workspace),
        *_on_results(workspace),
        provenance_section(provenance(prior, prior_path, used, source, compared, runs, workspace)),
    ]
    sections = [part for part in parts if isinstance(part, Section)]
    missing = [part for part in parts if isinstance(part, Missing)]
    counted = source is not None and _counted(prior, source)
    if source is not None and not counted:
        reporter.warn(
            f"the prior was counted on other images than those of {source.name}, from which the "
            "round trip and the photographs are; give its images with --dir and --list"
        )
        sections = [_of_other_images(section, source.name) for section in sections]
    numbers = summary(prior, used.weights)
    if sample is not None:
        numbers |= {"median round-trip error, annealed": error_summary(sample)}
    name = prior.meta.get("name") or (source.name if source is not None and counted else None)
    html = render_page(_title(name), numbers, sections, missing, params.style.theme)
    with telling_replaced(reporter, path):
        write_text(path, html)
    figures: list[Path] = []
    if params.figures is not None:
        folder = workspace.own_folder(params.figures)
        figures = _write_figures(sections, folder, params.style, reporter)
    return ReportResult(path, len(html.encode("utf-8")), sections, missing, figures)


def _on_colors(
    prior: Prior,
    used: UsedWeights,
    classes: Mapping[str, ClassPrior],
    reference: Reference | None,
) -> list[Section | Missing]:
    """Return the sections on the prior."""
    return [
        prior_section(prior),
        smoothing_section(prior),
        weights_section(prior.quantizer, *used),
        lambda_section(prior),
        classes_section(prior, classes),
        lightness_section(prior),
        comparison_section(prior, reference),
        uncertainty_section(prior),
    ]


def _on_results(workspace: Workspace) -> list[Section | Missing]:
    """Return the sections on what trained networks can do."""
    read = (read_probes, read_sweep, read_evaluation, read_methods)
    *others, evaluation, methods = (each(workspace) for each in read)
    judged = [evaluation, methods]
    # One way to evaluate is enough.
    if any(isinstance(one, Section) for one in judged):
        judged = [one for one in judged if isinstance(one, Section)]
    return [*others, *judged]


def _read_images(
    params: ImageParams,
    source: Source | None,
    prior: Prior,
    scores: Sequence[Score],
    reporter: Reporter,
) -> tuple[RoundTripSample | None, list[list[Ranked]]]:
    """Measure the round trip on some of the images, and read thumbnails of others."""
    with open_passes(params, reporter) as passes:
        sample = None
        if source is not None:
            sample = sample_round_trip(passes, source, prior.quantizer, params)
        return sample, ranked_photographs(passes.engine, source, scores, params)


def _title(name: str | None) -> str:
    return f"Color report of {name}" if name else "Color report"


def _counted(prior: Prior, source: Source) -> bool:
    """Return whether a prior was counted on these images."""
    return is_record_of(prior.meta.get("source", {}), source)


def _passed_over(source: Source | None) -> str:
    """Describe the files of the source that are not images."""
    if source is None or not source.passed_over:
        return ""
    return f"In {source.name}, colorprep {described(source.passed_over)}."


def _of_other_images(section: Section, name: str) -> Section:
    """Add to a section of images that the prior was counted on others."""
    if section.anchor not in ("round-trip", "ranking"):
        return section
    also = f" These are images of {name}, which are not the ones that the prior was counted on."
    return replace(section, reading=section.reading + also)


def _find_images(params: ImageParams, workspace: Workspace, reporter: Reporter) -> Source | None:
    """Find the images to read again; None if the remembered source is gone."""
    try:
        return open_source(params, workspace, reporter)
    except InputError as error:
        if params.folder is not None or params.list is not None:
            raise
        reporter.warn(f"the images are not read again: {error}")
        return None


def _write_figures(
    sections: list[Section], folder: Path, style: FigureStyle, reporter: Reporter
) -> list[Path]:
    """Write every chart, and return the paths."""
    charts = [block for section in sections for block in section.blocks if isinstance(block, Chart)]
    paths = [folder / f"{chart.name}.{style.ending}" for chart in charts]
    heights = {}
    for chart, path in zip(charts, paths, strict=True):
        with telling_replaced(reporter, path), replacing(path) as temporary:
            heights[path.name] = write_figure(chart.figure, chart.title, temporary, style)
    note_heights(heights, reporter)
    return paths
