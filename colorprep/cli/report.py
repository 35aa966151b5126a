"""`colorprep report`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import quantity
from .figure_options import figure_options


@options.command(
    [
        "colorprep report",
        "colorprep report --prior s3://bucket/prior.npz",
        "colorprep report --compare prior_probs.npy --figures figures/",
    ]
)
@options.source_argument
@options.image_options
@click.option("--prior", metavar="FILE", help="The prior, with the weights beside it. [prior.npz]")
@click.option(
    "--compare", metavar="PRIOR", help="Compare with this prior.npz, or .npy over the same bins."
)
@click.option("--figures", metavar="DIR", help="Also write the figures here.")
@figure_options
@options.output_option("report.html", "File to write.")
def command(
    session: Session,
    images: Any,
    prior: str | None,
    compare: str | None,
    figures: str | None,
    style: Any,
    output: str | None,
) -> None:
    """Write one HTML page about all that the workspace contains.

    It covers the prior, weights, lists, trainings and evaluations, at least a prior, and names the
    commands that make what is missing. Some of the images are read again. The page needs no network
    and no JavaScript.
    """
    from ..stages.early_checks import check_images, check_prior

    check_prior(prior, session.workspace)
    check_images(images, session.workspace)

    from ..stages import report as stage  # matplotlib is slow to import

    with options.wrong_usage():
        params = stage.ReportParams(images, compare, figures, output, prior, style)
    result = stage.run(params, session.workspace, session.reporter)
    size = f"{result.n_bytes / 1e6:.2f} MB"
    lines = [f"{result.path}: {quantity(len(result.sections), 'section')}, {size}"]
    if result.figures:
        folder = result.figures[0].parent.as_posix()
        lines.append(f"{folder}/: {quantity(len(result.figures), 'figure')}")
    if result.missing:
        lines.append(f"not made yet: {', '.join(one.text for one in result.missing)}")
    parts: dict[str, Any] = {section.anchor: section.facts for section in result.sections}
    parts |= {one.anchor: None for one in result.missing}
    facts = {
        "report": result.path,
        "bytes": result.n_bytes,
        "figures": result.figures,
        "sections": {anchor: found is not None for anchor, found in parts.items()},
        **{anchor.replace("-", "_"): found for anchor, found in parts.items()},
    }
    session.show(lines, facts)
