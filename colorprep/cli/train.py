"""`colorprep train`."""

from __future__ import annotations

import math
from typing import Any

import click

from . import options
from .console import Session

MODELS = ["small", "unet", "eccv16", "fcn32s", "fcn16s", "fcn8s", "tiny"]
LOSSES = ["soft-ce", "kl", "matrix", "hue-chroma", "l1", "l2", "huber", "l12"]
SCHEDULES = ["constant", "poly", "linear", "step", "cosine"]


def data_options(function: options.Function) -> options.Function:
    """Add the options of what is trained on."""
    add = [
        click.option("--shards", metavar="FOLDER", help="Labels to train on. [labels]"),
        click.option("--list", metavar="FILE", help="Train on the images of this list alone."),
        click.option(
            "--curriculum",
            metavar="LIST:EPOCHS,...",
            help="Train on these lists one after another; all:EPOCHS takes all images.",
        ),
        click.option(
            "--val",
            "held_out",
            default="0.05",
            show_default=True,
            metavar="LIST|FRACTION",
            help="Hold out this list, or this share of all labels by a hash of the key.",
        ),
        click.option(
            "--max-images", type=click.IntRange(1), metavar="N", help="Train on N images an epoch."
        ),
        click.option(
            "--rare-color",
            is_flag=True,
            help="Choose those N by chance, rather those of rare colors.",
        ),
        click.option(
            "--gray",
            type=click.Choice(["mask", "drop", "keep"]),
            default="mask",
            show_default=True,
            help="Images without color: weigh 0, leave the batch, or count like any other.",
        ),
        click.option(
            "--crop", type=click.IntRange(1), metavar="N", help="Cut random N x N squares."
        ),
        click.option(
            "--flip/--no-flip", default=True, show_default=True, help="Mirror every other image."
        ),
    ]
    return options.with_all(add, function)


def network_options(function: options.Function) -> options.Function:
    """Add the options of the network and its loss."""
    add = [
        click.option("--model", type=click.Choice(MODELS), default="small", show_default=True),
        click.option(
            "--width",
            type=click.FloatRange(0, min_open=True),
            default=1.0,
            show_default=True,
            help="Multiply the channels of every layer.",
        ),
        click.option(
            "--init",
            metavar="PATH",
            help="Initialize layers from those of the same name and shape in a run or checkpoint.",
        ),
        click.option("--loss", type=click.Choice(LOSSES), default="soft-ce", show_default=True),
        click.option(
            "--weights", metavar="FILE", help="Rebalancing weights. [weights.npz if there]"
        ),
        click.option("--no-weights", is_flag=True, help="Weigh all colors alike."),
        click.option(
            "--weigh-by",
            type=click.Choice(["bin", "expectation"]),
            default="bin",
            show_default=True,
            help="A pixel's weight: its bin's, or the mean over its soft label.",
        ),
        click.option(
            "--logit-adjust",
            type=click.FloatRange(0),
            default=0.0,
            metavar="TAU",
            help="Instead of weights, add TAU log prior to the logits while training.",
        ),
        click.option("--prior", metavar="FILE", help="For --logit-adjust. [prior.npz]"),
    ]
    return options.with_all(add, function)


def pace_options(function: options.Function) -> options.Function:
    """Add the options of how long and how fast to train."""
    add = [
        click.option("--epochs", type=click.IntRange(1), help="[20, or the curriculum's]"),
        click.option("--steps", type=click.IntRange(1), help="End after that many steps instead."),
        click.option("--batch-size", type=click.IntRange(1), default=32, show_default=True),
        click.option(
            "--lr",
            "learning_rate",
            type=click.FloatRange(0, min_open=True),
            default=2e-3,
            show_default=True,
            help="Peak learning rate.",
        ),
        click.option(
            "--schedule", type=click.Choice(SCHEDULES), default="cosine", show_default=True
        ),
        click.option(
            "--warm-up",
            type=click.FloatRange(0, 1, max_open=True),
            default=0.1,
            show_default=True,
            metavar="SHARE",
            help="Of all steps, over which the learning rate rises.",
        ),
        click.option(
            "--decay-after",
            type=click.IntRange(0),
            metavar="EPOCHS",
            help="With --schedule linear, fall after that many epochs.",
        ),
        click.option(
            "--lr-of",
            "multipliers",
            multiple=True,
            metavar="PATTERN=FACTOR",
            help="Multiply the learning rate of layers whose name contains PATTERN; 0 freezes.",
        ),
        click.option(
            "--clip",
            type=click.FloatRange(0, min_open=True),
            metavar="NORM",
            help="Cut gradients to this norm.",
        ),
        click.option(
            "--ema",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            metavar="DECAY",
            help="Validate and keep a moving average of the network, as 0.999.",
        ),
    ]
    return options.with_all(add, function)


