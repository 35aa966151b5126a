"""`colorprep train`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

import click
from click.core import ParameterSource

from ..training.choices import CriticName
from ..training.options import LEAST_HINTS, all_options
from . import options
from .console import Session
from .recipes import describe_recipes
from .values import NameText

LIST = "list"
COUNT = click.IntRange(1)
POSITIVE = click.FloatRange(0, min_open=True)
CACHE_HELP = "Keep up to so many gigabytes of labels from a URL on this disk."
FRACTION = click.FloatRange(0, 1, max_open=True)  # below 1


def train_option(name: str, help: str | None = None, **attributes: Any) -> Callable[..., Any]:
    """Make an option of `training.options`, which has its name, default and choices.

    Parameters
    ----------
    **attributes
        Of `click.option`, instead of those that follow from the field.
    """
    field = all_options()[name]
    made: dict[str, Any] = {"help": help, "show_default": field.default not in (None, ())}
    flags = field.option
    if field.hint is bool:
        made |= {"is_flag": True, "show_default": field.default}
        flags += f"/--no-{flags.removeprefix('--')}" if field.default else ""
    elif get_origin(field.hint) is Literal:
        made["type"] = click.Choice(get_args(field.hint))
    if field.default != ():
        made["default"] = field.default
    return click.option(flags, name, **made | attributes)


def data_options(function: options.Function) -> options.Function:
    """Add the options of the images to train on."""
    add = [
        train_option("shards", "Labels to train on. [labels]", metavar="FOLDER|URL"),
        train_option("cache", CACHE_HELP, type=POSITIVE, metavar="GB"),
        train_option("list", "Train on the images of this list only.", metavar="FILE"),
        train_option(
            "curriculum",
            "Train on these lists one after another; all:EPOCHS takes all images.",
            metavar="LIST:EPOCHS,...",
        ),
        train_option(
            "held_out",
            "Hold out this list, all images in this folder of the source, or this fraction of all "
            "labels by a hash of the key.",
            type=str,
            metavar="LIST|FOLDER/|FRACTION",
        ),
        train_option("max_images", "Train on N images per epoch.", type=COUNT, metavar="N"),
        train_option("rare_color", "Draw the N images at random, favoring rare colors."),
        train_option(
            "gray", "Images without color: weigh 0, leave the batch, or count like any other."
        ),
        train_option("crop", "Cut random N x N squares.", type=COUNT, metavar="N"),
        train_option("flip", "Mirror every other image."),
    ]
    return options.with_all(add, function)


def augmentation_options(function: options.Function) -> options.Function:
    """Add the options of random changes of the images but crops and flips, and of hints."""
    add = [
        train_option(
            "zoom",
            "Multiply coordinates by a random factor; above 1 shows images smaller.",
            type=POSITIVE,
            nargs=2,
            metavar="LOW HIGH",
        ),
        train_option(
            "rotate",
            "Turn images by up to so much either way.",
            type=click.FloatRange(0, 180),
            metavar="DEGREES",
        ),
        train_option(
            "channel_shift",
            "Shift each channel of an input of three by up to so much of 255.",
            type=click.FloatRange(0, 255),
            metavar="LEVELS",
        ),
        train_option(
            "hints",
            "Show siggraph17 the colors of random patches; their number is geometric, its mean "
            "1/P - 1.",
            type=click.FloatRange(LEAST_HINTS, 1),
            metavar="P",
        ),
    ]
    return options.with_all(add, function)


def _recipe_names() -> list[str]:
    from ..training.recipes import RECIPES

    return [*RECIPES, LIST]


def network_options(function: options.Function) -> options.Function:
    """Add the options of the network."""
    add = [
        train_option(
            "recipe",
            "Take the settings of a published training, except for the options given; list shows "
            "all of them.",
            type=NameText(_recipe_names),
            metavar="NAME|list",
        ),
        train_option(
            "model",
            "Network: small (for a CPU), unet, eccv16, fcn32s, fcn16s, fcn8s, tiny (for tests), or "
            "one of a published system, as --recipe list shows them.",
            metavar="NAME",
        ),
        train_option(
            "critic",
            "Train the network against this critic as well, for ab with --loss l1 or for RGB with "
            "--loss rgb-l1.",
            type=click.Choice(get_args(CriticName)),
        ),
        train_option("width", "Multiply the channels of every layer.", type=POSITIVE),
        train_option(
            "init",
            "Begin with the weights of a run, a checkpoint, or a file from elsewhere: .pth, .pt, "
            ".safetensors, or lpips-vgg16.",
            metavar="PATH",
        ),
        train_option(
            "freeze",
            "Do not train layers whose name contains PATTERN; may be repeated.",
            multiple=True,
            metavar="PATTERN",
        ),
    ]
    return options.with_all(add, function)


def objective_options(function: options.Function) -> options.Function:
    """Add the options of the loss."""
    add = [
        train_option("loss", "Loss of each pixel."),
        train_option(
            "saturation",
            "Raise saturation: add to the loss W times what its mean lacks to 100 %.",
            type=click.FloatRange(0),
            metavar="W",
        ),
        train_option("weights", "Rebalancing weights. [weights.npz if it exists]", metavar="FILE"),
        click.option("--no-weights", is_flag=True, help="Give all colors the same weight."),
        train_option("weigh_by", "A pixel's weight: its bin's, or the mean over its soft label."),
        train_option(
            "logit_adjust",
            "Instead of weights, add TAU log prior to the logits while training.",
            type=click.FloatRange(0),
            metavar="TAU",
            show_default=False,
        ),
        train_option("prior", "For --logit-adjust. [prior.npz]", metavar="FILE"),
        train_option(
            "by_lightness",
            "Take the weights, or the prior of --logit-adjust, of each pixel's level of lightness.",
        ),
    ]
    return options.with_all(add, function)


def pace_options(function: options.Function) -> options.Function:
    """Add the options of how long and how fast to train."""
    add = [
        train_option("epochs", "[20, or the curriculum's]", type=COUNT),
        train_option("steps", "End after this many steps instead.", type=COUNT),
        train_option("batch_size", "Of each process.", type=COUNT),
        train_option(
            "accumulate",
            "Compute each batch in N parts, in less memory; batch norm sees the parts.",
            type=COUNT,
            metavar="N",
        ),
        train_option("learning_rate", "Peak learning rate.", type=POSITIVE),
        train_option("schedule", "How the learning rate falls."),
        train_option(
            "warm_up",
            "Fraction of all steps over which the learning rate rises.",
            type=FRACTION,
            metavar="FRACTION",
        ),
        train_option(
            "decay_after",
            "With --schedule linear, fall after this many epochs.",
            type=click.IntRange(0),
            metavar="EPOCHS",
        ),
        train_option(
            "drop_every",
            "With --schedule step, divide the rate by 10 after every N steps.",
            type=COUNT,
            metavar="N",
        ),
        train_option("by_epoch", "Change the learning rate at the start of an epoch only."),
        train_option(
            "multipliers",
            "Multiply the learning rate of layers whose name contains PATTERN; may be repeated.",
            multiple=True,
            metavar="PATTERN=FACTOR",
        ),
    ]
    return options.with_all(add, function)


def optimizer_options(function: options.Function) -> options.Function:
    """Add the options of the optimizer and its steps."""
    add = [
        train_option("optimizer", "How gradients change the network."),
        train_option("momentum", "Of sgd.", type=FRACTION),
        train_option("nesterov", "Use Nesterov's momentum, with sgd."),
        train_option("betas", "Of adamw and adam.", type=FRACTION, nargs=2, metavar="BETA BETA"),
        train_option("weight_decay", "[0.01 with adamw, else 0]", type=click.FloatRange(0)),
        train_option("decay_norms", "Decay biases and normalization layers as well."),
        train_option("clip", "Limit the gradient to this norm.", type=POSITIVE, metavar="NORM"),
        train_option(
            "ema",
            "Validate and keep a moving average of the network, as 0.999.",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            metavar="DECAY",
        ),
    ]
    return options.with_all(add, function)


def machine_options(function: options.Function) -> options.Function:
    """Add the options of where to compute, and what to write."""
    add = [
        train_option("device", "auto, cpu, cuda, cuda:1, ..."),
        train_option("amp", "Compute in bfloat16 where that is safe."),
        train_option("compile", "Compile the network; takes a minute first."),
        train_option("sync_batch_norm", "Batch norm over the batches of all GPUs."),
        train_option("deterministic", "The same bits each time, but slower."),
        train_option(
            "seed",
            "Of the network's first weights, the order of images, and crops.",
            type=click.IntRange(0),
        ),
        train_option(
            "checkpoint_every",
            "Steps between checkpoints and log rows. Raise it if checkpoints take long to write.",
            type=COUNT,
            metavar="STEPS",
        ),
        train_option(
            "validate_every",
            "Steps between validations and samples. [every epoch]",
            type=COUNT,
            metavar="STEPS",
        ),
        train_option("tensorboard", "Write events for TensorBoard as well."),
        click.option(
            "--resume",
            is_flag=True,
            help="Resume the run in -o, or the newest one; without a run, start one. "
            "--epochs or --steps extend it.",
        ),
        click.option(
            "--minutes",
            type=POSITIVE,
            metavar="N",
            help="Stop after N minutes as Ctrl-C does: save, and exit with 130 unless finished.",
        ),
        click.option(
            "--dry-run",
            is_flag=True,
            help="Only estimate time, memory and disk space, from a few steps; write nothing.",
        ),
        options.output_option("runs/<date>-<model>", "Folder of the run."),
    ]
    return options.with_all(add, function)


@options.command(
    [
        "colorprep train",
        "colorprep train --resume",
        "colorprep train --model unet --epochs 50 --batch-size 64 --amp -o runs/first",
        "colorprep train --model eccv16 --epochs 10 --dry-run",
        "colorprep train --no-weights",
        "colorprep train --recipe zhang2016",
        "colorprep train --curriculum lists/rgbvar-1-1000.txt:5,all:15 --val lists/val.txt",
        "torchrun --nproc-per-node 4 -m colorprep train --model eccv16 --amp",
    ]
)
@data_options
@augmentation_options
@network_options
@objective_options
@pace_options
@optimizer_options
@machine_options
def command(
    session: Session,
    output: str | None,
    resume: bool,
    minutes: float | None,
    dry_run: bool,
    **values: Any,
) -> None:
    """Train a colorizer from label shards.

    The default loss is soft cross-entropy, rebalanced by the weights; images without color are
    masked. Ctrl-C saves first, and --resume continues.
    """
    if values["recipe"] == LIST:
        session.show(*describe_recipes())
        return
    from ..stages import train as stage

    with options.wrong_usage():
        given = _given(values)
        make = stage.TrainParams.from_recipe if "recipe" in given else stage.TrainParams.of
        params = make(output=output, resume=resume, minutes=minutes, **given)
    stage.check_inputs(params, session.workspace, given)
    if dry_run:
        forecast = stage.forecast(params, session.workspace, session.reporter, given)
        if forecast is not None:
            session.show(forecast.lines(), vars(forecast))
        return
    result = stage.run(params, session.workspace, session.reporter, given)
    if not result.is_main:
        return
    best = result.best_record
    train_loss, val_loss = (_shown(best.figures[name]) for name in ("train_loss", "val_loss"))
    held_out = f" and {val_loss} held out" if result.held_out else ""
    weighted = ", weighted" if result.weights is not None else ""
    lines = [
        f"{result.best.as_posix()}: step {best.step} of {result.records[-1].step}, loss "
        f"{train_loss} in training{held_out} ({result.unit}{weighted})",
        f"{result.picture.as_posix()}: {', '.join(result.columns)}",
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
        "records": [_finite(record.row()) for record in result.records],
    }
    session.show(lines, facts)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Return the options given on the command line, as `TrainParams` takes them.

    Those at their default are left out: on resuming, they are as in the run.
    """
    source = click.get_current_context().get_parameter_source
    given = {
        name: value for name, value in values.items() if source(name) is ParameterSource.COMMANDLINE
    }
    if given.pop("no_weights", False):
        if "weights" in given:
            raise click.UsageError("--weights and --no-weights exclude each other")
        given["use_weights"] = False
    from ..stages.train.params import parse_multiplier
    from ..stages.train.selection import parse_curriculum, parse_held_out

    parsers: dict[str, Callable[[Any], Any]] = {
        "curriculum": parse_curriculum,
        "held_out": parse_held_out,
        "multipliers": lambda texts: tuple(map(parse_multiplier, texts)),
    }
    return {name: parsers.get(name, lambda same: same)(value) for name, value in given.items()}


def _shown(loss: float) -> str:
    return "unknown" if math.isnan(loss) else f"{loss:.3f}"


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    """Return values fit for JSON, which has no NaN."""
    return {key: value if math.isfinite(value) else None for key, value in values.items()}
