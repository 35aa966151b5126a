"""Options that several commands share, and their conversion to parameters.

======================  =====================================================================
decorator               gives the command
======================  =====================================================================
`command`               -C, -q, --json and --log-file, as a `Session`, its first argument
`source_options`        --dir, --list, --no-follow, --archive-folders, --image-column, as
                        ``images``
`source_argument`       SOURCE, which `source_options` take like --dir
`image_options`         those, --workers, --scheduler, --cluster, --strict, --icc, --orientation,
                        --damaged, as ``images``
`damaged_option`        --damaged alone
`fast_option`           --fast
`class_option`          --class-from top|parent|name|cls|column[:NAME]|LEVEL
`size_option`           --size N|native
`output_option`         -o
`dry_run_option`        --dry-run
`with_all`              all options in a list
======================  =====================================================================
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from ..errors import InputError
from ..places import Url, location_of
from ..workspace import Workspace
from .arguments import StrictArguments
from .console import Console, Session
from .values import PathText, worded

Function = Callable[..., Any]

N_COMMON = 4
PATHS = {"SOURCE", "FOLDER", "FILE", "DIR", "LIST", "PATH", "PRIOR"}  # in metavars


def command(examples: Sequence[str], **attributes: Any) -> Callable[[Function], click.Command]:
    """Make a click command with the options that every command has.

    Parameters
    ----------
    examples : sequence of str
        Command lines shown by --help.
    **attributes
        Passed to `click.command`.
    """
    epilog = "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)

    def decorate(function: Function) -> click.Command:
        @common_options
        @functools.wraps(function)
        def run(
            workspace: str, quiet: bool, as_json: bool, log_file: str | None, **values: Any
        ) -> None:
            root = location_of(workspace)
            if isinstance(root, Url):
                raise click.UsageError(
                    f"{root} is a URL, but the workspace (-C) is a folder of this disk, where "
                    "runs, scores and indexes are kept; outputs go to a store by -o"
                )
            place = Workspace(root)
            if not place.root.is_dir():
                raise click.UsageError(f"-C {workspace}: no such folder")
            with wrong_usage():
                place.check_output(values.get("output"))
            log_path = place.path(log_file) if log_file else None
            console = Console(quiet, log_path)
            try:
                function(Session(place, console, as_json), **values)
            finally:
                console.close()

        made = click.command(cls=StrictArguments, epilog=epilog, **attributes)(run)
        made.example = examples[0]
        for param in made.params:
            if _is_path(param):
                param.type = PathText("dir" if param.metavar == "FOLDER" else "file")
            param.type = worded(param.type)
        # --help lists a command's own options first and the common ones last.
        made.params = [*made.params[N_COMMON:], *made.params[:N_COMMON]]
        return made

    return decorate


def _is_path(param: click.Parameter) -> bool:
    """Return whether a parameter takes files or folders, by what --help calls it."""
    if type(param.type) is not click.types.StringParamType:
        return False
    return isinstance(param, click.Argument) or bool(
        PATHS & set(re.split(r"\W", param.metavar or ""))
    )


def common_options(function: Function) -> Function:
    """Add -C, -q, --json and --log-file."""
    common = (
        click.option(
            "-C", "--workspace", metavar="FOLDER", default=".", help="Work in this folder. [.]"
        ),
        click.option("-q", "--quiet", is_flag=True, help="Show only results and warnings."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        click.option("--log-file", metavar="FILE", help="Also write messages to this file."),
    )
    return with_all(common, function)


def source_options(function: Function) -> Function:
    """Add the options that choose the images; the command gets them as ``images``."""

    @click.option(
        "--dir",
        "folders",
        metavar="SOURCE",
        multiple=True,
        help="Images: a folder, .tar, .tar.gz, .zip, .parquet, or URL such as s3://bucket/train. "
        "Several archives are one source: a folder of them, 'train-{000..146}.tar', 'part-*.zip', "
        "or --dir several times. [the source used last]",
    )
    @click.option("--list", "list_", metavar="FILE", help="Use only the images in this list.")
    @click.option("--no-follow", is_flag=True, help="Do not follow links to folders.")
    @click.option(
        "--archive-folders",
        is_flag=True,
        help="Take each archive as a folder that is named like it.",
    )
    @click.option(
        "--image-column",
        metavar="NAME",
        help="The column of images in parquet files. [found by its type and name]",
    )
    @functools.wraps(function)
    def run(
        *arguments: Any,
        folders: tuple[str, ...],
        source: tuple[str, ...] = (),
        list_: str | None,
        no_follow: bool,
        archive_folders: bool,
        image_column: str | None,
        **values: Any,
    ) -> Any:
        from ..stages.source import ImageParams

        if source and folders:
            raise click.UsageError(
                f"the images are given as {source[0]} and by --dir {folders[0]}; give them once"
            )
        folders = source or folders
        images = ImageParams(
            folders[0] if len(folders) == 1 else folders or None,
            list_,
            follow=not no_follow,
            archive_folders=archive_folders,
            image_column=image_column,
        )
        return function(*arguments, images=images, **values)

    return run


source_argument = click.argument("source", nargs=-1, metavar="[SOURCE]...")


def damaged_option(function: Function) -> Function:
    """Add --damaged."""
    return click.option(
        "--damaged",
        type=click.Choice(["skip", "keep"]),
        default="skip",
        show_default=True,
        help="Skip or keep files that decode with part of their pixels lost.",
    )(function)


def image_options(function: Function) -> Function:
    """Add the options that choose the images and how to read them, as ``images``."""

    @source_options
    @click.option(
        "--workers",
        type=click.IntRange(1),
        metavar="N",
        help="Number of threads; for images in a store, more than cores pay off. [all cores]",
    )
    @click.option("--scheduler", metavar="ADDRESS", help="Run on the dask cluster at this address.")
    @click.option(
        "--cluster", type=click.IntRange(1), metavar="N", help="Run in N local processes, by dask."
    )
    @click.option("--strict", is_flag=True, help="Stop at the first bad image.")
    @click.option(
        "--icc",
        type=click.Choice(["convert", "ignore"]),
        default="convert",
        show_default=True,
        help="Convert embedded color profiles to sRGB, or ignore them.",
    )
    @click.option(
        "--orientation",
        type=click.Choice(["apply", "ignore"]),
        default="apply",
        show_default=True,
        help="Apply the orientation in EXIF or XMP, or ignore it.",
    )
    @damaged_option
    @functools.wraps(function)
    def run(
        *arguments: Any,
        images: Any,
        workers: int | None,
        scheduler: str | None,
        cluster: int | None,
        strict: bool,
        icc: Any,
        orientation: Any,
        damaged: Any,
        **values: Any,
    ) -> Any:
        with wrong_usage():
            images = replace(
                images,
                workers=workers,
                scheduler=scheduler,
                cluster=cluster,
                strict=strict,
                icc=icc,
                orientation=orientation,
                damaged=damaged,
            )
        return function(*arguments, images=images, **values)

    return run


class Size(click.ParamType[Any]):
    """A number of pixels, or ``native``."""

    name = "N|native"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return a positive integer, or ``native``."""
        if value == "native" or value is None:
            return value
        try:
            size = int(value)
        except ValueError:
            size = 0
        if not 1 <= size <= 16384:
            self.fail(f"{value!r} is neither native nor a number of pixels up to 16384", param, ctx)
        return size