def machine_options(function: options.Function) -> options.Function:
    """Add the options of where to compute, and what to write."""
    add = [
        click.option(
            "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ..."
        ),
        click.option("--amp", is_flag=True, help="Compute in bfloat16 where that is safe."),
        click.option("--compile", is_flag=True, help="Compile the network; takes a minute first."),
        click.option("--deterministic", is_flag=True, help="The same bits each time, but slower."),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
        click.option(
            "--checkpoint-every",
            type=click.IntRange(1),
            default=50,
            show_default=True,
            metavar="STEPS",
            help="Also of the rows of the log. Raise it where checkpoints take long to write.",
        ),
        click.option(
            "--validate-every",
            type=click.IntRange(1),
            metavar="STEPS",
            help="Validate and draw samples then. [every epoch]",
        ),
        click.option("--tensorboard", is_flag=True, help="Write events for TensorBoard as well."),
        click.option(
            "--resume",
            is_flag=True,
            help="Resume the run in -o, or the newest one; --epochs or --steps extend it.",
        ),
        options.output_option("runs/<date>-<model>", "Folder of the run."),
    ]
    return options.with_all(add, function)


@options.command(
    [
        "colorprep train",
        "colorprep train --resume",
        "colorprep train --model unet --epochs 50 --batch-size 64 --amp -o runs/first",
        "colorprep train --no-weights",
        "colorprep train --curriculum lists/rgbvar-1-1000.txt:5,all:15 --val lists/val.txt",
        "torchrun --nproc-per-node 4 -m colorprep train --model eccv16 --amp",
    ]
)
@data_options
@network_options
@pace_options
@machine_options
def command(session: Session, no_weights: bool, weights: str | None, **values: Any) -> None:
    """Train a colorizer from label shards.

    By default with soft cross-entropy, rebalanced by the weights; images without color are masked.
    Ctrl-C saves first, and --resume goes on.
    """
    if no_weights and weights:
        raise click.UsageError("--weights and --no-weights exclude each other")
    from ..stages import train as stage

    with options.wrong_usage():
        params = _params(weights=weights, use_weights=not no_weights, said=_said(), **values)
    result = stage.run(params, session.workspace, session.reporter)
    if not result.leads:
        return
    best = result.best_record
    held_out = f" and {best.val_loss:.3f} held out" if result.held_out else ""
    weighted = ", weighted" if result.weights is not None else ""
    lines = [
        f"{result.best.as_posix()}: step {best.step} of {result.records[-1].step}, loss "
        f"{best.train_loss:.3f} in training{held_out} ({result.unit}{weighted})",
        f"{result.picture.as_posix()}: original, target, gray, prediction",
        f"{result.log.as_posix()}: all figures; `colorprep plot` draws them",
    ]
    facts = {
        "run": result.folder,
        "best": result.best,
        "log": result.log,
        "picture": result.picture,
        "weights": result.weights,
        "unit": result.unit,
        "best_step": best.step,
        "records": [_finite(vars(record)) for record in result.records],
    }
    session.show(lines, facts)


def _params(curriculum: str | None, held_out: str, multipliers: Any, **rest: Any) -> Any:
    from ..stages.train.params import TrainParams, parse_multiplier
    from ..stages.train.selection import parse_curriculum, parse_held_out

    return TrainParams(
        curriculum=parse_curriculum(curriculum) if curriculum else (),
        held_out=parse_held_out(held_out),
        multipliers=tuple(map(parse_multiplier, multipliers)),
        **rest,
    )


def _said() -> frozenset[str]:
    """Return the options that were given, even if as they are by default."""
    context = click.get_current_context()
    given = click.core.ParameterSource.COMMANDLINE
    return frozenset(name for name in context.params if context.get_parameter_source(name) is given)


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    """Return values fit for JSON, which has no NaN."""
    return {key: value if math.isfinite(value) else None for key, value in values.items()}
