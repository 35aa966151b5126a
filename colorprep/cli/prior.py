"""`colorprep prior`."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..places import each_place
from . import options
from .console import Session
from .describe import describe_estimate, describe_prior, quantity, skip_facts
from .figure_options import figure_options
from .values import NameText

if TYPE_CHECKING:
    from ..report.figures.figure_style import FigureStyle
    from ..stages.prior import PriorFigure, PriorResult

QUANTIZERS = "ab313|ab529|ab:STEP|gmm|hc-grid|hc-1d|kmeans|PRIOR.npz"
OF_BINS = {"components", "linear_hue", "sigma", "neighbors", "sigma_ab", "seed"}
OF_FIGURE = {"plot", "theme", "figure_format", "no_title", "figure_size", "dpi"}
OF_MERGING = {"merge", "source", "smoothing", "by_class", "name", "output", *OF_FIGURE}
COMMON = {"workspace", "quiet", "as_json", "log_file"}


@options.command(
    [
        "colorprep prior --dir train/",
        "colorprep prior --dir train/ --quantizer gmm --components 64 -o gmm.npz",
        "colorprep prior --dir train/ --list cats.txt --name cat",
        "colorprep prior --dir train/ --plot prior.pdf --figure-size 7",
        "colorprep prior --merge part-1.npz part-2.npz -o prior.npz",
        "colorprep prior --dir large/ --size 256 --fast",
    ]
)
@options.source_argument
@options.image_options
@click.option(
    "--quantizer",
    default="ab313",
    show_default=True,
    type=NameText(lambda: filter(str.islower, QUANTIZERS.split("|"))),
    metavar=QUANTIZERS,
    help="The color bins; those of a prior, to count other images by them.",
)
@click.option(
    "--components",
    type=click.IntRange(1, 65535),
    metavar="K",
    help="Number of bins. [gmm 32, hc-grid 256, hc-1d 32 of each, kmeans 313]",
)
@click.option("--linear-hue", is_flag=True, help="gmm: treat hue as a line instead of a circle.")
@click.option(
    "--sigma", default="default", metavar="default|learned|X", help="hc-grid: sigma of a bin."
)
@options.size_option("native")
@options.fast_option
@click.option(
    "--smooth",
    "smoothing",
    type=click.Choice(["soft", "lattice", "none"]),
    default="soft",
    show_default=True,
    help="soft: mean soft label; lattice: Gaussian over neighboring bins (ab lattices only).",
)
@click.option(
    "--neighbors",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="Soft-encode each color on its N nearest bins (bins of ab).",
)
@click.option(
    "--sigma-ab",
    type=float,
    default=5.0,
    show_default=True,
    metavar="SIGMA",
    help="Sigma of the soft-encoding, in CIELAB units.",
)
@click.option(
    "--by-class", is_flag=True, help="Also make a prior of each class, in priors/ beside it."
)
@options.class_option
@click.option(
    "--bootstrap",
    type=click.IntRange(20, 10_000),
    metavar="R",
    help="Also count R bootstrap replicates, for confidence intervals.",
)
@click.option(
    "--by-lightness",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Also make a prior of each of N levels of lightness.",
)
@click.option("--name", metavar="NAME", help="Write to priors/NAME/ instead.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the fit."
)
@click.option(
    "--merge",
    is_flag=True,
    help="Add up priors that were counted in parts; SOURCE is files or patterns of these.",
)
@click.option(
    "--plot", metavar="FILE", help="Also draw the prior and its weights: a .png, .pdf or .svg file."
)
@figure_options
@options.dry_run_option
@options.output_option("prior.npz", "File to write; the weights of X.npz go to X-weights.npz.")
def command(
    session: Session, plot: str | None, style: Any, dry_run: bool, merge: bool, **values: Any
) -> None:
    """Count the colors of a folder: prior.npz and weights.npz.

    Every pixel of every image is counted, exactly. The weights use lambda 0.5; `colorprep weights`
    computes others from the same prior. The priors of parts of a data set add up to its prior.
    """
    from ..stages import prior as stage

    given = tuple(map(str, each_place(values["images"].folder or ())))
    with options.wrong_usage():
        figure = _figure(plot, style)
    if merge:
        _refuse_counting()
        with options.wrong_usage():
            chosen = {name: values[name] for name in ("by_class", "name", "output")}
            smoothing = values["smoothing"] if _given(["smoothing"]) else None
            merging = stage.MergeParams(given, smoothing, figure=figure, **chosen)
        _show(session, stage.merge(merging, session.workspace, session.reporter))
        return
    if priors := [place for place in given if place.endswith(".npz")]:
        raise click.UsageError(f"{priors[0]} is no source of images; priors add up by --merge")
    with options.wrong_usage():
        params = _params(**values, figure=figure)
    if dry_run:
        from ..stages.estimate import estimate_prior

        estimate = estimate_prior(params, session.workspace, session.reporter)
        session.show(*describe_estimate(estimate))
        return
    _show(session, stage.run(params, session.workspace, session.reporter))


def _show(session: Session, result: PriorResult) -> None:
    lines, facts = describe_prior(result.whole)
    if result.n_parts is not None:
        lines[0] += f"; {quantity(result.n_parts, 'part')} added up"
        facts["n_parts"] = result.n_parts
    if result.classes:
        folder = session.workspace.shown(next(iter(result.classes.values())).parent.parent)
        count = quantity(len(result.classes), "class prior")
        lines.append(f"{folder}/: {count}, each with weights")
    if result.figure is not None:
        lines.append(f"{session.workspace.shown(result.figure)}: the prior and its weights")
        facts["figure"] = result.figure
    if "parts" in (source := result.whole.prior.meta.get("source", {})):
        facts["parts"] = source["parts"]
    facts["classes"] = {name: str(path) for name, path in result.classes.items()}
    session.show(lines, {**facts, **skip_facts(result.skipped)})


def _figure(plot: str | None, style: FigureStyle) -> PriorFigure | None:
    """Return where the figure goes; without one, options of figures are refused."""
    from ..stages.prior import PriorFigure

    if plot is None:
        style.refuse_unused("--plot FILE")
        return None
    return PriorFigure(plot, style)


def _given(names: Collection[str]) -> list[str]:
    """Return the options among these parameters that are on the command line."""
    context = click.get_current_context()
    return [
        max(param.opts, key=len)
        for param in context.command.params
        if param.name in names
        and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    ]


def _refuse_counting() -> None:
    """Refuse options of counting beside --merge."""
    names = {param.name or "" for param in click.get_current_context().command.params}
    if given := _given(names - OF_MERGING - COMMON):
        raise click.UsageError(
            f"{given[0]} does not go with --merge, which adds up what was counted before"
        )


def _params(
    images: Any,
    quantizer: str,
    components: int | None,
    linear_hue: bool,
    sigma: str,
    size: Any,
    smoothing: Any,
    neighbors: int,
    sigma_ab: float,
    seed: int,
    bootstrap: int | None,
    by_lightness: int | None,
    **rest: Any,
) -> Any:
    from ..errors import InputError
    from ..quantize.spec import QuantizerSpec
    from ..stages.prior import PriorParams

    bins = quantizer if quantizer.endswith(".npz") else None
    if bins and (given := _given(OF_BINS)):
        raise InputError(f"{given[0]} does not go with the bins of a prior, {bins}, as they are")
    spread: str | float = sigma
    if sigma not in ("default", "learned"):
        try:
            spread = float(sigma)
        except ValueError:
            raise InputError(
                f"--sigma must be default, learned or a number, got {sigma!r}"
            ) from None
    name = "ab313" if bins else quantizer
    spec = QuantizerSpec(name, components, linear_hue, spread, neighbors, sigma_ab, seed)
    pixels = None if size == "native" else size
    return PriorParams(
        images,
        spec,
        pixels,
        smoothing,
        bootstrap=bootstrap or 0,
        by_lightness=by_lightness or 0,
        bins=bins,
        **rest,
    )
