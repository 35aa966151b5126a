"""`colorprep probe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..training.recipes import PROBES
from . import options
from .console import Session
from .describe import quantity
from .train import CACHE_HELP, COUNT, POSITIVE, train_option

if TYPE_CHECKING:
    from ..metrics.proportions import Proportion


def probe_options(function: options.Function) -> options.Function:
    """Add the options of how probes are trained, by default as published."""
    add = [
        train_option("shards", "Labels with classes. [labels]", metavar="FOLDER|URL"),
        train_option("cache", CACHE_HELP, type=POSITIVE, metavar="GB"),
        train_option(
            "held_out",
            "Judge on this list, all images in this folder of the source, or this fraction of all "
            "labels by a hash of the key.",
            type=str,
            metavar="LIST|FOLDER/|FRACTION",
        ),
        _published("max_images", "Train on N images per epoch.", type=COUNT, metavar="N"),
        _published("epochs", "How often.", type=COUNT),
        _published("batch_size", "Images in a batch.", type=COUNT),
        _published("learning_rate", "Of Adam, for each probe.", type=POSITIVE),
        train_option(
            "seed", "Of the probes' first weights and the order of images.", type=click.IntRange(0)
        ),
        train_option("device", "auto, cpu, cuda, cuda:1, ..."),
    ]
    return options.with_all(add, function)


def _published(name: str, help: str, **attributes: Any) -> Any:
    return train_option(name, help, default=PROBES[name], show_default=True, **attributes)


@options.command(
    [
        "colorprep probe runs/first",
        "colorprep probe runs/a runs/b runs/c --val lists/val.txt",
        "colorprep probe runs/first --epochs 20 --batch-size 250",
    ]
)
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@probe_options
@options.output_option("probes", "Folder for the results.")
def command(
    session: Session, runs: tuple[str, ...], output: str | None, held_out: str, **values: Any
) -> None:
    """Measure how well layers of networks tell classes of images.

    A linear layer learns the classes of the labels from each of five layers of the frozen network.
    RUN is a run, of which the best network is probed, or a checkpoint; the default is the newest
    finished run. Accuracy is that of the epoch with the lowest validation loss, with a 95%
    interval.
    """
    from ..stages.early_checks import check_checkpoint, check_labels

    check_labels(values["shards"], session.workspace)
    for run in runs:
        check_checkpoint(run, session.workspace)

    from ..stages import probe as stage  # torch is slow to import
    from ..stages.train.selection import parse_held_out

    with options.wrong_usage():
        params = stage.ProbeParams.of(runs, output, held_out=parse_held_out(held_out), **values)
    result = stage.run(params, session.workspace, session.reporter)
    columns = {
        run.name: {layer: each.accuracy for layer, each in run.layers.items()}
        for run in result.runs
    }
    if result.over_runs:
        columns["mean of runs"] = result.over_runs
    chance = result.chance
    lines = [
        *_table(columns),
        f"always the largest class: {chance.accuracy:.1%} of "
        f"{quantity(chance.n_images, 'held-out image')} of {chance.n_classes:,} classes",
        "",
        f"{result.facts.as_posix()}, {result.table.as_posix()}: the same, with the best epochs",
        f"{result.epochs.as_posix()}: losses and accuracies of each epoch",
        f"{result.figure.as_posix()}: accuracies over the layers",
    ]
    facts = {
        **result.as_facts(),
        "facts": result.facts,
        "table": result.table,
        "epochs": result.epochs,
        "figure": result.figure,
    }
    session.show(lines, facts)


def _table(columns: dict[str, dict[str, Proportion]]) -> list[str]:
    """Return accuracies as the lines of an aligned table: layers, by runs."""
    layers = next(iter(columns.values()))
    rows = [["", *columns]]
    rows += [[layer, *(_cell(column[layer]) for column in columns.values())] for layer in layers]
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]


def _cell(accuracy: Proportion) -> str:
    return f"{accuracy.value:.1%} ({100 * accuracy.low:.1f} .. {100 * accuracy.high:.1f})"