def size_option(default: str) -> Callable[[Function], Function]:
    """Add --size; `default` is what --help shows."""
    text = f"Stretch images to N x N pixels first. [{default}]"
    return click.option("--size", type=Size(), help=text)


fast_option = click.option(
    "--fast",
    is_flag=True,
    help="Decode JPEG files of 1,024 pixels or more at reduced size: in about half the time, with "
    "slightly other colors.",
)


class ClassRule(click.ParamType[Any]):
    """Where the class of an image is taken from."""

    name = "top|parent|name|cls|column[:NAME]|LEVEL"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return a rule of `colorprep.images.classes`."""
        from ..images.classes import parse_class_from

        try:
            return parse_class_from(str(value))
        except InputError as error:
            self.fail(str(error), param, ctx)


def class_option(function: Function) -> Function:
    """Add --class-from."""
    return click.option(
        "--class-from",
        type=ClassRule(),
        metavar="top|parent|name|cls|column[:NAME]|LEVEL",
        default="top",
        show_default=True,
        help="Take the class of an image from its top folder, its own folder, the end of its name "
        "(cat in img-1-cat.png), the text in a file beside it (x.cls for x.jpg), the class column "
        "of parquet files, or the folder at a level, where 1 is the top.",
    )(function)


def dry_run_option(function: Function) -> Function:
    """Add --dry-run."""
    text = "Only estimate time, memory and disk space, from 200 images or more."
    return click.option("--dry-run", is_flag=True, help=text)(function)


device_option = click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ..."
)
features_option = click.option(
    "--features",
    metavar="FILE",
    help="The classifier, if the network takes the features of a file, whose code is run.",
)
photographs_at_once_option = click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Photographs processed at once; fewer need less memory. [all cores]",
)


def output_option(default: str, what: str) -> Callable[[Function], Function]:
    """Add -o; `default` is what --help shows."""
    return click.option("-o", "output", metavar="PATH", help=f"{what} [{default}]")


def with_all(decorators: Sequence[Callable[[Any], Any]], function: Function) -> Function:
    """Apply decorators so that --help lists their options in this order."""
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


@contextmanager
def wrong_usage() -> Iterator[None]:
    """Turn an `InputError` about the options into a usage error, exit code 2."""
    try:
        yield
    except InputError as error:
        raise click.UsageError(str(error)) from error
