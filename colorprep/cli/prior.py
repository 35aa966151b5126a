"""`colorprep prior`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import describe_estimate, describe_prior, quantity, skip_facts

QUANTIZERS = "ab313|ab529|ab:STEP|gmm|hc-grid|hc-1d|kmeans"


@options.command(
    [
        "colorprep prior --dir train/",
        "colorprep prior --dir train/ --quantizer gmm --components 64 -o gmm.npz",
        "colorprep prior --dir train/ --list cats.txt --name cat",
    ]
)
@options.image_options
@click.option(
    "--quantizer", default="ab313", show_default=True, metavar=QUANTIZERS, help="The color bins."
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
@click.option("--by-class", is_flag=True, help="Also make a prior of each class.")
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
@options.dry_run_option
@options.output_option("prior.npz", "File to write; the weights of X.npz go to X-weights.npz.")
def command(session: Session, dry_run: bool, **values: Any) -> None:
    """Count the colors of a folder: prior.npz and weights.npz.

    Every pixel of every image is counted, exactly. The weights use lambda 0.5; `colorprep weights`
    computes others from the same prior.
    """
    from ..stages import prior as stage

    with options.wrong_usage():
        params = _params(**values)
    if dry_run:
        from ..stages.estimate import estimate_prior

        estimate = estimate_prior(params, session.workspace, session.reporter)
        session.show(*describe_estimate(estimate))
        return
    result = stage.run(params, session.workspace, session.reporter)
    whole = result.whole
    lines, facts = describe_prior(whole)
    if result.classes:
        lines.append(f"priors/: {quantity(len(result.classes), 'class prior')}, each with weights")
    facts["classes"] = {name: path.as_posix() for name, path in result.classes.items()}
    session.show(lines, {**facts, **skip_facts(result.skipped)})


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

    spread: str | float = sigma
    if sigma not in ("default", "learned"):
        try:
            spread = float(sigma)
        except ValueError:
            raise InputError(
                f"--sigma must be default, learned or a number, got {sigma!r}"
            ) from None
    spec = QuantizerSpec(quantizer, components, linear_hue, spread, neighbors, sigma_ab, seed)
    pixels = None if size == "native" else size
    return PriorParams(
        images,
        spec,
        pixels,
        smoothing,
        bootstrap=bootstrap or 0,
        by_lightness=by_lightness or 0,
        **rest,
    )
