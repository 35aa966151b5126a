"""`colorprep lists`: commands that draw, split and combine lists of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import options
from .arguments import Group
from .console import Session
from .describe import quantity, skip_facts, skip_line

if TYPE_CHECKING:
    from ..stages.lists import DrawResult, Operation, WrittenList

SHARE = click.FloatRange(0)


@click.group(
    cls=Group,
    epilog="\b\nExamples:\n  colorprep lists random 1000 --dir train/\n"
    "  colorprep lists subtract lists/rgbvar.txt lists/drop.txt",
)
@options.common_options
def command(**_: Any) -> None:
    """Draw, split and combine lists of images."""


_seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="SEED",
    help="Seed of the random order.",
)
_form_option = click.option(
    "--form",
    type=click.Choice(["keys", "prefixed", "labeled"]),
    default="keys",
    show_default=True,
    help="Write lines as n01/x.jpg (keys), train/n01/x.jpg (prefixed with the source's name), or "
    "/n01/x.jpg 0 (labeled with the class number).",
)


@options.command(
    [
        "colorprep lists random 1000 --dir train/",
        "colorprep lists random 100 --seed 1 -o small.txt",
        "colorprep lists random 600 --per-class --n-classes 100 --dir places365/",
    ],
    name="random",
)
@click.argument("n_images", metavar="N", type=click.IntRange(1))
@options.source_argument
@options.source_options
@click.option("--per-class", is_flag=True, help="Draw N images of each class, not N in all.")
@click.option(
    "--n-classes",
    type=click.IntRange(1),
    metavar="C",
    help="With --per-class: of C classes at random, from those with N images. [all]",
)
@options.class_option
@_seed_option
@_form_option
@options.output_option("lists/random-N.txt", "List to write.")
def random_command(session: Session, **values: Any) -> None:
    """Draw N images at random, covering every class.

    Every class gets one image before any gets a second; the rest are drawn in proportion to the
    sizes of the classes. With the same seed, a smaller list is part of a larger one.
    """
    from ..stages import lists as stage

    with options.wrong_usage():
        params = stage.DrawParams(**values)
    _show_drawn(session, stage.draw(params, session.workspace, session.reporter))


@options.command(
    ["colorprep lists tiny --dir train/", "colorprep lists tiny --list lists/keep.txt"], name="tiny"
)
@options.source_argument
@options.source_options
@options.class_option
@_seed_option
@_form_option
@options.output_option("lists/tiny.txt", "List to write.")
def tiny_command(session: Session, output: str | None, **values: Any) -> None:
    """Draw 9 images, enough to try the other commands.

    They are the first nine that `random` draws with the same seed.
    """
    from ..stages import lists as stage

    params = stage.DrawParams(n_images=stage.TINY, output=output or stage.TINY_PATH, **values)
    _show_drawn(session, stage.draw(params, session.workspace, session.reporter))


def _show_drawn(session: Session, result: DrawResult) -> None:
    drawn = result.drawn
    line = (
        f"{drawn.path}: {drawn.n_images:,} of {quantity(result.n_images, 'image')}, "
        f"from {drawn.n_classes:,} of {quantity(result.n_classes, 'folder')}"
        f"{skip_line(result.skipped)}"
    )
    facts = {
        **_facts(drawn),
        "n_images_in_source": result.n_images,
        "n_classes_in_source": result.n_classes,
        **skip_facts(result.skipped),
    }
    session.show([line], facts)


@options.command(
    [
        "colorprep lists split --dir train/",
        "colorprep lists split --val 0.05 --test 0 --list lists/keep.txt",
        "colorprep lists split --val 50 --test 50 --list lists/random-600-per-class.txt",
    ],
    name="split",
)
@options.source_argument
@options.source_options
@click.option(
    "--val",
    type=SHARE,
    default=0.1,
    show_default=True,
    metavar="FRACTION|N",
    help="Fraction for validation, or N images of each class; 0 writes no val.txt.",
)
@click.option(
    "--test",
    type=SHARE,
    default=0.1,
    show_default=True,
    metavar="FRACTION|N",
    help="Fraction for testing, or N images of each class; 0 writes no test.txt.",
)
@options.class_option
@_seed_option
@_form_option
@options.output_option("lists", "Folder for the lists.")
def split_command(session: Session, **values: Any) -> None:
    """Split images into train, val and test.

    Writes lists/train.txt, val.txt and test.txt. Every class is split in the same proportions or
    numbers, and every class of three or more images is in each list.
    """
    from ..stages import lists as stage

    with options.wrong_usage():
        params = stage.SplitParams(**values)
    result = stage.split(params, session.workspace, session.reporter)
    lines = [_line(part) for part in result.parts.values()]
    if result.skipped:
        lines.append(quantity(len(result.skipped), "image") + " skipped")
    missing = dict.fromkeys(("train", "val", "test"))
    parts = {name: _facts(part) for name, part in result.parts.items()}
    session.show(lines, {**missing, **parts, **skip_facts(result.skipped)})


_look_up_option = click.option(
    "--dir",
    "folder",
    metavar="SOURCE",
    help="Look the lines up in this folder, archive or URL. [compare them as paths]",
)


def _combining_options(function: options.Function) -> options.Function:
    """Add the lists, --dir and --form."""
    lists = click.argument("lists", nargs=-1, required=True, metavar="LIST...")
    return lists(_look_up_option(_form_option(function)))


@options.command(
    [
        "colorprep lists merge lists/random-1000.txt lists/tiny.txt",
        "colorprep lists merge val.txt --dir val/ --form labeled -o labeled.txt",
    ],
    name="merge",
)
@_combining_options
@options.output_option("lists/merged.txt", "List to write.")
def merge_command(session: Session, **values: Any) -> None:
    """Join lists, each image once.

    The images of the first list come first, then those that are new in the next. A single list is
    rewritten without duplicates, in the given --form.
    """
    _combine(session, "merge", values)


@options.command(
    [
        "colorprep lists subtract lists/rgbvar.txt lists/drop.txt",
        "colorprep lists subtract train.txt val.txt test.txt --dir images/ -o rest.txt",
    ],
    name="subtract",
)
@_combining_options
@options.output_option("lists/subtracted.txt", "List to write.")
def subtract_command(session: Session, **values: Any) -> None:
    """Keep the images of the first list that are in no other.

    Their order is that of the first list.
    """
    _combine(session, "subtract", values)


@options.command(
    [
        "colorprep lists intersect lists/rgbvar.txt lists/keep.txt",
        "colorprep lists intersect lists/rgbvar.txt lists/train.txt --dir train/ -o colorful.txt",
    ],
    name="intersect",
)
@_combining_options
@options.output_option("lists/intersected.txt", "List to write.")
def intersect_command(session: Session, **values: Any) -> None:
    """Keep the images that are in every list.

    Their order is that of the first list.
    """
    _combine(session, "intersect", values)


def _combine(session: Session, operation: Operation, values: dict[str, Any]) -> None:
    from ..stages import lists as stage

    with options.wrong_usage():
        params = stage.CombineParams(operation, **values)
    result = stage.combine(params, session.workspace, session.reporter)
    listed = " and ".join(f"{n:,}" for n in result.n_listed)
    line = f"{_line(result.combined)}, of {listed} listed{skip_line(result.skipped)}"
    facts = {
        **_facts(result.combined),
        "n_listed": result.n_listed,
        **skip_facts(result.skipped),
    }
    session.show([line], facts)


@options.command(
    [
        "colorprep lists voc-berkeley train.txt val.txt sbd/train.txt sbd/val.txt",
        "colorprep lists voc-berkeley train.txt val.txt sbd/train.txt sbd/val.txt --mode 1 "
        "--dir JPEGImages/",
    ],
    name="voc-berkeley",
)
@click.argument("voc_train")
@click.argument("voc_val")
@click.argument("berkeley_train")
@click.argument("berkeley_val")
@click.option(
    "--mode",
    type=click.Choice([1, 2, 3]),
    default=2,
    show_default=True,
    help="Validate on VOC's list for validation: on all of it (1), on what Berkeley does not train "
    "on (2), or on what Berkeley does not have (3).",
)
@_look_up_option
@_form_option
@options.output_option("lists", "Folder for the lists.")
def voc_berkeley_command(session: Session, **values: Any) -> None:
    """Divide VOC 2012 with Berkeley's masks as Keras-FCN does.

    Writes lists/val.txt and, with all other images of the four lists, lists/train.txt. The lists
    may name images by their stems, as in 2011_002920.
    """
    from ..stages import lists as stage

    with options.wrong_usage():
        params = stage.VocParams(**values)
    result = stage.divide(params, session.workspace, session.reporter)
    lines = [_line(result.train), _line(result.val)]
    facts = {"train": _facts(result.train), "val": _facts(result.val)}
    session.show(lines, {**facts, **skip_facts(result.skipped)})


def _line(written: WrittenList) -> str:
    return (
        f"{written.path}: {quantity(written.n_images, 'image')} from "
        f"{quantity(written.n_classes, 'folder')}"
    )


def _facts(written: WrittenList) -> dict[str, Any]:
    return {
        "list": written.path,
        "n_images": written.n_images,
        "n_classes": written.n_classes,
    }


for _made in (
    random_command,
    tiny_command,
    split_command,
    merge_command,
    subtract_command,
    intersect_command,
    voc_berkeley_command,
):
    command.add_command(_made)
