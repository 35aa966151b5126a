"""`colorprep train`."""

from __future__ import annotations

import math
from typing import Any

import click

from . import options
from .console import Session


@options.command(
    [
        "colorprep train",
        "colorprep train --epochs 50 --batch-size 64 --device cuda -o runs/first",
        "colorprep train --no-weights",
        "colorprep train --curriculum lists/rgbvar-1-1000.txt:5,all:15 --val lists/val.txt",
    ]
)
@click.option("--shards", metavar="FOLDER", help="Labels to train on. [labels]")
@click.option("--weights", metavar="FILE", help="Rebalancing weights. [weights.npz if there]")
@click.option("--no-weights", is_flag=True, help="Weigh all colors alike.")
@click.option("--model", default="small", show_default=True, help="The network: small.")
@click.option("--epochs", type=click.IntRange(1), help="[20, or the curriculum's]")
@click.option("--steps", type=click.IntRange(1), help="End after that many steps instead.")
@click.option("--batch-size", type=click.IntRange(1), default=32, show_default=True)
@click.option(
    "--lr",
    "learning_rate",
    type=click.FloatRange(0, min_open=True),
    default=2e-3,
    show_default=True,
    help="Peak learning rate.",
)
@click.option("--list", metavar="FILE", help="Train on the images of this list alone.")
@click.option(
    "--curriculum",
    metavar="LIST:EPOCHS,...",
    help="Train on these lists one after another; all:EPOCHS takes all images.",
)
@click.option(
    "--val",
    "held_out",
    default="0.05",
    show_default=True,
    metavar="LIST|FRACTION",
    help="Hold out this list, or this share of all labels by a hash of the key.",
)
@click.option(
    "--max-images", type=click.IntRange(1), metavar="N", help="Train on N images an epoch."
)
@click.option(
    "--rare-color", is_flag=True, help="Choose those N by chance, rather those of rare colors."
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@options.output_option("runs/<date>-<model>", "Folder of the run.")
def command(session: Session, no_weights: bool, weights: str | None, **values: Any) -> None:
    """Train a colorizer from label shards.

    With soft cross-entropy, rebalanced by the weights. Images without color are masked.
    """
    if no_weights and weights:
        raise click.UsageError("--weights and --no-weights exclude each other")
    from ..stages import train as stage

    with options.wrong_usage():
        params = _params(weights=weights, use_weights=not no_weights, **values)
    result = stage.run(params, session.workspace, session.reporter)
    best = result.logs[result.best_epoch - 1]
    held_out = f" and {best.val_loss:.3f} held out" if result.held_out else ""
    lines = [
        f"{result.best.as_posix()}: epoch {best.epoch} of {result.logs[-1].epoch}, loss "
        f"{best.train_loss:.3f} in training{held_out} (nats per pixel)",
        f"{result.picture.as_posix()}: gray, prediction, original",
        f"{result.log.as_posix()}: all epochs",
    ]
    facts = {
        "run": result.folder,
        "best": result.best,
        "log": result.log,
        "picture": result.picture,
        "weights": result.weights,
        "best_epoch": result.best_epoch,
        "epochs": [_finite(vars(log)) for log in result.logs],
    }
    session.show(lines, facts)


def _params(curriculum: str | None, held_out: str, **rest: Any) -> Any:
    from ..stages.selection import parse_curriculum, parse_held_out
    from ..stages.train import TrainParams

    stages = parse_curriculum(curriculum) if curriculum else ()
    return TrainParams(curriculum=stages, held_out=parse_held_out(held_out), **rest)


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    """Return values fit for JSON, which has no NaN."""
    return {key: value if math.isfinite(value) else None for key, value in values.items()}
